"""A work account beside its sign-ins: where it rings, what is seen of it and kept, how it leaves and moves."""

from __future__ import annotations

import json
from pathlib import Path

import countersign
from conftest import run
from countersign import Decision, HistoryItemKind, RingAddress
from server import Device, Server, approval_fault, only


def test_the_server_hears_where_to_ring(device: Device, server: Server) -> None:
    companion = device.companion
    for bad in (RingAddress.GATEWAY("http://ring.example"), RingAddress.UNIFIED_PUSH("no address")):
        assert approval_fault(lambda: companion.ring_at(bad)).is_NOT_ALLOWED()  # noqa: B023
    short = RingAddress.WEB_PUSH(to="https://push.example/a", p256dh=b"x", auth=b"y")
    assert approval_fault(lambda: companion.ring_at(short)).is_NOT_ALLOWED()
    companion.ring_at(RingAddress.UNIFIED_PUSH("https://push.example/a"))
    assert companion.work_account(device.work).may_not_ring
    device.settle()
    assert not companion.work_account(device.work).may_not_ring
    assert len(server.control("requests", path="delivery")["requests"]) == 1
    companion.ring_at(None)
    device.settle()
    assert len(server.control("requests", path="delivery")["requests"]) == 2


def test_what_the_organisation_sees_is_shown(device: Device) -> None:
    disclosure = device.companion.disclosure(device.work)
    assert countersign.Sent.PUBLIC_KEYS in disclosure.sent and countersign.Sent.DEVICE_NAME in disclosure.sent
    assert countersign.Sent.PUSH_ADDRESS not in disclosure.sent
    assert any(rule.is_OFFLINE_ALLOWED() for rule in disclosure.rules)
    assert any(rule.is_NUMBER_DIGITS() and rule[0] == 6 for rule in disclosure.rules)
    assert device.companion.may_export_work(device.work)
    assert approval_fault(lambda: device.companion.disclosure("00" * 16)).is_NO_SUCH_ACCOUNT()


def test_the_history_is_read_checked_and_exported(device: Device, server: Server) -> None:
    asked = server.ask()
    device.decide(only(device), Decision.APPROVE(asked["number"]))
    companion = device.companion
    items = companion.history()
    assert [item.seq for item in items] == list(range(len(items), 0, -1))
    newest = items[0].kind
    assert isinstance(newest, HistoryItemKind.ENTRY)
    assert newest.decision is countersign.HistoryDecision.APPROVE
    assert newest.outcome is countersign.HistoryOutcome.APPROVED
    assert newest.about.user.expose() == "alice"
    assert companion.history(device.work, 1) == items[:1]
    (names,) = companion.history_names()
    assert names.account == device.work and names.label.expose() == "alice@work.example"
    report = companion.verify_history()
    assert report.chain.entries == len(items) and report.unproven == 0
    assert companion.verify_history_chain() == report.chain
    exported = run(companion.export_history(device.work))
    lines = [json.loads(line) for line in exported.document.expose().splitlines()]
    assert exported.exported.entries == len(items) and exported.exported.signed == [device.work]
    assert lines[0]["line"] == "history" and lines[-1]["line"] == "end"
    assert "alice" not in str(exported)


def test_an_account_leaves_its_server(device: Device, server: Server) -> None:
    companion = device.companion
    companion.trash_work(device.work)
    assert approval_fault(lambda: companion.trash_work(device.work)).is_IN_TRASH()
    server.ask()
    assert device.pending() == [], "in the trash it is mute"
    companion.restore_work(device.work)
    companion.leave(device.work)
    assert companion.work_account(device.work).is_leaving
    device.settle()
    device.settle()
    assert companion.work_accounts() == []
    stages = [there["stage"]["is"] for there in server.of_account("look")["devices"]]
    assert "active" not in stages
    assert len(companion.history()) > 0, "what happened stays"


def test_an_account_moves_to_another_device(device: Device, server: Server, tmp_path: Path) -> None:
    old = device.companion
    assert approval_fault(lambda: old.confirm_move(device.work, "123456")).is_NO_MOVE()
    old.begin_move(device.work)
    device.settle()
    device.settle()
    moving = old.work_account(device.work).moving
    assert moving is not None and moving.is_INVITED(), moving
    second = Device(server, tmp_path, "second")
    second.invite(moving.invitation.expose())
    second.settle()
    check = second.companion.work_account(second.work).check
    assert check is not None
    assert approval_fault(lambda: old.confirm_move(device.work, "12")).is_CHECK_NUMBER()
    device.put_clocks(second.clock.at)
    old.confirm_move(device.work, check.number.expose())
    device.settle()
    device.settle()
    testing = old.work_account(device.work).moving
    assert testing is not None and testing.is_TESTING(), testing
    second.put_clocks(device.clock.at)
    second.settle()
    (test,) = second.pending()
    second.decide(test, Decision.APPROVE(testing.number.expose()))
    assert second.companion.work_account(second.work).standing.is_ACTIVE()
    device.put_clocks(second.clock.at)
    device.settle()
    device.settle()
    assert old.work_account(device.work).standing.is_MOVED()
    second.close()
