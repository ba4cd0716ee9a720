"""The companion in Python's idiom: a context manager, iterators of codes and of what happens."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import time
from typing import Any, AsyncGenerator, Awaitable, Callable, Iterator, List, Optional, Union

from .native import countersign as core
from .native.countersign import AccountCodes, Attention, CountersignError, Event, Ports, RecoveryCode, VaultPlace
from .events import events_of, wake
from .ports import default_ports

_Path = Union[str, os.PathLike[str]]


def _place(place: Union[VaultPlace, _Path]) -> VaultPlace:
    if isinstance(place, VaultPlace):
        return place
    path = os.fspath(place)
    return VaultPlace(path=path, anchor_folder=f"{path}.anchors")


class Companion(core.Companion):
    """A vault and everything one can do with it.

    ``with`` shuts it at the end: every key is forgotten and the file closed, whoever still holds the object.

    Safe to share between threads. Steps that wait for a port are coroutines; a cancelled one leaves everything as it was
    stored.
    """

    @classmethod
    def create(
        cls,
        place: Union[VaultPlace, _Path],
        ports: Optional[Ports] = None,
        password: Union[bytes, str, None] = None,
        recovery: Optional[RecoveryCode] = None,
        kdf: Optional[core.KdfParams] = None,
        now: Optional[int] = None,
    ) -> "Companion":
        """Makes a vault where there is none, and leaves it unlocked; with a password, a recovery code, or both."""
        secret = password.encode() if isinstance(password, str) else password
        lent = default_ports() if ports is None else ports
        return super().create(_place(place), lent, secret, recovery, kdf, now)  # type: ignore[return-value]

    @classmethod
    def open(cls, place: Union[VaultPlace, _Path], ports: Optional[Ports] = None) -> "Companion":
        """Opens a vault's file without a secret."""
        return super().open(_place(place), default_ports() if ports is None else ports)  # type: ignore[return-value]

    def __enter__(self) -> "Companion":
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def close(self) -> None:
        """As :meth:`shut`; once more is no error."""
        self.shut()

    def unlock_with_password(self, password: Union[bytes, str], now: Optional[int] = None) -> None:
        """Unlocks with a password. Takes most of a second."""
        super().unlock_with_password(password.encode() if isinstance(password, str) else password, now)

    def ticks(
        self,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[List[AccountCodes]]:
        """The codes now, and again each time when one of them changes; ends when none changes by itself."""
        while True:
            now = int(clock())
            yield self.codes(now)
            change = self.next_change(now)
            if change is None:
                return
            sleep(max(0.0, change - clock()))

    def events(
        self,
        attention: Attention = Attention.WAITING,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        on_trouble: Optional[Callable[[CountersignError], object]] = None,
    ) -> AsyncGenerator[Event, None]:
        """What happens with work accounts, for as long as it is iterated: requests that come, and what became of them.

        Each account's two lanes are worked at once, so that asking holds up no answer, and a decision is sent as soon as
        :meth:`decide` has stored it; also while whoever iterates is busy with what came before. Closing the iterator cancels
        what is under way, and nothing that was stored is lost: ``async with contextlib.aclosing(companion.events())``.

        What is due goes by the clock port. ``clock`` says what time it is there, in seconds: for how long to wait.

        With ``on_trouble`` it is called with the error of a step that failed, and the rest goes on. Without, the first is
        raised, behind what happened before it. ``Closed``, ``NotUnlocked`` and ``NoPort`` always end it.
        """
        return events_of(self, attention, clock, sleep, on_trouble)


def _waking(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step, after which whoever iterates events looks again at what is next; also where it failed half-way."""
    if inspect.iscoroutinefunction(step):

        @functools.wraps(step)
        async def waiting(self: Companion, *args: Any, **kwargs: Any) -> Any:
            try:
                return await step(self, *args, **kwargs)
            finally:
                wake(self)

        return waiting

    @functools.wraps(step)
    def at_once(self: Companion, *args: Any, **kwargs: Any) -> Any:
        try:
            return step(self, *args, **kwargs)
        finally:
            wake(self)

    return at_once


# Each step that may change what is next, or end it.
WAKING = (
    "abort_move",
    "add_work",
    "begin_move",
    "bell",
    "check_keys",
    "confirm_move",
    "decide",
    "do_action",
    "give_up",
    "leave",
    "lock",
    "make_keys",
    "offline_response",
    "open_porch",
    "purge_expired",
    "refresh",
    "remove_keys",
    "restore_work",
    "ring_at",
    "scan_statement",
    "settle",
    "shut",
    "take_over_porch",
    "take_reply",
    "take_silence",
    "trash_work",
    "try_at_once",
    "unlock_with_password",
    "unlock_with_platform_key",
    "unlock_with_recovery",
)

for _name in WAKING:
    setattr(Companion, _name, _waking(getattr(Companion, _name)))
