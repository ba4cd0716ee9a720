"""Ports: what they throw, what they call, and what works without them."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import Any, Optional

import countersign
import pytest
from conftest import NOW, StillClock, added, bounded, ports, raises, run
from countersign import (
    Attention,
    Companion,
    CountersignError,
    Decision,
    Event,
    Port,
    RecoveryCode,
    SlotKind,
    UrllibTransport,
    VaultPlace,
)
from keys import MemoryAnchor, MemoryKeys, WrappingKey
from server import Device, Server

MARKED = "MARKED-SECRET-7f3a"


class Failing(Exception):
    """What no port declares."""


def failed(step: Any) -> Port:
    """Which port failed; its exception's text is nowhere."""
    error = raises(CountersignError.PortFailed, step)
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error)
    assert MARKED not in shown
    return error.port


def troubled(companion: Companion) -> Port:
    """Which port failed beside what was stored."""
    settled = run(companion.settle(Attention.LOOKING))
    (trouble,) = settled.troubles
    assert isinstance(trouble, CountersignError.PortFailed) and MARKED not in f"{settled} {settled!r}"
    return trouble.port


class BadTransport(countersign.Transport):
    async def post(self, request: countersign.HttpRequest) -> countersign.HttpReply:
        raise Failing(MARKED)


class BadNotifier(countersign.Notifier):
    def notify(self, event: Event) -> None:
        raise Failing(MARKED)


class BadAnchor(countersign.Anchor):
    def read(self, vault: str) -> Optional[bytes]:
        raise Failing(MARKED)

    def replace(self, vault: str, expected: Optional[bytes], anchor: bytes, flush: bool) -> countersign.StoredAnchor:
        raise Failing(MARKED)


class BadClock(StillClock):
    is_bad = False

    def now(self) -> int:
        if self.is_bad:
            raise Failing(MARKED)
        return super().now()


def test_what_a_port_throws_is_one_error_without_its_text(
    server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    trouble: list[Exception] = []

    async def before(what: str, alias: str) -> None:
        if trouble:
            raise trouble[0]

    keys, clock = MemoryKeys(before), BadClock(NOW)
    device = Device(server, tmp_path, clock=clock, device_keys=keys, notifier=None).enrolled()
    asked = server.ask()
    (statement,) = device.pending()
    companion = device.companion

    clock.is_bad = True
    assert failed(companion.list) is Port.CLOCK
    assert failed(lambda: run(companion.decide(statement.id, Decision.DENY()))) is Port.CLOCK
    assert companion.list(NOW) == []
    clock.is_bad = False

    trouble[:] = [Failing(MARKED)]
    assert failed(lambda: run(companion.decide(statement.id, Decision.DENY()))) is Port.DEVICE_KEYS
    assert failed(lambda: run(companion.check_keys())) is Port.DEVICE_KEYS
    assert companion.statement(statement.id).cannot_approve is None
    trouble.clear()

    key = WrappingKey(Failing(MARKED))
    assert failed(lambda: run(companion.add_platform_key(key, SlotKind.PLATFORM))) is Port.PLATFORM_KEY
    key.trouble = None
    run(companion.add_platform_key(key, SlotKind.PLATFORM))
    companion.lock()
    key.trouble = Failing(MARKED)
    assert failed(lambda: run(companion.unlock_with_platform_key(key))) is Port.PLATFORM_KEY
    key.trouble = None
    run(companion.unlock_with_platform_key(key))
    device.decide(statement, Decision.APPROVE(asked["number"]))
    assert server.outcome(asked) == "approved"
    device.close()
    reopened(device, server)
    said = capfd.readouterr()
    assert MARKED not in said.out and MARKED not in said.err, "the bindings print no exception of a port's either"


def reopened(device: Device, server: Server) -> None:
    """The same vault with a transport, a notifier and an anchor that fail."""
    asked = server.ask()
    lent = ports(device.clock, transport=BadTransport(), device_keys=device.ports.device_keys)
    with Companion.open(device.place, lent) as companion:
        companion.unlock_with_recovery(device.code)
        assert troubled(companion) is Port.TRANSPORT
        assert companion.work_account(device.work).unreachable_since is not None
    lent = ports(
        device.clock,
        transport=UrllibTransport(),
        device_keys=device.ports.device_keys,
        notifier=BadNotifier(),
        anchor=BadAnchor(),
    )
    with Companion.open(device.place, lent) as companion:
        companion.unlock_with_recovery(device.code)
        assert troubled(companion) is Port.NOTIFIER
        (statement,) = companion.pending()
        run(companion.decide(statement.id, Decision.APPROVE(asked["number"])))
        assert troubled(companion) is Port.NOTIFIER
        assert companion.statement(statement.id).outcome == countersign.Outcome.APPROVED()


def test_every_port_may_call_the_companion_back(server: Server, tmp_path: Path) -> None:
    # A port that is called with the vault held waits for itself.
    bounded(lambda: call_back_from_each(server, tmp_path))


def call_back_from_each(server: Server, tmp_path: Path) -> None:
    companions: list[Companion] = []
    called: set[str] = set()
    depth = 0

    def call_back(port: str) -> None:
        nonlocal depth
        if not companions or depth:
            return
        depth += 1
        try:
            companion = companions[0]
            if companion.state() is countersign.CompanionState.UNLOCKED:
                companion.list(NOW)
                companion.edit(personal, countersign.Edit(note=port), NOW)
                called.add(port)
            else:
                companion.has_password()
                called.add(f"{port}, locked")
        finally:
            depth -= 1

    class Clock(StillClock):
        def now(self) -> int:
            call_back("clock")
            return super().now()

    class Transport(UrllibTransport):
        async def post(self, request: countersign.HttpRequest) -> countersign.HttpReply:
            call_back("transport")
            reply = await super().post(request)
            call_back("transport, after")
            return reply

    class Notifier(countersign.Notifier):
        def notify(self, event: Event) -> None:
            call_back("notifier")

    class Key(WrappingKey):
        async def wrap(self, context: bytes, secret: bytes) -> bytes:
            call_back("platform key")
            return await super().wrap(context, secret)

        async def unwrap(self, context: bytes, wrapped: bytes) -> bytes:
            call_back("platform key")
            return await super().unwrap(context, wrapped)

    async def before(what: str, alias: str) -> None:
        call_back(f"device keys, {what}")

    anchor = MemoryAnchor()
    anchor.before = lambda: call_back("anchor")
    device = Device(
        server,
        tmp_path,
        clock=Clock(),
        transport=Transport(),
        device_keys=MemoryKeys(before),
        notifier=Notifier(),
        anchor=anchor,
    )
    companion = device.companion
    personal = added(companion)
    companions.append(companion)
    device.enrolled()
    asked = server.ask()
    (statement,) = device.pending()
    device.decide(statement, Decision.APPROVE(asked["number"]))
    key = Key()
    run(companion.add_platform_key(key, SlotKind.PLATFORM))
    assert run(companion.check_keys()) == 0
    companion.lock()
    run(companion.unlock_with_platform_key(key))
    companion.leave(device.work)
    device.settle()
    device.settle()
    assert companion.work_accounts() == []
    assert called >= {
        "clock",
        "transport",
        "transport, after",
        "notifier",
        "platform key",
        "platform key, locked",
        "anchor",
        "anchor, locked",
        "device keys, create",
        "device keys, sign",
        "device keys, exists",
        "device keys, delete",
    }
    device.close()
    with Companion.open(device.place, device.ports) as again:
        companions.clear()
        again.unlock_with_recovery(device.code)
        assert again.findings().lineage is None, "the anchor was brought along"


def test_no_port_is_needed_for_codes(place: VaultPlace, code: RecoveryCode, server: Server) -> None:
    with Companion.create(place, ports(), recovery=code) as companion:
        added(companion)
        assert len(companion.codes()) == 1
        link = server.of_account("invitation")["link"]
        invitation = countersign.examine(link, True).invitation()
        assert invitation is not None
        new = countersign.NewWork(device_name="x", platform="x", app="x", keys=countersign.KeyPlace.SOFTWARE)
        work = companion.add_work(invitation, new)
        missing = raises(CountersignError.NoPort, lambda: run(companion.settle(Attention.IDLE)))
        assert missing.port is Port.TRANSPORT
        assert companion.work_account(work).standing.is_ENROLLING()
        assert companion.earlier_work(invitation) == [work]
        assert companion.add_work(invitation, new) == work, "one that is begun goes on"
        hardware = countersign.NewWork(device_name="x", platform="x", app="x", keys=countersign.KeyPlace.PLATFORM)
        other = countersign.examine(server.of_account("invitation")["link"], True).invitation()
        assert other is not None
        second = companion.add_work(other, hardware)
        refused = raises(CountersignError.Key, lambda: run(companion.make_keys(second)))
        assert refused.fault is countersign.KeyStoreError.NOT_AVAILABLE


def test_many_threads_and_loops_share_one_companion(companion: Companion) -> None:
    """A companion may be lent to many threads and coroutines at once, also of different loops."""
    added(companion)

    async def looked() -> int:
        return len(await asyncio.to_thread(companion.search, "alice", NOW)) + len(companion.list(NOW))

    async def many() -> list[int]:
        return await asyncio.gather(*(looked() for _ in range(20)))

    assert run(many()) == [2] * 20 == run(many())
