"""What the scenarios share: vaults that open quickly, and a clock that stands still."""

from __future__ import annotations

import asyncio
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any, Callable, Coroutine, Iterator, Optional

import pytest

import countersign
from countersign import Companion, Ports, RecoveryCode, VaultPlace

NOW = 1_800_000_000
LINK = "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example"


class StillClock(countersign.Clock):
    """Stands where it was put."""

    def __init__(self, now: int = NOW) -> None:
        self.at = now

    def now(self) -> int:
        return self.at


def ports(clock: Optional[countersign.Clock] = None, **others: Any) -> Ports:
    return Ports(clock=clock or StillClock(), **others)


@pytest.fixture
def place(tmp_path: Path) -> VaultPlace:
    return VaultPlace(path=str(tmp_path / "vault"), anchor_folder=str(tmp_path / "anchors"))


@pytest.fixture
def code() -> RecoveryCode:
    return RecoveryCode.generate()


@pytest.fixture
def companion(place: VaultPlace, code: RecoveryCode) -> Iterator[Companion]:
    """A vault that only the recovery code opens: no key derivation to wait for."""
    with Companion.create(place, ports(), recovery=code) as companion:
        yield companion


def added(companion: Companion, link: str = LINK) -> str:
    """The id of the account that a link adds."""
    (outcome,) = companion.add(countersign.examine(link))
    assert isinstance(outcome, countersign.Added.NEW), outcome
    return outcome.id


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine; one that hangs fails."""

    async def bounded() -> Any:
        return await asyncio.wait_for(work, 60)

    return asyncio.run(bounded())


def bounded(step: Callable[[], object]) -> None:
    """Runs a step that would hang where it failed: in a thread that nobody waits for any longer then."""
    ended: "Queue[Optional[BaseException]]" = Queue()

    def run() -> None:
        try:
            step()
            ended.put(None)
        except BaseException as error:
            ended.put(error)

    Thread(target=run, daemon=True).start()
    try:
        error = ended.get(timeout=60)
    except Empty:
        raise AssertionError("it hangs") from None
    if error is not None:
        raise error


def raises(kind: type, step: Callable[[], object]) -> Any:
    """The error that a step fails with."""
    with pytest.raises(kind) as caught:
        step()
    return caught.value


def vault_fault(step: Any) -> Any:
    """What the vault says against a step."""
    return raises(countersign.CountersignError.Vault, step).fault


@pytest.fixture
def server() -> Iterator[Any]:
    from server import Server

    server = Server()
    yield server
    server.close()


@pytest.fixture
def device(server: Any, tmp_path: Path) -> Iterator[Any]:
    """A device with an active work account, its keys in the vault."""
    from server import Device

    device = Device(server, tmp_path).enrolled()
    yield device
    device.close()
