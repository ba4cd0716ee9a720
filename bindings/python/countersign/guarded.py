"""Calls of ports, in the place of the generator's own: whatever a port throws or gives that it does not declare is one error.

The generator prints an exception, hands its text on, and takes one that is no ``Exception`` for success. An exception's text may
hold anything, so it is neither printed nor passed on; and a port has answered only when it has.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable

from .native import countersign as _generated

core: Any = _generated
_Status = core._UniffiRustCallStatus
_called = core._uniffi_rust_call_with_error
_interrupted = threading.local()


def _at_once(
    status: Any, make_call: Callable[[], Any], write: Callable[[Any], None], error_type: Any, lower_error: Any
) -> None:
    """A step of a port that is no coroutine."""
    # It has failed until it has answered, wherever an interrupt ends this.
    status.code = _Status.CALL_UNEXPECTED_ERROR
    try:
        write(make_call())
        status.code = _Status.CALL_SUCCESS
    except error_type as error:
        status.error_buf = lower_error(error)
        status.code = _Status.CALL_ERROR
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            # Here it would end in the compiled side: it goes on when that is left.
            _interrupted.is_due = True


def _leaving_rust(error_converter: Any, step: Callable[..., Any], *args: Any) -> Any:
    """A call of the compiled side. Where Ctrl-C ended one of its ports, it ends whoever called."""
    try:
        return _called(error_converter, step, *args)
    finally:
        if getattr(_interrupted, "is_due", False):
            _interrupted.is_due = False
            raise KeyboardInterrupt


def _later(
    make_call: Callable[[], Any],
    dropped: Any,
    succeed: Callable[[Any], None],
    fail: Callable[[int, Any], None],
    error_type: Any,
    lower_error: Any,
) -> None:
    """A step of a port that is a coroutine. The compiled side is told exactly once, also by a task that is cancelled: what it
    waits with is given back by that.
    """

    async def answered() -> None:
        try:
            came = await make_call()
        except error_type as error:
            fail(_Status.CALL_ERROR, lower_error(error))
        except (Exception, SystemExit):
            fail(_Status.CALL_UNEXPECTED_ERROR, core._UniffiRustBuffer.default())
        except BaseException:
            # It ends this task, or the loop with it.
            fail(_Status.CALL_UNEXPECTED_ERROR, core._UniffiRustBuffer.default())
            raise
        else:
            try:
                succeed(came)
            except Exception:
                fail(_Status.CALL_UNEXPECTED_ERROR, core._UniffiRustBuffer.default())

    loop = core._uniffi_get_event_loop()
    task = asyncio.run_coroutine_threadsafe(answered(), loop)
    handle = core._UNIFFI_FOREIGN_FUTURE_HANDLE_MAP.insert((loop, task))
    dropped[0] = core._UniffiForeignFutureDroppedCallbackStruct(handle, _dropped_callback)


def _dropped(handle: int) -> None:
    loop, task = core._UNIFFI_FOREIGN_FUTURE_HANDLE_MAP.remove(handle)
    try:
        loop.call_soon_threadsafe(core._uniffi_cancel_task, task)
    except RuntimeError:
        # The loop is closed, and the task went with it.
        pass


def _lower_number(cls: Any, value: Any) -> Any:
    """The generator checks arguments alone, not what a port gives."""
    cls.check_lower(value)
    return value


def _lower_flag(cls: Any, value: Any) -> int:
    # A port that forgets to answer has not said no.
    if not isinstance(value, bool):
        raise TypeError("argument must be bool")
    return int(value)


def _checked_text(value: Any) -> str:
    """A text that can cross. It is looked at before anything is lent: what fails behind that keeps what was lent alive; and Python's own
    error would repeat the text.
    """
    if not isinstance(value, str):
        raise TypeError(f"argument must be str, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("argument must be text, without halves of surrogate pairs") from None
    return value


def _write_bytes(value: Any, into: Any) -> None:
    """Whatever is like bytes; the generator's own takes `bytes` alone, and the memory of texts."""
    with memoryview(value) as view:
        taken = view.tobytes()
    into.write_i32(len(taken))
    into.write(taken)


_dropped_callback = core._UNIFFI_FOREIGN_FUTURE_DROPPED_CALLBACK(_dropped)

# What takes whose place: where, its name, and what is put there.
_REPLACED: tuple[tuple[Any, str, Any], ...] = (
    (core, "_uniffi_trait_interface_call_with_error", _at_once),
    (core, "_uniffi_trait_interface_call_async_with_error", _later),
    (core, "_uniffi_rust_call_with_error", _leaving_rust),
    (core._UniffiConverterPrimitiveInt, "lower", classmethod(_lower_number)),
    (core._UniffiFfiConverterBoolean, "lower", classmethod(_lower_flag)),
    (core._UniffiFfiConverterString, "check_lower", staticmethod(_checked_text)),
    (core._UniffiFfiConverterBytes, "write", staticmethod(_write_bytes)),
)


def install() -> None:
    """Puts each in its place."""
    for where, name, step in _REPLACED:
        assert hasattr(where, name), "the generator's module has become another"
        setattr(where, name, step)
