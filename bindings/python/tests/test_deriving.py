"""What others do while a password's key is derived."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable

import countersign
from conftest import NOW, StillClock, ports, raises
from countersign import Companion, CompanionState, CountersignError, Damaged, RecoveryCode, VaultPlace

PASSWORD = b"correct horse battery staple"
# About a second: what is done beside it takes milliseconds.
LONG = countersign.KdfParams(memory_kib=256 * 1024, passes=4, lanes=1)


class Deriving:
    """A companion, and steps that derive on a thread of their own."""

    def __init__(self, place: VaultPlace, code: RecoveryCode, pool: ThreadPoolExecutor) -> None:
        self._begun = threading.Event()
        self._pool = pool
        begun = self._begun

        class Telling(StillClock):
            def now(self) -> int:
                begun.set()
                return self.at

        self.companion = Companion.create(place, ports(Telling()), recovery=code)

    def begin(self, step: Callable[[], object]) -> "Future[object]":
        """Begins a step, and comes back while it derives."""
        self._begun.clear()
        running = self._pool.submit(step)
        assert self._begun.wait(60)
        for _ in range(1_000):
            self.companion.state()
        assert not running.done(), "it held the companion for as long as it derived"
        return running


def test_nobody_waits_while_a_key_is_derived(place: VaultPlace, code: RecoveryCode) -> None:
    with ThreadPoolExecutor(2) as pool:
        deriving = Deriving(place, code, pool)
        companion = deriving.companion
        for step in (
            lambda: companion.add_password(PASSWORD, LONG),
            lambda: companion.change_password(PASSWORD, Damaged.REFUSE, LONG),
        ):
            running = deriving.begin(step)
            companion.lock()
            # Who comes back is another session: what was begun before does nothing in it.
            companion.unlock_with_recovery(code, NOW)
            raises(CountersignError.NotUnlocked, lambda: running.result(60))  # noqa: B023
            companion.lock()
            assert not companion.has_password(), "nothing was added"
            companion.unlock_with_recovery(code, NOW)
        companion.add_password(PASSWORD, LONG)
        companion.lock()
        running = deriving.begin(lambda: companion.unlock_with_password(PASSWORD))
        companion.unlock_with_recovery(code, NOW)
        raises(CountersignError.NotLocked, lambda: running.result(60))
        companion.lock()
        # It is locked again while it is unlocked: it stays locked.
        running = deriving.begin(lambda: companion.unlock_with_password(PASSWORD))
        companion.lock()
        assert raises(CountersignError.Vault, lambda: running.result(60)).fault.is_LOCKED()
        assert companion.state() is CompanionState.LOCKED
        # Of two at once one unlocks.
        both = [deriving.begin(lambda: companion.unlock_with_password(PASSWORD)) for _ in range(2)]
        errors = [type(error) for running in both if (error := running.exception(60))]
        assert errors == [CountersignError.NotLocked]
        assert companion.state() is CompanionState.UNLOCKED
        running = deriving.begin(lambda: companion.change_password(b"another", Damaged.REFUSE, LONG))
        companion.close()
        raises(CountersignError.Closed, lambda: running.result(60))
