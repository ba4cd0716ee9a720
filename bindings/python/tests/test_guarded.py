"""What a port throws or gives that it does not declare: it has failed, whatever it is, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any, Callable, Coroutine

import countersign
import pytest
from conftest import NOW, StillClock, ports, raises, run
from countersign import (
    Attention,
    Companion,
    CountersignError,
    HttpReply,
    Lane,
    MadeKey,
    NextAction,
    Port,
    RecoveryCode,
    Settled,
    SlotKind,
    VaultPlace,
)
from keys import MemoryAnchor, MemoryKeys, WrappingKey
from server import Device, Server

MARKED = "MARKED-SECRET-7f3a"

# Those that are no `Exception`.
ENDS = (KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit)


@pytest.fixture(autouse=True)
def silent(capfd: pytest.CaptureFixture[str]) -> Any:
    """Nothing of it is printed."""
    yield
    said = capfd.readouterr()
    assert said.out == "" and said.err == "", said


def failed(step: Callable[[], object]) -> Port:
    error = raises(CountersignError.PortFailed, step)
    assert MARKED not in f"{error} {error!r}"
    return error.port


class Odd(StillClock):
    """Does what it is told to."""

    does: Callable[[], Any] = staticmethod(lambda: NOW)

    def now(self) -> Any:
        return self.does()


class OddTransport(countersign.Transport):
    does: Callable[[], Any] = staticmethod(lambda: None)

    async def post(self, request: countersign.HttpRequest) -> Any:
        return self.does()


def troubled(companion: Companion, device: Device) -> Port:
    """Which port failed beside what was stored."""
    settled = run(companion.do_action(NextAction.SEND(device.work, Lane.ASK), Attention.LOOKING))
    (trouble,) = settled.troubles
    assert isinstance(trouble, CountersignError.PortFailed) and MARKED not in f"{settled} {settled!r}"
    return trouble.port


def throwing(error: type[BaseException]) -> Callable[[], Any]:
    def step(*_: object) -> Any:
        raise error(MARKED)

    return step


def throwing_later(error: type[BaseException]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def step(*_: object) -> Any:
        await asyncio.sleep(0)
        raise error(MARKED)

    return step


def giving(value: Any) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def step(*_: object) -> Any:
        return value

    return step


@pytest.fixture
def odd(place: VaultPlace, code: RecoveryCode) -> Any:
    clock = Odd()
    with Companion.create(place, ports(clock), recovery=code) as companion:
        yield clock, companion


@pytest.mark.parametrize("error", ENDS)
def test_what_ends_a_program_is_no_success_of_a_port(odd: Any, error: type[BaseException]) -> None:
    clock, companion = odd
    clock.does = throwing(error)
    if error is KeyboardInterrupt:
        raises(KeyboardInterrupt, companion.list)
        raises(KeyboardInterrupt, lambda: run(companion.check_keys()))
    else:
        assert failed(companion.list) is Port.CLOCK
        assert failed(lambda: run(companion.check_keys())) is Port.CLOCK
    clock.does = lambda: NOW
    assert companion.list() == []


@pytest.mark.parametrize("error", ENDS)
@pytest.mark.parametrize("later", [throwing, throwing_later])
def test_what_ends_a_program_is_no_success_of_a_port_that_is_awaited(
    companion: Companion, error: type[BaseException], later: Callable[[Any], Any]
) -> None:
    key = WrappingKey()
    key.wrap = later(error)  # type: ignore[method-assign]
    add = lambda: run(companion.add_platform_key(key, SlotKind.PLATFORM))  # noqa: E731
    if error is KeyboardInterrupt:
        raises(KeyboardInterrupt, add)
    else:
        assert failed(add) is Port.PLATFORM_KEY
    assert len(companion.slots()) == 1
    del key.wrap
    add()
    assert len(companion.slots()) == 2


def test_a_port_that_is_cancelled_by_others_fails_and_whoever_waits_goes_on(companion: Companion) -> None:
    key = WrappingKey()
    begun = asyncio.Event()

    async def wrap(context: bytes, secret: bytes) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets")

    key.wrap = wrap  # type: ignore[method-assign]

    async def added() -> None:
        waiting = asyncio.ensure_future(companion.add_platform_key(key, SlotKind.PLATFORM))
        await begun.wait()
        ports = [
            task
            for task in asyncio.all_tasks()
            if task is not waiting and "answered" in getattr(task.get_coro(), "__qualname__", "")
        ]
        assert len(ports) == 1
        ports[0].cancel()
        await asyncio.wait([ports[0]])
        assert ports[0].cancelled()
        await waiting

    assert failed(lambda: run(added())) is Port.PLATFORM_KEY


def test_steps_that_are_cancelled_leave_no_memory_behind(companion: Companion) -> None:
    begun = asyncio.Event()

    async def wrap(context: bytes, secret: bytes) -> bytes:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets")

    key = WrappingKey()
    key.wrap = wrap  # type: ignore[method-assign]

    async def cancelled(times: int) -> int:
        for _ in range(times):
            begun.clear()
            task = asyncio.ensure_future(companion.add_platform_key(key, SlotKind.PLATFORM))
            await begun.wait()
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
        for _ in range(5):
            await asyncio.sleep(0)
        gc.collect()
        return int(countersign.allocated_bytes())  # type: ignore[attr-defined]

    async def measured() -> int:
        before = await cancelled(50)
        return await cancelled(400) - before

    assert abs(run(measured())) < 400 * 16


def test_a_loop_that_is_closed_over_a_step_is_no_trouble(companion: Companion) -> None:
    async def wrap(context: bytes, secret: bytes) -> bytes:
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets")

    key = WrappingKey()
    key.wrap = wrap  # type: ignore[method-assign]
    loop = asyncio.new_event_loop()
    step = companion.add_platform_key(key, SlotKind.PLATFORM)
    task = loop.create_task(step)
    for _ in range(5):
        loop.run_until_complete(asyncio.sleep(0))
    assert not task.done()
    loop.close()
    # As the interpreter does in the end. What the step waits for is dropped with it.
    step.close()
    loop.set_exception_handler(lambda *_: None)
    assert companion.list() == []


@pytest.mark.parametrize("value", [None, MARKED, b"", -1, 1.5, 2**64, [NOW]], ids=lambda value: type(value).__name__)
def test_a_clock_that_gives_no_time_has_failed(odd: Any, value: Any) -> None:
    clock, companion = odd
    clock.does = lambda: value
    assert failed(companion.list) is Port.CLOCK
    assert failed(lambda: run(companion.check_keys())) is Port.CLOCK


@pytest.mark.parametrize("value", [None, MARKED, 7, -1, 1.5, [1, 2], True], ids=lambda value: type(value).__name__)
def test_a_key_that_gives_no_bytes_has_failed(companion: Companion, code: RecoveryCode, value: Any) -> None:
    key = WrappingKey()
    run(companion.add_platform_key(key, SlotKind.PLATFORM))
    key.wrap = key.unwrap = giving(value)  # type: ignore[method-assign]
    assert failed(lambda: run(companion.add_platform_key(key, SlotKind.PLATFORM))) is Port.PLATFORM_KEY
    companion.lock()
    assert failed(lambda: run(companion.unlock_with_platform_key(key))) is Port.PLATFORM_KEY
    companion.unlock_with_recovery(code)


@pytest.mark.parametrize("like", [bytearray, memoryview])
def test_whatever_is_like_bytes_will_do(companion: Companion, like: Callable[[bytes], Any]) -> None:
    class Key(WrappingKey):
        async def wrap(self, context: bytes, secret: bytes) -> Any:
            return like(await super().wrap(context, secret))

    run(companion.add_platform_key(key := Key(), SlotKind.PLATFORM))
    companion.lock()
    run(companion.unlock_with_platform_key(key))


@pytest.mark.parametrize(
    "value",
    [
        None,
        MARKED,
        (200, b""),
        HttpReply(status=-1, body=b""),
        HttpReply(status=70_000, body=b""),
        HttpReply(status=200.5, body=b""),  # type: ignore[arg-type]
        HttpReply(status=None, body=b""),  # type: ignore[arg-type]
        HttpReply(status=200, body=MARKED),  # type: ignore[arg-type]
        HttpReply(status=200, body=None),  # type: ignore[arg-type]
        HttpReply(status=503, retry_after_s=-1, body=b""),
        HttpReply(status=503, retry_after_s="7", body=b""),  # type: ignore[arg-type]
    ],
    ids=lambda value: f"{type(value).__name__}",
)
def test_a_transport_that_gives_no_reply_has_failed(device: Device, value: Any) -> None:
    transport = OddTransport()
    transport.does = lambda: value  # type: ignore[method-assign]
    device.companion.close()
    with Companion.open(device.place, ports(device.clock, transport=transport)) as companion:
        companion.unlock_with_recovery(device.code)
        assert troubled(companion, device) is Port.TRANSPORT
        assert companion.work_account(device.work).unreachable_since is not None


def test_keys_that_give_no_answer_have_failed(server: Server, tmp_path: Path) -> None:
    keys = MemoryKeys()
    device = Device(server, tmp_path, device_keys=keys).enrolled()
    companion = device.companion
    for value in (None, 1, 0, "yes", MARKED):
        keys.exists = giving(value)  # type: ignore[method-assign]
        assert failed(lambda: run(companion.check_keys())) is Port.DEVICE_KEYS
    assert companion.work_account(device.work).standing.is_ACTIVE(), "nothing is known about its keys"
    del keys.exists
    server.ask()
    (statement,) = device.pending()
    for value in (None, MARKED, 7):
        keys.sign = giving(value)  # type: ignore[method-assign]
        deny = countersign.Decision.DENY()
        assert failed(lambda: run(companion.decide(statement.id, deny))) is Port.DEVICE_KEYS  # noqa: B023
    del keys.sign
    run(companion.decide(statement.id, countersign.Decision.DENY()))
    second = device.invite(server.of_account("invitation")["link"])
    made = {"protection": countersign.Protection.HARDWARE, "presence": countersign.Presence.NONE, "attestation": None}
    odd: tuple[Any, ...] = (
        None,
        MARKED,
        MadeKey(public=MARKED, **made),  # type: ignore[arg-type]
        MadeKey(public=b"x", **{**made, "presence": MARKED}),  # type: ignore[arg-type]
    )
    for value in odd:
        keys.create = giving(value)  # type: ignore[method-assign]
        assert failed(lambda: run(companion.make_keys(second))) is Port.DEVICE_KEYS
    device.close()


def test_an_anchor_that_gives_anything_else_is_as_none(place: VaultPlace, code: RecoveryCode) -> None:
    anchor = MemoryAnchor()
    lent = ports(anchor=anchor)
    Companion.create(place, lent, recovery=code).close()
    for value in (MARKED, 7, None, [1]):
        anchor.read = lambda vault: value  # type: ignore[method-assign,assignment,return-value] # noqa: B023
        anchor.replace = lambda *_: value  # type: ignore[method-assign,assignment,return-value] # noqa: B023
        with Companion.open(place, lent) as companion:
            companion.unlock_with_recovery(code)
            assert companion.findings().anchor_missing
            assert companion.list() == []


def test_an_error_that_is_no_variant_was_not_declared(device: Device) -> None:
    transport = OddTransport()
    transport.does = throwing(countersign.TransportError)  # type: ignore[method-assign]
    device.companion.close()
    with Companion.open(device.place, ports(device.clock, transport=transport)) as companion:
        companion.unlock_with_recovery(device.code)
        assert troubled(companion, device) is Port.TRANSPORT


def test_an_error_that_is_no_variant_was_not_declared_by_a_clock_either(odd: Any) -> None:
    clock, companion = odd
    clock.does = throwing(countersign.PortError)
    assert failed(companion.list) is Port.CLOCK


def test_a_port_is_lent_whatever_its_truth(device: Device) -> None:
    class Empty(countersign.UrllibTransport):
        def __len__(self) -> int:
            return 0

    device.companion.close()
    with Companion.open(device.place, ports(device.clock, transport=Empty())) as companion:
        companion.unlock_with_recovery(device.code)
        assert run(companion.settle(Attention.LOOKING)) == Settled(events=[], troubles=[])
        assert companion.work_account(device.work).unreachable_since is None
