"""Sign-ins: from an invitation to a receipt, and everything that comes in between."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import countersign
import pytest
from conftest import added, raises, run
from countersign import (
    ApprovalFault,
    Attention,
    CountersignError,
    Decision,
    DeviceKeyError,
    Event,
    HistoryItemKind,
    NextAction,
    Outcome,
    RingAddress,
    SlotKind,
    Unreachable,
)
from keys import MemoryKeys, WrappingKey
from server import Device, Server, approval_fault, only, outcomes


def bell_of(server: Server) -> bytes:
    """What the server pushes to a device: its token stands in the last message of where to ring."""
    request = server.control("requests", path="delivery")["requests"][-1]["request"]
    payload = request.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return json.dumps({"v": 1, "bell": claims["delivery"]["bell"]}).encode()


def test_a_sign_in_is_approved_from_invitation_to_receipt(server: Server, tmp_path: Path) -> None:
    device = Device(server, tmp_path)
    assert device.companion.next_action(Attention.IDLE).is_NOTHING()
    device.enrolled()
    view = device.companion.work_account(device.work)
    assert view.host.expose() in server.url and view.label.expose() == "alice@work.example"
    assert view.is_test_mode and view.has_software_keys and view.check is None
    asked = server.ask()
    events = device.settle()
    statement = only(device)
    assert [event.statement for event in events if isinstance(event, Event.RINGS)] == [statement.id]
    lines = {line.field: line.text.expose() for line in statement.lines}
    assert lines["user"] == "alice" and "work.example" in lines["origin"]
    assert statement.matching.is_ENTER_NUMBER() and statement.matching.digits == len(asked["number"])
    assert statement.cannot_approve is None and not statement.is_test
    too_short = approval_fault(lambda: device.decide(statement, Decision.APPROVE("12")))
    assert too_short.is_NUMBER() and too_short.digits == 6
    number = asked["number"]
    assert outcomes(device.decide(statement, Decision.APPROVE(f" {number[:3]} {number[3:]} "))) == [Outcome.APPROVED()]
    assert server.outcome(asked) == "approved"
    assert device.companion.pending() == []
    assert device.companion.statement(statement.id).outcome == Outcome.APPROVED()
    assert approval_fault(lambda: run(device.companion.decide(statement.id, Decision.DENY()))).is_ENDED()
    device.close()


@pytest.mark.parametrize(
    ("decision", "outcome", "at_the_server"),
    [
        (Decision.DENY(), Outcome.DENIED(), "denied"),
        (Decision.CANCEL(), Outcome.CANCELLED(), "cancelled"),
    ],
    ids=["a_sign_in_is_denied", "a_sign_in_is_cancelled"],
)
def test_a_sign_in_is_answered_otherwise(
    device: Device, server: Server, decision: Decision, outcome: Outcome, at_the_server: str
) -> None:
    asked = server.ask()
    assert outcomes(device.decide(only(device), decision)) == [outcome]
    assert server.outcome(asked) == at_the_server


def test_a_sign_in_is_reported_and_the_account_is_mute(device: Device, server: Server) -> None:
    server.ask()
    statement = only(device)
    assert outcomes(device.decide(statement, Decision.REPORT())) == [Outcome.REPORTED()]
    assert device.companion.work_account(device.work).muted_until is not None
    asked = server.ask()
    assert not asked["is_listed"] and device.pending() == [], "nobody is asked by somebody else's sign-ins"
    device.companion.scan_statement(asked["link"], True)
    (scanned,) = device.companion.pending()
    assert outcomes(device.decide(scanned, Decision.APPROVE(asked["number"]))) == [Outcome.APPROVED()]


def test_a_wrong_number_leaves_tries(device: Device, server: Server) -> None:
    asked = server.ask()
    statement = only(device)
    wrong = "000000" if asked["number"] != "000000" else "111111"
    assert outcomes(device.decide(statement, Decision.APPROVE(wrong))) == [Outcome.WRONG_NUMBER(left=2)]
    assert only(device).tries_left == 2
    assert outcomes(device.decide(statement, Decision.APPROVE(asked["number"]))) == [Outcome.APPROVED()]


def test_a_request_that_expired_is_not_approved(device: Device, server: Server) -> None:
    asked = server.ask(lifetime_s=60)
    statement = only(device)
    device.clock.at += 90
    approve = Decision.APPROVE(asked["number"])
    late = approval_fault(lambda: run(device.companion.decide(statement.id, approve)))
    assert isinstance(late, ApprovalFault.EXPIRED) and 0 < late.ago_s <= 90
    device.put_clocks(device.clock.at)
    device.settle()
    assert device.companion.pending() == []
    assert server.outcome(asked) == "expired"


def test_a_scanned_request_is_answered_offline(device: Device, server: Server) -> None:
    server.control("network", do={"kind": "drop"}, times=None)
    asked = server.ask()
    reading = countersign.examine(asked["link"], True)
    link = reading.statement()
    assert link is not None and link.user.expose() == "alice"
    statement = device.companion.scan_statement(asked["link"], True)
    assert [open.id for open in device.companion.pending()] == [statement]
    response = run(device.companion.offline_response(statement)).expose()
    assert len(response) == 8 and response.isdigit()
    server.of_account("respond", statement=asked["id"], response=response)
    assert server.outcome(asked) == "approved"
    server.control("network_clear")
    device.companion.try_at_once()
    device.settle()
    device.settle()
    assert device.companion.statement(statement).outcome == Outcome.APPROVED_OFFLINE()
    for text in ("", "countersign://approve?s=a.b.c", asked["link"][:-4] + "AAAA"):
        refused = approval_fault(lambda: device.companion.scan_statement(text, True))  # noqa: B023
        assert refused.is_NOT_GENUINE()


def test_a_bell_is_taken_with_the_vault_open_and_on_the_porch(server: Server, tmp_path: Path) -> None:
    keys, key = MemoryKeys(), WrappingKey()
    device = Device(server, tmp_path, device_keys=keys).enrolled()
    companion = device.companion
    companion.ring_at(RingAddress.GATEWAY("https://ring.example/x"))
    device.settle()
    bell = bell_of(server)
    for nothing in (b"", b"{}", b"\xff", bell.replace(b'"v": 1', b'"v": 2'), b'{"v":1,"bell":"BwcHBwcHBwcHBwcHBwcHBw"}'):
        assert not companion.bell(nothing)
    before = companion.next_action(Attention.IDLE)
    assert companion.bell(bell)
    after = companion.next_action(Attention.IDLE)
    assert before.is_WAIT_UNTIL() and after.is_WAIT_UNTIL() and after.at <= device.clock.at + 1 < before.at

    run(companion.add_platform_key(key, SlotKind.PORCH))
    companion.take_over_porch()
    companion.lock()
    raises(CountersignError.NotUnlocked, lambda: companion.bell(bell))
    assert companion.has_porch()
    run(companion.open_porch(key))
    assert companion.state() is countersign.CompanionState.ON_THE_PORCH
    raises(CountersignError.NotUnlocked, companion.list)
    raises(CountersignError.NotUnlocked, companion.work_accounts)
    asked = server.ask()
    assert companion.bell(bell)
    device.settle()
    (waiting,) = companion.waiting()
    assert waiting.label.expose() == "alice@work.example" and not waiting.is_quiet
    (statement,) = companion.pending()
    assert statement.id == waiting.id
    assert outcomes(device.decide(statement, Decision.APPROVE(asked["number"]))) == [Outcome.APPROVED()]
    assert server.outcome(asked) == "approved"
    companion.unlock_with_recovery(device.code)
    assert companion.statement(statement.id).outcome == Outcome.APPROVED()
    kinds = [item.kind.kind for item in companion.history() if isinstance(item.kind, HistoryItemKind.ENTRY)]
    assert kinds[0] is countersign.HistoryKind.ANSWERED, "what the porch did is in the history"
    companion.verify_history()
    device.close()


def test_keys_of_the_platform_sign_with_nothing_held(server: Server, tmp_path: Path) -> None:
    seen: list[int] = []
    devices: list[Device] = []

    async def before(what: str, alias: str) -> None:
        companion = devices[0].companion
        seen.append(len(companion.work_accounts()))
        if what == "sign":
            companion.edit(personal, countersign.Edit(note=f"signed {len(seen)}"))
        await asyncio.to_thread(companion.list)

    keys = MemoryKeys(before)
    devices.append(Device(server, tmp_path, device_keys=keys))
    device = devices[0]
    personal = added(device.companion)
    device.enrolled()
    assert keys.calls.count("create") == 2 == len(keys.keys)
    asked = server.ask()
    assert outcomes(device.decide(only(device), Decision.APPROVE(asked["number"]))) == [Outcome.APPROVED()]
    assert len(seen) == len(keys.calls) > 4 and set(seen) == {1}
    assert not device.companion.work_account(device.work).has_software_keys
    assert run(device.companion.check_keys()) == 0
    exported = run(device.companion.export_history(None))
    assert exported.exported.signed == [device.work]
    keys.keys.clear()
    assert run(device.companion.check_keys()) == 1
    assert device.companion.work_account(device.work).standing.is_NEEDS_REACTIVATION()
    device.close()


def test_a_prompt_that_was_cancelled_can_be_answered_again(server: Server, tmp_path: Path) -> None:
    trouble: list[Exception] = []

    async def before(what: str, alias: str) -> None:
        if what == "sign" and trouble:
            raise trouble[0]

    device = Device(server, tmp_path, device_keys=MemoryKeys(before)).enrolled()
    asked = server.ask()
    statement = only(device)
    approve = Decision.APPROVE(asked["number"])
    for error, said in (
        (DeviceKeyError.Cancelled(), countersign.KeyStoreError.CANCELLED),
        (DeviceKeyError.Failed(), countersign.KeyStoreError.FAILED),
        (DeviceKeyError.LockedOut(), countersign.KeyStoreError.LOCKED_OUT),
        (DeviceKeyError.NotAvailable(), countersign.KeyStoreError.NOT_AVAILABLE),
    ):
        trouble[:] = [error]
        refused = raises(CountersignError.Key, lambda: run(device.companion.decide(statement.id, approve)))
        assert refused.fault is said
        assert device.companion.statement(statement.id).cannot_approve is None
    trouble.clear()
    assert outcomes(device.decide(statement, approve)) == [Outcome.APPROVED()]
    server.ask()
    statement = only(device)
    trouble[:] = [DeviceKeyError.Invalidated()]
    gone = raises(CountersignError.Key, lambda: run(device.companion.decide(statement.id, approve)))
    assert gone.fault is countersign.KeyStoreError.INVALIDATED
    assert device.companion.work_account(device.work).standing.is_NEEDS_REACTIVATION()
    device.close()


class Endless(countersign.Transport):
    """Never answers."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.was_cancelled = False

    async def post(self, request: countersign.HttpRequest) -> countersign.HttpReply:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        raise AssertionError("an event that nobody sets")


class Switch(countersign.Transport):
    """The transport that it is set to."""

    def __init__(self) -> None:
        self.to: countersign.Transport = countersign.UrllibTransport()

    async def post(self, request: countersign.HttpRequest) -> countersign.HttpReply:
        return await self.to.post(request)


def test_a_task_that_is_cancelled_leaves_a_usable_companion(server: Server, tmp_path: Path) -> None:
    prompt = asyncio.Event()
    is_patient = False

    async def before(what: str, alias: str) -> None:
        if is_patient and what == "sign":
            prompt.set()
            await asyncio.Event().wait()

    switch = Switch()
    device = Device(server, tmp_path, transport=switch, device_keys=MemoryKeys(before)).enrolled()
    asked = server.ask()
    statement = only(device)
    companion = device.companion
    approve = Decision.APPROVE(asked["number"])

    async def cancelled(work: Any, begun: asyncio.Event) -> None:
        task = asyncio.ensure_future(work)
        await begun.wait()
        assert companion.list() == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    is_patient = True
    run(cancelled(companion.decide(statement.id, approve), prompt))
    is_patient = False
    assert companion.statement(statement.id).cannot_approve is None
    run(companion.decide(statement.id, approve))

    action = companion.next_action(Attention.IDLE)
    assert action.is_SEND()

    async def sent() -> Endless:
        switch.to = endless = Endless()
        await cancelled(companion.do_action(action, Attention.IDLE), endless.begun)
        await asyncio.sleep(0)
        return endless

    assert run(sent()).was_cancelled
    assert companion.next_action(Attention.IDLE) == action, "the lane is free again"
    switch.to = countersign.UrllibTransport()
    assert outcomes(device.settle()) == [Outcome.APPROVED()]
    device.close()


def test_a_server_that_is_silent_or_lies_changes_nothing(device: Device, server: Server) -> None:
    companion = device.companion
    asked = server.ask()
    fetch = NextAction.SEND(device.work, countersign.Lane.ASK)
    for kind in ("drop", "unavailable", "redirect", "raw", "huge", "other_key", "other_device", "answer"):
        rule: dict[str, Any] = {"kind": kind}
        rule.update({"redirect": {"to": server.url}, "raw": {"text": "no HTTP at all\r\n\r\n"}}.get(kind, {}))
        rule.update({"huge": {"bytes": 5_000_000}, "answer": {"status": 400, "headers": {}, "body": "{}"}}.get(kind, {}))
        server.control("network", path="fetch", do=rule)
        done = run(companion.do_action(fetch, Attention.LOOKING))
        assert done.troubles == [], kind
        assert [type(event) for event in done.events] in ([], [Event.REFUSED]), kind
        assert companion.pending() == [], kind
        assert companion.work_account(device.work).standing.is_ACTIVE()
    server.control("network_clear")
    outgoing = run(companion.prepare(device.work, countersign.Lane.ASK, Attention.LOOKING))
    assert outgoing.errand.account() == device.work and outgoing.request.url.startswith(server.url)
    busy = approval_fault(lambda: run(companion.prepare(device.work, countersign.Lane.ASK, Attention.LOOKING)))
    assert busy.is_NOTHING_TO_SEND(), "an account has one request at a time on each lane"
    assert companion.take_silence(outgoing.errand, Unreachable.TIMED_OUT) == []
    assert companion.work_account(device.work).unreachable_since is not None
    companion.try_at_once()
    again = run(companion.prepare(device.work, countersign.Lane.ASK, Attention.LOOKING))
    companion.give_up(again.errand)
    outgoing = run(companion.prepare(device.work, countersign.Lane.ASK, Attention.LOOKING))
    reply = run(device.ports.transport.post(outgoing.request))
    events = companion.take_reply(outgoing.errand, reply)
    assert [type(event) for event in events] == [Event.RINGS]
    assert outcomes(device.decide(only(device), Decision.APPROVE(asked["number"]))) == [Outcome.APPROVED()]
