"""Steps that end as soon as they are asked, and objects that nobody copies."""

from __future__ import annotations

import asyncio
import copy
import gc
import pickle
from typing import Any, Callable

import pytest

import countersign
from conftest import LINK, run
from countersign import Attention, Companion, Decision, Lane, RecoveryCode
from server import only


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
