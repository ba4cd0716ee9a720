"""What happens with work accounts, as it is iterated: nothing spins, nothing stands still, nothing is lost."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import aclosing
from pathlib import Path
from typing import Any, Callable, Optional

import countersign
import pytest
from conftest import raises, run
from countersign import (
    Attention,
    Companion,
    CountersignError,
    Decision,
    Event,
    Lane,
    NextAction,
    Outcome,
    Port,
    Settled,
    UrllibTransport,
)
from countersign.companion import WAKING
from countersign.events import PAUSE_MIN_S
from server import Device, Server, outcomes

# Steps after which the same is next: they read, write code accounts or ways to unlock, or only begin what others end.
SAME = {
    "accept",
    "add",
    "add_chosen",
    "add_password",
    "add_platform_key",
    "add_recovery_code",
    "change_password",
    "change_recovery_code",
    "check",
    "close",
    "codes",
    "create",
    "disclosure",
    "earlier_work",
    "edit",
    "events",
    "export_history",
    "export_uri",
    "find",
    "find_in_trash",
    "findings",
    "forget_other_devices",
    "has_password",
    "has_platform_key",
    "has_porch",
    "has_recovery",
    "history",
    "history_names",
    "list",
    "may_export_work",
    "next_action",
    "next_change",
    "next_hotp",
    "note",
    "open",
    "pending",
    "prepare",
    "prospects",
    "purge",
    "remove",
    "remove_slot",
    "renew_key",
    "restore",
    "row",
    "search",
    "slots",
    "snapshot",
    "state",
    "statement",
    "statements",
    "status",
    "ticks",
    "trash",
    "vault_id",
    "verify_history",
    "verify_history_chain",
    "waiting",
    "work_account",
    "work_accounts",
    "work_codes",
}


async def rounds(times: int) -> None:
    """Lets all others go on, so often."""
    for _ in range(times):
        await asyncio.sleep(0)


class Counting(UrllibTransport):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    async def post(self, request: countersign.HttpRequest) -> countersign.HttpReply:
        self.count += 1
        return await super().post(request)


class Scripted:
    """What a companion says is next, and how that ends; each once, unless it is named as long as it is under way."""

    def __init__(
        self, companion: Companion, does: dict[str, Callable[[], Any]], names_again: bool = False
    ) -> None:
        self.does = does
        self.begun: list[str] = []
        self.done: list[str] = []
        self.past = self.done if names_again else self.begun
        self.looks = 0
        companion.next_action = self.next_action  # type: ignore[method-assign]
        companion.do_action = self.do_action  # type: ignore[method-assign]

    def next_action(self, attention: Attention, now: Optional[int] = None) -> NextAction:
        assert now is None, "the clock port says what is due"
        self.looks += 1
        for account in self.does:
            if account not in self.past:
                return NextAction.SEND(account, Lane.ASK)
        return NextAction.NOTHING()

    async def do_action(self, action: Any, attention: Attention) -> Settled:
        self.begun.append(action.account)
        try:
            came = self.does[action.account]()
            done: Settled = await came if inspect.isawaitable(came) else came
            return done
        finally:
            self.done.append(action.account)


def throwing(error: Exception) -> Callable[[], Any]:
    def step() -> Any:
        raise error

    return step


def happened(*accounts: str, troubles: tuple[CountersignError, ...] = ()) -> Settled:
    return Settled(events=[rings(account) for account in accounts], troubles=list(troubles))


def rings(account: str) -> Event:
    return Event.RINGS(account, "00" * 16)


def test_each_step_that_may_change_what_is_next_is_known() -> None:
    steps = {name for name, step in inspect.getmembers(Companion, callable) if not name.startswith("_")}
    assert steps == SAME | set(WAKING) and not SAME & set(WAKING)


def test_events_come_as_they_happen(device: Device, server: Server) -> None:
    async def watched() -> list[Event]:
        async def sleep(seconds: float) -> None:
            device.clock.at += int(seconds)
            await asyncio.sleep(0)

        events = device.companion.events(Attention.WAITING, clock=device.clock.now, sleep=sleep)
        asked = await asyncio.to_thread(server.ask)
        seen = [await anext(events)]
        assert isinstance(seen[0], Event.RINGS)
        await device.companion.decide(seen[0].statement, Decision.APPROVE(asked["number"]))
        while not outcomes(seen):
            seen.append(await anext(events))
        await events.aclose()
        # The request that waits at the server is a thread's, which ends with it.
        await asyncio.to_thread(server.ask)
        return seen

    assert outcomes(run(watched())) == [Outcome.APPROVED()]
    assert device.companion.next_action(Attention.WAITING, device.clock.at + 1).is_SEND(), "no lane stayed taken"


def test_two_clocks_that_disagree_make_nothing_spin(server: Server, tmp_path: Path) -> None:
    transport = Counting()
    device = Device(server, tmp_path, transport=transport).enrolled()
    device.settle()
    companion, known, looks = device.companion, transport.count, 0
    theirs = companion.next_action

    def counted(*what: Any) -> NextAction:
        nonlocal looks
        looks += 1
        return theirs(*what)

    companion.next_action = counted  # type: ignore[method-assign]
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async def watched() -> None:
        events = companion.events(Attention.IDLE, clock=lambda: device.clock.at + 1_000, sleep=sleep)
        async with aclosing(events):
            waiting = asyncio.ensure_future(anext(events))
            await rounds(300)
            assert not waiting.done()
            waiting.cancel()
            await asyncio.wait([waiting])

    run(watched())
    assert transport.count == known, "nothing is due by the clock that counts"
    assert len(pauses) > 10 and set(pauses) == {PAUSE_MIN_S}
    assert looks <= len(pauses) + 2
    device.close()


def test_what_is_under_way_is_waited_for_and_not_looked_at_again(companion: Companion) -> None:
    begun = asyncio.Event()

    async def endless() -> Any:
        begun.set()
        await asyncio.Event().wait()

    told = Scripted(companion, {"a": endless}, names_again=True)

    async def watched() -> None:
        async with aclosing(companion.events()) as events:
            waiting = asyncio.ensure_future(anext(events))
            await begun.wait()
            await rounds(200)
            assert told.looks <= 3
            waiting.cancel()
            await asyncio.wait([waiting])

    run(watched())
    assert told.done == ["a"], "closing ends what is under way"


def test_a_busy_consumer_holds_up_no_answer(device: Device, server: Server) -> None:
    async def sleep(seconds: float) -> None:
        device.clock.at += int(seconds)
        await asyncio.sleep(0)

    async def watched() -> list[Event]:
        asked = await asyncio.to_thread(server.ask)
        server.control("requests", forget=True)
        seen: list[Event] = []
        async with aclosing(device.companion.events(clock=device.clock.now, sleep=sleep)) as events:
            async for event in events:
                seen.append(event)
                if isinstance(event, Event.RINGS):
                    await device.companion.decide(event.statement, Decision.APPROVE(asked["number"]))
                    # The body is not done while the answer goes its way.
                    sent = await asyncio.to_thread(
                        server.control, "requests", path="answers", at_least=1, wait_ms=20_000
                    )
                    assert len(sent["requests"]) == 1
                if outcomes(seen):
                    break
        return seen

    assert outcomes(run(watched())) == [Outcome.APPROVED()]


def test_one_that_fails_takes_nothing_from_the_others(companion: Companion) -> None:
    failing, failed = (CountersignError.PortFailed(port) for port in (Port.DEVICE_KEYS, Port.NOTIFIER))
    release = asyncio.Event()

    async def late() -> Settled:
        await release.wait()
        return happened("c")

    Scripted(companion, {"a": lambda: happened("a", troubles=(failed,)), "b": throwing(failing), "c": late})
    troubles: list[CountersignError] = []
    sleep = lambda _: asyncio.sleep(0)  # noqa: E731

    async def watched() -> list[Event]:
        async with aclosing(companion.events(sleep=sleep, on_trouble=troubles.append)) as events:
            first = await anext(events)
            while len(troubles) < 2:
                await asyncio.sleep(0)
            release.set()
            return [first, await anext(events)]

    assert run(watched()) == [rings("a"), rings("c")]
    assert troubles == [failed, failing]


def test_without_a_place_for_troubles_the_first_is_raised_behind_what_happened(companion: Companion) -> None:
    begun = asyncio.Event()

    async def together() -> Settled:
        await begun.wait()
        return happened("a", "a", troubles=(CountersignError.PortFailed(Port.NOTIFIER),))

    async def failing() -> Settled:
        begun.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        raise CountersignError.PortFailed(Port.NOTIFIER)

    Scripted(companion, {"a": together, "b": failing})
    seen: list[Event] = []

    async def watched() -> None:
        async for event in companion.events():
            seen.append(event)

    raises(CountersignError.PortFailed, lambda: run(watched()))
    assert seen == [rings("a"), rings("a")]


@pytest.mark.parametrize(
    "error",
    [CountersignError.Closed(), CountersignError.NotUnlocked(), CountersignError.NoPort(Port.TRANSPORT)],
    ids=lambda error: type(error).__name__,
)
def test_what_nothing_can_go_on_with_ends_it(companion: Companion, error: CountersignError) -> None:
    Scripted(companion, {"a": throwing(error)})
    troubles: list[CountersignError] = []

    async def watched() -> None:
        async for _ in companion.events(on_trouble=troubles.append):
            raise AssertionError("nothing happens")

    raises(type(error), lambda: run(watched()))
    assert troubles == []


@pytest.mark.parametrize(
    ("end", "error"), [("lock", CountersignError.NotUnlocked), ("shut", CountersignError.Closed)]
)
def test_a_vault_that_is_closed_ends_it_at_once(companion: Companion, end: str, error: type) -> None:
    assert companion.next_action(Attention.WAITING).is_NOTHING()

    async def watched() -> None:
        events = companion.events()
        waiting = asyncio.ensure_future(anext(events))
        await rounds(5)
        await asyncio.to_thread(getattr(companion, end))
        await asyncio.wait_for(waiting, 20)

    raises(error, lambda: run(watched()))


def test_a_step_that_fails_half_way_is_a_reason_to_look_again_too(companion: Companion) -> None:
    woken: list[int] = []
    companion.__dict__["_wakers"] = {lambda: woken.append(1)}
    raises(CountersignError.Approval, lambda: companion.scan_statement("", True))
    assert len(woken) == 1
    raises(CountersignError.Approval, lambda: run(companion.decide("00" * 16, Decision.DENY())))
    assert len(woken) == 2
    companion.lock()
    raises(CountersignError.Vault, lambda: companion.unlock_with_password("no such"))
    assert len(woken) == 4


def test_a_loop_that_is_closed_over_the_iterator_keeps_no_step_from_its_end(companion: Companion) -> None:
    wakers: set[Any] = companion.__dict__.setdefault("_wakers", set())
    left: list[Any] = []

    async def watched() -> None:
        async with aclosing(companion.events()) as events:
            waiting = asyncio.ensure_future(anext(events))
            await rounds(5)
            left.extend(wakers)
            waiting.cancel()
            await asyncio.wait([waiting])

    run(watched())
    assert len(left) == 1 and not wakers, "whoever ends is forgotten"
    wakers.update(left)
    companion.try_at_once()
    assert not wakers, "whom nobody hears is forgotten"
    wakers.update(left)
    companion.shut()
