"""What happens with work accounts: what is next is done as soon as it is, on all tracks at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, AsyncGenerator, Awaitable, Callable, List, Optional, Set, Tuple

from .native.countersign import Attention, CountersignError, Event, Lane, NextAction, RecordId

if TYPE_CHECKING:
    from .companion import Companion

# Two clocks may disagree for a moment; nobody spins meanwhile.
PAUSE_MIN_S = 0.05

# What failed is not tried again at once.
PAUSE_AFTER_TROUBLE_S = 5.0

# With these nothing can go on.
_ENDS = (CountersignError.Closed, CountersignError.NotUnlocked, CountersignError.NoPort)

# Where one thing is done at a time: an account's keys, or one of its two lanes.
_Track = Tuple[RecordId, Optional[Lane]]
_Sleep = Callable[[float], Awaitable[object]]
_OnTrouble = Optional[Callable[[CountersignError], object]]


async def events_of(
    companion: "Companion", attention: Attention, clock: Callable[[], float], sleep: _Sleep, on_trouble: _OnTrouble
) -> AsyncGenerator[Event, None]:
    """See :meth:`Companion.events`."""
    happened: asyncio.Queue[Optional[Event]] = asyncio.Queue()
    tracks = _Tracks(companion, attention, clock, sleep, on_trouble, happened)
    work = asyncio.ensure_future(tracks.worked())
    # Behind all events that are there.
    work.add_done_callback(lambda _: happened.put_nowait(None))
    try:
        while (event := await happened.get()) is not None:
            yield event
        await work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def wake(companion: "Companion") -> None:
    """Has whoever iterates events look again at what is next."""
    for waker in list(_wakers(companion)):
        waker()


def _wakers(companion: "Companion") -> Set[Callable[[], object]]:
    wakers: Set[Callable[[], object]] = companion.__dict__.setdefault("_wakers", set())
    return wakers


class _Tracks:
    """What is under way, each thing in a task of its own."""

    def __init__(
        self,
        companion: "Companion",
        attention: Attention,
        clock: Callable[[], float],
        sleep: _Sleep,
        on_trouble: _OnTrouble,
        happened: "asyncio.Queue[Optional[Event]]",
    ) -> None:
        self._companion = companion
        self._attention = attention
        self._clock = clock
        self._sleep = sleep
        self._on_trouble = on_trouble
        self._happened = happened
        self._running: dict[_Track, asyncio.Task[None]] = {}
        # One reason to look again is as good as many.
        self._woken = asyncio.Event()

    async def worked(self) -> None:
        """Does what is next until there is an error that ends it."""
        loop = asyncio.get_running_loop()
        wakers = _wakers(self._companion)

        def waker() -> None:
            try:
                loop.call_soon_threadsafe(self._woken.set)
            except RuntimeError:
                # The loop was closed over it: nobody iterates any more.
                wakers.discard(waker)

        wakers.add(waker)
        try:
            while True:
                self._woken.clear()
                self._take_finished()
                await self._advanced()
        finally:
            wakers.discard(waker)
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _take_finished(self) -> None:
        # All of them have told what happened, before the first that failed ends it.
        finished = [track for track, task in self._running.items() if task.done()]
        ended = [self._running.pop(track) for track in finished]
        errors = [task.exception() for task in ended if not task.cancelled()]
        for error in errors:
            if error is not None:
                raise error

    async def _advanced(self) -> None:
        """Begins what is next; where there is nothing to begin, waits for a reason to look again."""
        # What is due is said by the clock that what is done goes by.
        action = self._companion.next_action(self._attention)
        if isinstance(action, NextAction.WAIT_UNTIL):
            return await self._woken_within(max(PAUSE_MIN_S, action.at - self._clock()))
        if isinstance(action, NextAction.NOTHING):
            return await self._woken_within(None)
        assert isinstance(action, (NextAction.MAKE_KEYS, NextAction.REMOVE_KEYS, NextAction.SEND))
        track = (action.account, getattr(action, "lane", None))
        if track in self._running:
            return await self._woken_within(None)
        task = self._running[track] = asyncio.ensure_future(self._done(action))
        task.add_done_callback(lambda _: self._woken.set())
        # It begins here, so that the next look finds it begun.
        await asyncio.sleep(0)

    async def _woken_within(self, pause_s: Optional[float]) -> None:
        waited: List[asyncio.Future[Any]] = [asyncio.ensure_future(self._woken.wait())]
        if pause_s is not None:
            waited.append(asyncio.ensure_future(self._sleep(pause_s)))
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waited:
                one.cancel()

    async def _done(self, action: NextAction) -> None:
        try:
            done = await self._companion.do_action(action, self._attention)
        except CountersignError as error:
            self._trouble(error)
            # Nothing was stored that says when to try again: its track stays taken meanwhile.
            await self._sleep(PAUSE_AFTER_TROUBLE_S)
            return
        for event in done.events:
            self._happened.put_nowait(event)
        for trouble in done.troubles:
            self._trouble(trouble)

    def _trouble(self, error: CountersignError) -> None:
        if self._on_trouble is None or isinstance(error, _ENDS):
            raise error
        self._on_trouble(error)
