"""Steps that wait, begun and ended so that a cancelled one either has done nothing or says what it did; and objects that are copied by
nobody.
"""

from __future__ import annotations

import asyncio
from typing import Any, Callable

from .native import countersign as _generated

core: Any = _generated


class _Poll:
    """One question whether a step is done, and its answer."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.answered = self.loop.create_future()
        self.code: int | None = None

    def answer(self, code: int) -> None:
        self.code = code
        try:
            self.loop.call_soon_threadsafe(self._settle)
        except RuntimeError:
            # The loop is closed: nobody waits any more.
            pass

    def _settle(self) -> None:
        if not self.answered.done():
            self.answered.set_result(None)


_polls = core._UniffiHandleMap()


def _continue(handle: int, code: int) -> None:
    _polls.remove(handle).answer(code)


_continue_callback = core._UNIFFI_RUST_FUTURE_CONTINUATION_CALLBACK(_continue)


async def _call(
    rust_future: int,
    poll: Callable[..., None],
    complete: Callable[..., Any],
    free: Callable[[int], None],
    lift: Callable[[Any], Any],
    errors: Any,
) -> Any:
    """In the place of the generator's: a step that is done as soon as it is asked is not waited for. Between its end and its result
    nothing can be cancelled, so no result is lost.
    """
    try:
        while True:
            asked = _Poll()
            poll(rust_future, _continue_callback, _polls.insert(asked))
            # A step ends only while it is asked.
            if asked.code is None:
                await asked.answered
            if asked.code == core._UNIFFI_RUST_FUTURE_POLL_READY:
                break
        return lift(core._uniffi_rust_call_with_error(errors, complete, rust_future))
    finally:
        free(rust_future)


def _refuse(self: Any, *_: Any) -> Any:
    raise TypeError(f"{type(self).__name__} cannot be copied or pickled")


def install() -> None:
    """Puts both in their places."""
    core._uniffi_rust_call_async = _call
    for kind in vars(core).values():
        if isinstance(kind, type) and "_uniffi_clone_handle" in vars(kind):
            # A copy would be freed together with what it is a copy of.
            for name in ("__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__"):
                setattr(kind, name, _refuse)
