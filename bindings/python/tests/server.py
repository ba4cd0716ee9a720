"""The scripted server (docs/scripted-server.md), and a device that is enrolled there."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Optional

import countersign
from conftest import NOW, StillClock, raises, run
from countersign import (
    Attention,
    Companion,
    CountersignError,
    Decision,
    Event,
    KeyPlace,
    NewWork,
    Outcome,
    Ports,
    RecoveryCode,
    Settled,
    Statement,
    UrllibTransport,
    VaultPlace,
)

PROGRAM = os.environ.get("COUNTERSIGN_SCRIPTED") or str(Path(__file__).parents[3] / "target/debug/countersign-scripted")


class Server:
    """A running server, whose clock stands at `NOW` until it is put elsewhere."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.url = json.loads(self._process.stdout.readline())["url"]
        self.control("clock", set=NOW)
        self.account = self.control("person", label="alice@work.example")["account"]

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def control(self, name: str, **what: Any) -> Any:
        asked = urllib.request.Request(
            f"{self.url}/control/{name}", json.dumps(what).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{name}: {error.read().decode()}") from None

    def of_account(self, name: str, **what: Any) -> Any:
        return self.control(name, account=self.account, **what)

    def ask(self, **what: Any) -> dict[str, Any]:
        """A sign-in that waits for an answer."""
        return self.of_account("statement", act="sign_in", origin="work.example", user="alice", **what)

    def outcome(self, asked: dict[str, Any]) -> str:
        return self.of_account("outcome", statement=asked["id"])["outcome"]


class Device:
    """A companion with one work account."""

    def __init__(self, server: Server, folder: Path, name: str = "phone", **lent: Any) -> None:
        self.server = server
        self.clock = lent.pop("clock", None) or StillClock(server.control("clock")["now"])
        lent.setdefault("transport", UrllibTransport())
        self.ports = Ports(clock=self.clock, **lent)
        self.place = VaultPlace(path=str(folder / name / "vault"), anchor_folder=str(folder / name / "anchors"))
        self.code = RecoveryCode.generate()
        self.name = name
        self.keys = KeyPlace.PLATFORM if "device_keys" in lent else KeyPlace.SOFTWARE
        self.companion = Companion.create(self.place, self.ports, recovery=self.code)
        self.work: Optional[str] = None

    def invite(self, link: str) -> str:
        invitation = countersign.examine(link, True).invitation()
        assert invitation is not None
        new = NewWork(device_name=self.name, platform="test", app="tests 1", keys=self.keys)
        self.work = self.companion.add_work(invitation, new)
        return self.work

    def enrolled(self, can_offline: bool = True) -> "Device":
        """From invitation to the first approval, a test."""
        work = self.invite(self.server.of_account("invitation")["link"])
        self.settle()
        view = self.companion.work_account(work)
        assert view.standing.is_UNCONFIRMED() and view.check is not None, view.standing
        self.server.of_account("confirm", number=view.check.number.expose())
        self.settle()
        assert self.companion.work_account(work).standing.is_CONFIRMED()
        number = self.server.of_account("look")["devices"][-1]["stage"]["number"]
        (test,) = self.companion.pending()
        assert test.is_test
        self.decide(test, Decision.APPROVE(number))
        self.settle()
        view = self.companion.work_account(work)
        assert view.standing.is_ACTIVE() and view.can_offline is can_offline
        return self

    def settle(self) -> list[Event]:
        """Does what is due, puts the clocks to when more is, and does that. Nothing goes wrong meanwhile."""
        events = self._settled()
        action = self.companion.next_action(Attention.LOOKING)
        if action.is_WAIT_UNTIL():
            self.put_clocks(action.at)
            events += self._settled()
        return events

    def _settled(self) -> list[Event]:
        settled: Settled = run(self.companion.settle(Attention.LOOKING))
        assert settled.troubles == [], settled
        return settled.events

    def put_clocks(self, at: int) -> None:
        self.clock.at = at
        self.server.control("clock", set=at)

    def pending(self) -> list[Statement]:
        self.settle()
        return self.companion.pending()

    def decide(self, statement: Statement, decision: Decision) -> list[Event]:
        run(self.companion.decide(statement.id, decision))
        return self.settle()

    def close(self) -> None:
        self.companion.close()


def approval_fault(step: Any) -> Any:
    """What stands against a step."""
    return raises(CountersignError.Approval, step).fault


def only(device: Device) -> Statement:
    """The one request that waits."""
    (statement,) = device.pending()
    return statement


def outcomes(events: list[Event]) -> list[Outcome]:
    """What became of requests."""
    return [event.outcome for event in events if isinstance(event, Event.OUTCOME)]
