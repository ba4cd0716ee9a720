"""Steps that end as soon as they are asked, and objects that nobody copies."""

from __future__ import annotations

import asyncio
import copy
import gc
import os
import pickle
import sys
import weakref
from typing import Any, Callable

import pytest

import countersign
from conftest import LINK, ports, run
from countersign import Attention, Companion, Decision, Lane, RecoveryCode, VaultPlace
from server import approval_fault, only


def test_a_text_that_cannot_cross_is_refused_and_keeps_nothing_alive(place: VaultPlace, code: RecoveryCode) -> None:
    Companion.create(place, ports(), recovery=code).close()

    def refused() -> Any:
        opened = Companion.open(place, ports())
        opened.unlock_with_recovery(code)
        with pytest.raises(ValueError) as caught:
            opened.search("MARKED \ud800")
        return weakref.ref(opened), repr(caught.value)

    open_before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(3):
        opened, error = refused()
        gc.collect()
        assert opened() is None and "MARKED" not in error
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) == open_before


def begun_and_cancelled(step: Callable[[], Any]) -> Any:
    """What a step that waits for nobody comes to, where it is cancelled behind its first moment."""

    async def work() -> Any:
        task = asyncio.ensure_future(step())
        await asyncio.sleep(0)
        task.cancel()
        return await task

    return run(work())


def test_a_decision_that_was_stored_is_said_to_be(server: Any, device: Any) -> None:
    asked = server.ask()
    statement = only(device)
    begun_and_cancelled(lambda: device.companion.decide(statement.id, Decision.APPROVE(asked["number"])))
    device.settle()
    assert server.outcome(asked) == "approved"


def test_a_request_that_was_prepared_reaches_who_asked_for_it(device: Any) -> None:
    companion = device.companion
    prepared = begun_and_cancelled(lambda: companion.prepare(device.work, Lane.ASK, Attention.LOOKING))
    companion.give_up(prepared.errand)
    again = run(companion.prepare(device.work, Lane.ASK, Attention.LOOKING))
    companion.give_up(again.errand)


def test_an_errand_that_nobody_has_any_more_has_no_lane(device: Any) -> None:
    companion = device.companion

    def prepared() -> Any:
        return run(companion.prepare(device.work, Lane.ASK, Attention.LOOKING))

    lost = prepared()
    assert approval_fault(prepared).is_NOTHING_TO_SEND()
    del lost
    gc.collect()
    kept = prepared()
    companion.take_silence(kept.errand, countersign.Unreachable.TIMED_OUT)
    companion.try_at_once()
    # What is lost after its lane was freed leaves the next one's alone.
    later = prepared()
    del kept
    gc.collect()
    assert approval_fault(prepared).is_NOTHING_TO_SEND()
    companion.give_up(later.errand)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, pickle.dumps, lambda value: value.__reduce__()], ids=["copy", "deepcopy", "pickle", "reduce"]
)
def test_an_object_is_copied_by_nobody(companion: Companion, code: RecoveryCode, copied: Callable[[Any], Any]) -> None:
    reading = countersign.examine(LINK)
    for value in (companion, code, reading):
        with pytest.raises(TypeError):
            copied(value)
    gc.collect()
    assert companion.list() == [] and len(reading.accounts()) == 1
    assert RecoveryCode.parse(code.format().expose()).format() == code.format()
