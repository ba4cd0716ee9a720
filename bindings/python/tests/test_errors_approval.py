"""What stands against a step of a work account: one case a fact that no other scenario meets."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Callable

import countersign
import pytest
from conftest import NOW, StillClock, ports, raises, run
from countersign import (
    ChainFault,
    Companion,
    CountersignError,
    Decision,
    DeviceKeyError,
    EntryFault,
    Lane,
    NextAction,
    Port,
    TransportError,
)
from keys import MemoryKeys, WrappingKey
from server import Device, Server, approval_fault, only


def test_a_request_that_nobody_made_cannot_be_answered(device: Device) -> None:
    nobodys = "00" * 16
    assert approval_fault(lambda: run(device.companion.decide(nobodys, Decision.DENY()))).is_NO_SUCH_STATEMENT()
    assert approval_fault(lambda: device.companion.statement(nobodys)).is_NO_SUCH_STATEMENT()


def test_a_request_is_answered_once(device: Device, server: Server) -> None:
    asked = server.ask()
    statement = only(device)
    run(device.companion.decide(statement.id, Decision.APPROVE(asked["number"])))
    for decision in (Decision.DENY(), Decision.APPROVE(asked["number"])):
        assert approval_fault(lambda: run(device.companion.decide(statement.id, decision))).is_ANSWERED()  # noqa: B023


def test_a_suspended_account_does_not_move(device: Device, server: Server) -> None:
    server.of_account("suspend")
    device.settle()
    assert device.companion.work_account(device.work).standing.is_SUSPENDED()
    assert approval_fault(lambda: device.companion.begin_move(device.work)).is_SUSPENDED()
    server.of_account("resume")
    device.settle()
    device.companion.begin_move(device.work)


def test_an_account_that_is_not_active_does_not_move(server: Server, tmp_path: Path) -> None:
    device = Device(server, tmp_path)
    work = device.invite(server.of_account("invitation")["link"])
    assert approval_fault(lambda: device.companion.begin_move(work)).is_NOT_ACTIVE()
    device.close()


def test_a_request_under_a_new_key_means_connect_once(device: Device, server: Server) -> None:
    server.control("rotate")
    link = server.ask()["link"]
    assert approval_fault(lambda: device.companion.scan_statement(link, True)).is_CONNECT_ONCE()
    device.settle()
    device.companion.scan_statement(link, True)


def test_an_organisation_without_offline_responses_gets_none(server: Server, tmp_path: Path) -> None:
    server.control("rules", offline=False)
    device = Device(server, tmp_path).enrolled(can_offline=False)
    server.ask()
    statement = only(device)
    assert approval_fault(lambda: run(device.companion.offline_response(statement.id))).is_NO_OFFLINE()
    device.close()


def test_more_open_requests_than_are_kept_are_not_scanned(device: Device, server: Server) -> None:
    def scanned() -> str:
        asked = server.ask()
        # The server forgets it, which the device does not hear.
        server.of_account("withdraw", statement=asked["id"])
        return device.companion.scan_statement(asked["link"], True)

    ids = {scanned() for _ in range(64)}
    assert approval_fault(scanned).is_TOO_MANY()
    assert {statement.id for statement in device.companion.pending()} == ids


def refusing(error: TransportError) -> countersign.Transport:
    class Refusing(countersign.Transport):
        async def post(self, request: countersign.HttpRequest) -> countersign.HttpReply:
            raise error

    return Refusing()


def fetched(companion: Companion, work: str) -> countersign.Settled:
    fetch = NextAction.SEND(work, Lane.ASK)
    return run(companion.do_action(fetch, countersign.Attention.LOOKING))


@pytest.mark.parametrize(
    "error",
    [
        TransportError.NoConnection(),
        TransportError.TimedOut(),
        TransportError.Certificate(),
        TransportError.Redirect(),
        TransportError.TooLong(),
        TransportError.NotHttp(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_server_that_cannot_be_reached_is_no_error(device: Device, error: TransportError) -> None:
    device.companion.close()
    with Companion.open(device.place, ports(device.clock, transport=refusing(error))) as companion:
        companion.unlock_with_recovery(device.code)
        done = fetched(companion, device.work)
        assert (done.events, done.troubles) == ([], [])
        assert companion.work_account(device.work).unreachable_since is not None


def test_a_port_that_says_that_it_failed_has_failed(server: Server, tmp_path: Path) -> None:
    """Also with the variants for what it does not declare."""
    clock = StillClock()

    class Failing(StillClock):
        error: Exception = countersign.PortError.Failed()

        def now(self) -> int:
            raise self.error

    lent = ports(failing := Failing())
    code = countersign.RecoveryCode.generate()
    Companion.create(str(tmp_path / "vault"), ports(clock), recovery=code).close()
    with Companion.open(str(tmp_path / "vault"), lent) as companion:
        for error in (countersign.PortError.Failed(), countersign.PortError.Unexpected()):
            failing.error = error
            failed = raises(CountersignError.PortFailed, lambda: companion.unlock_with_recovery(code))
            assert failed.port is Port.CLOCK
        companion.unlock_with_recovery(code, NOW)
        key = WrappingKey(countersign.WrapError.Unexpected())
        failed = raises(
            CountersignError.PortFailed,
            lambda: run(companion.add_platform_key(key, countersign.SlotKind.PLATFORM)),
        )
        assert failed.port is Port.PLATFORM_KEY

    trouble: list[Exception] = []

    async def before(what: str, alias: str) -> None:
        if trouble:
            raise trouble[0]

    keys = MemoryKeys(before)
    device = Device(server, tmp_path, device_keys=keys).enrolled()
    for error in (DeviceKeyError.Unexpected(), countersign.PortError.Failed()):
        trouble[:] = [error]
        failed = raises(CountersignError.PortFailed, lambda: run(device.companion.check_keys()))
        assert failed.port is Port.DEVICE_KEYS, "another port's error is not declared"
    trouble.clear()
    device.close()
    deaf = refusing(TransportError.Unexpected())
    with Companion.open(device.place, ports(device.clock, transport=deaf, device_keys=keys)) as companion:
        companion.unlock_with_recovery(device.code)
        (failed,) = fetched(companion, device.work).troubles
        assert isinstance(failed, CountersignError.PortFailed) and failed.port is Port.TRANSPORT


@pytest.mark.parametrize(
    ("attack", "fault", "seq"),
    [
        ("DELETE FROM log WHERE seq = 2", ChainFault.MISSING, 2),
        ("UPDATE log SET body = zeroblob(length(body)) WHERE seq = 2", ChainFault.UNREADABLE, 2),
        ("INSERT INTO log SELECT 1000, epoch, nonce, body FROM log WHERE seq = 2", ChainFault.EXTRA, 4),
    ],
)
def test_a_history_that_is_not_as_it_was_written_says_where(
    device: Device, attack: str, fault: ChainFault, seq: int
) -> None:
    device.companion.close()
    with closing(sqlite3.connect(device.place.path)) as db, db:
        db.execute(attack)
    with Companion.open(device.place, device.ports) as companion:
        companion.unlock_with_recovery(device.code)
        steps: tuple[Callable[[], object], ...] = (
            companion.verify_history,
            companion.verify_history_chain,
            lambda: run(companion.export_history(None)),
        )
        for step in steps:
            bad = raises(CountersignError.BadHistory, step)
            assert bad.place.seq == seq and bad.place.fault == EntryFault.CHAIN(fault)
