"""The companion in Python's idiom: a context manager, iterators of codes and of what happens."""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import time
from typing import Any, AsyncGenerator, Awaitable, Callable, Iterator, List, Optional, Union

from .native import countersign as core
from .native.countersign import AccountCodes, Attention, Event, NextAction, PlatformKey, RecoveryCode, SlotKind, VaultPlace
from .guarded import Ports, guarded
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
    def create(  # type: ignore[override]
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
        return super().create(_place(place), ports or default_ports(), secret, recovery, kdf, now)  # type: ignore[return-value]

    @classmethod
    def open(cls, place: Union[VaultPlace, _Path], ports: Optional[Ports] = None) -> "Companion":  # type: ignore[override]
        """Opens a vault's file without a secret."""
        return super().open(_place(place), ports or default_ports())  # type: ignore[return-value]

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

    async def unlock_with_platform_key(self, key: PlatformKey) -> None:
        """Unlocks with a key of the platform, which may ask the person."""
        await super().unlock_with_platform_key(guarded(PlatformKey, key))

    async def open_porch(self, key: PlatformKey) -> None:
        """Opens the porch of the locked vault with the key of the platform that does not ask the person."""
        await super().open_porch(guarded(PlatformKey, key))

    async def add_platform_key(self, key: PlatformKey, kind: SlotKind) -> str:
        """Adds a key of the platform as a way to unlock, or with ``SlotKind.PORCH`` for what works while it is locked."""
        return await super().add_platform_key(guarded(PlatformKey, key), kind)

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

    async def events(
        self,
        attention: Attention = Attention.WAITING,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> AsyncGenerator[Event, None]:
        """What happens with work accounts, for as long as it is iterated: requests that come, and what became of them.

        Each account's two lanes are worked at once, so that asking holds up no answer, and a decision is sent as soon as
        :meth:`decide` has stored it. Closing the iterator cancels what is under way; nothing that was stored is lost.
        """
        woken = asyncio.Event()
        loop = asyncio.get_running_loop()
        wakers: set[Callable[[], object]] = self.__dict__.setdefault("_wakers", set())

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        wakers.add(wake)
        running: dict[object, asyncio.Task[List[Event]]] = {}
        try:
            while True:
                woken.clear()
                pause = self._begin(attention, running, clock)
                for event in await _finished(running, woken, pause, sleep):
                    yield event
        finally:
            wakers.discard(wake)
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)

    def _begin(
        self,
        attention: Attention,
        running: dict[object, "asyncio.Task[List[Event]]"],
        clock: Callable[[], float],
    ) -> Optional[float]:
        """Begins what is next, unless it is under way; returns how long to wait then, none until something happens."""
        action = self.next_action(attention, int(clock()))
        if isinstance(action, NextAction.NOTHING):
            return None
        if isinstance(action, NextAction.WAIT_UNTIL):
            return max(0.0, action.at - clock())
        assert isinstance(action, (NextAction.MAKE_KEYS, NextAction.REMOVE_KEYS, NextAction.SEND))
        lane = (action.account, getattr(action, "lane", None))
        if lane not in running:
            running[lane] = asyncio.ensure_future(self.do_action(action, attention))
        return 0.0


async def _finished(
    running: dict[object, "asyncio.Task[List[Event]]"],
    woken: asyncio.Event,
    pause: Optional[float],
    sleep: Callable[[float], Awaitable[object]],
) -> List[Event]:
    """Waits for the first of: something that ends, a reason to look again, the end of the pause."""
    others: List[asyncio.Future[Any]] = [asyncio.ensure_future(woken.wait())]
    if pause is not None:
        others.append(asyncio.ensure_future(sleep(pause)))
    try:
        waited: List[asyncio.Future[Any]] = [*running.values(), *others]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for other in others:
            other.cancel()
    events: List[Event] = []
    for lane in [lane for lane, task in running.items() if task.done()]:
        events += running.pop(lane).result()
    return events


def _waking(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step, after which whoever iterates events looks again at what is next."""

    def wake(companion: Companion) -> None:
        for waker in list(companion.__dict__.get("_wakers", ())):
            waker()

    if inspect.iscoroutinefunction(step):

        @functools.wraps(step)
        async def waiting(self: Companion, *args: Any, **kwargs: Any) -> Any:
            done = await step(self, *args, **kwargs)
            wake(self)
            return done

        return waiting

    @functools.wraps(step)
    def at_once(self: Companion, *args: Any, **kwargs: Any) -> Any:
        done = step(self, *args, **kwargs)
        wake(self)
        return done

    return at_once


for _name in (
    "abort_move",
    "add_work",
    "begin_move",
    "bell",
    "confirm_move",
    "decide",
    "leave",
    "restore_work",
    "ring_at",
    "scan_statement",
    "shut",
    "try_at_once",
):
    setattr(Companion, _name, _waking(getattr(core.Companion, _name)))
