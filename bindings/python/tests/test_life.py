"""A vault's life: made, locked, unlocked, kept, damaged, recovered, shut."""

from __future__ import annotations

import gc
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import countersign
import pytest
from conftest import LINK, NOW, StillClock, added, ports, raises, run, vault_fault
from countersign import (
    Companion,
    CompanionState,
    CountersignError,
    Credential,
    Damaged,
    LastWay,
    PlatformKeyError,
    RecoveryCode,
    SlotKind,
    VaultPlace,
    WrapError,
)
from keys import MemoryAnchor, WrappingKey


def test_a_vault_is_made_locked_and_unlocked_by_each_way(place: VaultPlace, code: RecoveryCode) -> None:
    key = WrappingKey()
    with Companion.create(place, ports(), password="pass phrase", recovery=code) as made:
        id = added(made)
        run(made.add_platform_key(key, SlotKind.PLATFORM))
        made.lock()
        assert made.state() is CompanionState.LOCKED
        made.lock()
        vault = made.vault_id()
    with Companion.open(place, ports()) as companion:
        assert companion.vault_id() == vault
        assert companion.has_password() and companion.has_recovery() and companion.has_platform_key()
        assert not companion.has_porch()
        for unlock in (
            lambda: companion.unlock_with_password("pass phrase"),
            lambda: companion.unlock_with_recovery(RecoveryCode.parse(code.format().expose().lower())),
            lambda: run(companion.unlock_with_platform_key(key)),
        ):
            unlock()
            assert companion.state() is CompanionState.UNLOCKED
            assert [row.id for row in companion.list()] == [id]
            companion.lock()
    assert countersign.is_idle(NOW, NOW + 60, 60) and not countersign.is_idle(NOW, NOW + 59, 60)


def test_a_wrong_password_leaves_the_vault_locked(place: VaultPlace, code: RecoveryCode) -> None:
    Companion.create(place, ports(), password=b"right", recovery=code).close()
    with Companion.open(place, ports()) as companion:
        assert vault_fault(lambda: companion.unlock_with_password("wrong")).is_WRONG_PASSWORD()
        assert vault_fault(lambda: companion.unlock_with_password(b"\xff")).is_PASSWORD_NOT_TEXT()
        assert vault_fault(lambda: companion.unlock_with_recovery(RecoveryCode.generate())).is_WRONG_PASSWORD()
        assert companion.state() is CompanionState.LOCKED
        companion.unlock_with_password("right")
    for text, kind in (
        ("unusual", countersign.RecoveryCodeError.Character),
        ("0123", countersign.RecoveryCodeError.Length),
        (code.format().expose()[:-1] + "*", countersign.RecoveryCodeError.Character),
        ("0" * 36, countersign.RecoveryCodeError.Check),
    ):
        error = raises(kind, lambda: RecoveryCode.parse(text))  # noqa: B023
        assert text not in str(error)


def test_a_key_of_the_platform_unlocks_and_one_that_is_gone_is_passed_over(
    companion: Companion, code: RecoveryCode
) -> None:
    key, lost = WrappingKey(), WrappingKey()
    assert vault_fault(lambda: (companion.lock(), run(companion.unlock_with_platform_key(key)))).is_NO_SUCH_SLOT()
    companion.unlock_with_recovery(code)
    slot = run(companion.add_platform_key(key, SlotKind.PLATFORM))
    companion.lock()
    for error, said in (
        (WrapError.Cancelled(), PlatformKeyError.CANCELLED),
        (WrapError.LockedOut(), PlatformKeyError.LOCKED_OUT),
        (WrapError.NotAvailable(), PlatformKeyError.NOT_AVAILABLE),
        (WrapError.Invalidated(), PlatformKeyError.INVALIDATED),
    ):
        key.trouble = error
        fault = vault_fault(lambda: run(companion.unlock_with_platform_key(key)))
        assert fault.is_PLATFORM_KEY() and fault[0] is said
        assert companion.state() is CompanionState.LOCKED
    companion.unlock_with_recovery(code)
    assert slot not in [info.id for info in companion.slots()], "what is gone for good is retired"
    lost.trouble = WrapError.Cancelled()
    assert vault_fault(lambda: run(companion.add_platform_key(lost, SlotKind.PLATFORM))).is_PLATFORM_KEY()
    assert len(companion.slots()) == 1


def test_a_companion_is_shut_twice_and_says_so_afterwards(companion: Companion, code: RecoveryCode) -> None:
    reading = countersign.examine(LINK)
    companion.close()
    companion.close()
    assert companion.state() is CompanionState.CLOSED
    key = WrappingKey()
    steps: list[Any] = [
        companion.list,
        companion.codes,
        companion.trash,
        companion.status,
        companion.check,
        companion.snapshot,
        companion.lock,
        companion.vault_id,
        companion.has_password,
        companion.work_accounts,
        companion.pending,
        companion.try_at_once,
        companion.history,
        companion.verify_history,
        lambda: companion.add(reading),
        lambda: companion.search(""),
        lambda: companion.unlock_with_password("x"),
        lambda: companion.unlock_with_recovery(code),
        lambda: companion.bell(b""),
        lambda: companion.bell(b'{"v":1,"bell":"BwcHBwcHBwcHBwcHBwcHBw"}'),
        lambda: companion.next_action(countersign.Attention.IDLE),
        lambda: run(companion.unlock_with_platform_key(key)),
        lambda: run(companion.open_porch(key)),
        lambda: run(companion.settle(countersign.Attention.IDLE)),
        lambda: run(companion.check_keys()),
        lambda: run(companion.export_history(None)),
        lambda: run(companion.decide("00", countersign.Decision.DENY())),
    ]
    for step in steps:
        raises(CountersignError.Closed, step)
    assert key.calls == 0


def test_a_step_in_another_state_says_which(companion: Companion, code: RecoveryCode) -> None:
    raises(CountersignError.NotLocked, lambda: companion.unlock_with_recovery(code))
    raises(CountersignError.NotLocked, companion.has_password)
    raises(CountersignError.NotLocked, companion.waiting)
    raises(CountersignError.NotLocked, lambda: run(companion.open_porch(WrappingKey())))
    companion.lock()
    raises(CountersignError.NotUnlocked, companion.list)
    raises(CountersignError.NotUnlocked, companion.pending)
    raises(CountersignError.NotUnlocked, lambda: companion.add(countersign.examine(LINK)))
    raises(CountersignError.NotUnlocked, lambda: run(companion.add_platform_key(WrappingKey(), SlotKind.PORCH)))
    companion.unlock_with_recovery(code)
    assert companion.list() == []


@pytest.mark.parametrize("kind", ["files", "port"])
def test_an_older_copy_of_the_file_is_seen_by_the_anchor(tmp_path: Path, code: RecoveryCode, kind: str) -> None:
    path = tmp_path / "vault"
    anchor = MemoryAnchor() if kind == "port" else None
    place = VaultPlace(path=str(path), anchor_folder=None if anchor else str(tmp_path / "anchors"))
    lent = ports(anchor=anchor)
    with Companion.create(place, lent, recovery=code) as companion:
        added(companion)
    if anchor is not None:
        assert len(anchor.stored) == 1 and all(len(bytes) > 60 for bytes in anchor.stored.values())
    older = path.read_bytes()
    with Companion.open(place, lent) as companion:
        companion.unlock_with_recovery(code)
        assert companion.status().write_error is None
        assert companion.findings().lineage is None and not companion.findings().anchor_missing
        added(companion, LINK.replace("alice", "bob"))
    for beside in ("vault-wal", "vault-shm"):
        (tmp_path / beside).unlink(missing_ok=True)
    path.write_bytes(older)
    with Companion.open(place, lent) as companion:
        companion.unlock_with_recovery(code)
        assert companion.findings().lineage is countersign.LineageFinding.ROLLED_BACK
        assert len(companion.list()) == 1, "it can be read"
        written = vault_fault(lambda: added(companion, LINK.replace("alice", "carol")))
        assert written.is_ROLLED_BACK() and companion.status().write_error.is_ROLLED_BACK()
        companion.accept()
        added(companion, LINK.replace("alice", "carol"))
    with Companion.open(place, lent) as companion:
        companion.unlock_with_recovery(code)
        assert companion.findings().lineage is None


def test_ways_to_unlock_are_changed_and_the_last_one_stays(companion: Companion, code: RecoveryCode) -> None:
    (slot,) = companion.slots()
    assert slot.kind is SlotKind.RECOVERY and slot.is_in_use
    last = vault_fault(lambda: companion.remove_slot(slot.id, LastWay.KEEP, Damaged.REFUSE))
    assert last.is_LAST_SLOT()
    assert vault_fault(lambda: companion.add_recovery_code(code)).is_SLOT_EXISTS()
    assert vault_fault(lambda: companion.add_password(b"")).is_PASSWORD_EMPTY()
    weak = countersign.KdfParams(memory_kib=1024, passes=1, lanes=1)
    assert vault_fault(lambda: companion.add_password(b"x", weak)).is_KDF_OUT_OF_BOUNDS()
    companion.add_password(b"first")
    assert countersign.calibrated_kdf(10_000).passes == 3 < countersign.calibrated_kdf(100).passes
    epoch = companion.status().epoch
    companion.change_password(b"second", Damaged.REFUSE)
    fresh = RecoveryCode.generate()
    companion.change_recovery_code(fresh, Damaged.REFUSE)
    companion.renew_key(Damaged.REFUSE)
    companion.forget_other_devices(LastWay.KEEP, Damaged.REFUSE)
    assert companion.status().epoch == epoch + 4
    companion.lock()
    assert vault_fault(lambda: companion.unlock_with_recovery(code)).is_WRONG_PASSWORD()
    assert vault_fault(lambda: companion.unlock_with_password("first")).is_WRONG_PASSWORD()
    companion.unlock_with_password("second")
    companion.remove_slot(
        next(slot.id for slot in companion.slots() if slot.kind is SlotKind.PASSWORD), LastWay.KEEP, Damaged.REFUSE
    )
    companion.lock()
    assert not companion.has_password()
    companion.unlock_with_recovery(fresh)


@pytest.mark.parametrize("kind", ["files", "port"])
def test_a_snapshot_is_put_in_the_vaults_place(place: VaultPlace, code: RecoveryCode, kind: str) -> None:
    lent = ports(anchor=MemoryAnchor() if kind == "port" else None)
    companion = Companion.create(place, lent, recovery=code)
    id = added(companion)
    assert companion.snapshot() and not companion.snapshot()
    companion.edit(id, countersign.Edit(account="eve"))
    (snapshot,) = countersign.snapshots(place)
    assert snapshot.taken_at == NOW
    credential = Credential.RECOVERY(code)
    older = countersign.OlderKey.REFUSE
    restore = lambda: countersign.restore_snapshot(place, snapshot, credential, older, lent)  # noqa: E731
    assert vault_fault(restore).is_BUSY()
    companion.close()
    wrong = Credential.RECOVERY(RecoveryCode.generate())
    refused = vault_fault(lambda: countersign.restore_snapshot(place, snapshot, wrong, older, lent))
    assert refused.is_WRONG_PASSWORD()
    assert restore().account_count == 1
    with Companion.open(place, lent) as again:
        again.unlock_with_recovery(code)
        assert again.row(id).account.expose() == "alice"
        assert again.findings().lineage is None and not again.findings().anchor_missing
        added(again, LINK.replace("alice", "bob"))
    missing = countersign.SnapshotInfo(path="/nowhere", taken_at=1, generation=1, bytes=1)
    gone = vault_fault(lambda: countersign.restore_snapshot(place, missing, credential, older, lent))
    assert gone.is_NO_SUCH_SNAPSHOT()


def test_a_damaged_vault_is_examined_and_salvaged(place: VaultPlace, code: RecoveryCode) -> None:
    with Companion.create(place, ports(), recovery=code) as companion:
        for n in range(50):
            added(companion, LINK.replace("alice", f"person {n}"))
    whole = countersign.examine_damaged(place, Credential.RECOVERY(code), ports())
    assert (whole.recovered, whole.expected, whole.lost) == (50, 50, [])
    path = Path(place.path)
    bytes = bytearray(path.read_bytes())
    bytes[-4096 * 3 : -4096 * 2] = os.urandom(4096)
    path.write_bytes(bytes)
    shown = countersign.examine_damaged(place, Credential.RECOVERY(code), ports())
    assert 0 < shown.recovered <= 50
    leave = countersign.Beyond.LEAVE
    raises(
        CountersignError.Changed,
        lambda: countersign.salvage(place, Credential.RECOVERY(code), other_than(shown), leave, ports()),
    )
    salvaged = countersign.salvage(place, Credential.RECOVERY(code), shown, leave, ports())
    assert salvaged.account_count == shown.recovered
    assert salvaged.set_aside is not None and Path(salvaged.set_aside).exists()
    with Companion.open(place, ports()) as again:
        again.unlock_with_recovery(code)
        assert len(again.list()) == shown.recovered
        assert again.status().damaged_copies


def other_than(report: countersign.SalvageReport) -> countersign.SalvageReport:
    return countersign.SalvageReport(
        recovered=report.recovered + 1,
        expected=report.expected,
        lost=report.lost,
        older=report.older,
        beyond=report.beyond,
        snapshot_at=report.snapshot_at,
    )


def test_threads_hammer_one_vault(companion: Companion, code: RecoveryCode) -> None:
    counter = added(companion, "otpauth://hotp/Bank:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0")
    stop = threading.Event()
    seen: list[int] = []

    def look() -> int:
        looked = 0
        while not stop.is_set():
            try:
                companion.list()
                companion.codes()
                companion.status()
            except CountersignError.NotUnlocked:
                pass
            looked += 1
        return looked

    def count() -> None:
        for _ in range(25):
            seen.append(companion.next_hotp(counter, countersign.DoubtfulCounter.REFUSE).counter)

    with ThreadPoolExecutor(8) as pool:
        lookers = [pool.submit(look) for _ in range(4)]
        for counted in [pool.submit(count) for _ in range(4)]:
            counted.result(60)
        for _ in range(5):
            companion.lock()
            companion.unlock_with_recovery(code)
        stop.set()
        assert all(looker.result(60) > 0 for looker in lookers)
    assert sorted(seen) == list(range(100)), "no code twice, and none skipped"
    assert companion.row(counter).kind.counter == 100


def test_ten_thousand_times_open_and_shut_keep_memory_flat(place: VaultPlace, code: RecoveryCode) -> None:
    lent = ports()
    Companion.create(place, lent, recovery=code).close()

    def visit(times: int) -> int:
        for _ in range(times):
            with Companion.open(place, lent) as companion:
                companion.unlock_with_recovery(code)
        gc.collect()
        return countersign.allocated_bytes()

    before = visit(1_000)
    after = visit(9_000)
    assert abs(after - before) <= before * 0.02


def test_each_error_that_can_be_made_has_its_variant(tmp_path: Path, code: RecoveryCode) -> None:
    def opened(content: bytes | None) -> Any:
        path = tmp_path / "other"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
        return vault_fault(lambda: Companion.open(VaultPlace(path=str(path)), ports()))

    assert opened(None).is_NO_VAULT()
    assert opened(b"").is_EMPTY_FILE()
    assert opened(b"not a vault at all").is_NOT_A_VAULT()
    good = VaultPlace(path=str(tmp_path / "vault"))
    assert vault_fault(lambda: Companion.create(good, ports())).is_NO_WAY_IN()
    Companion.create(good, ports(), recovery=code).close()
    assert vault_fault(lambda: Companion.create(good, ports(), recovery=code)).is_VAULT_EXISTS()
    bytes = bytearray(Path(good.path).read_bytes())
    bytes[60:64] = (999).to_bytes(4, "big")
    newer = opened(bytes)
    assert newer.is_VAULT_TOO_NEW() and newer.found == 999
    shutil.copy(good.path, tmp_path / "lost.snap-1-1")
    left = VaultPlace(path=str(tmp_path / "lost"))
    assert vault_fault(lambda: Companion.create(left, ports(), recovery=code)).is_LEFTOVERS()
    below_a_file = VaultPlace(path=str(tmp_path / "vault" / "vault"))
    assert vault_fault(lambda: Companion.create(below_a_file, ports(), recovery=code)).is_IO()
    with Companion.open(good, ports()) as companion:
        companion.unlock_with_recovery(code)
        too_many = [f"tag {n}" for n in range(40)]
        id = added(companion)
        edit = lambda **what: vault_fault(lambda: companion.edit(id, countersign.Edit(**what)))  # noqa: E731
        assert edit(tags=too_many).is_TOO_MANY_TAGS()
        assert edit(note="x" * 20_000).is_NOTE_TOO_LONG()
        for kind in (SlotKind.PASSWORD, SlotKind.RECOVERY):
            slot = vault_fault(lambda: run(companion.add_platform_key(WrappingKey(), kind)))  # noqa: B023
            assert slot.is_NO_SUCH_SLOT()
        long = WrappingKey()
        long.wrap = too_long  # type: ignore[method-assign]
        assert vault_fault(lambda: run(companion.add_platform_key(long, SlotKind.PLATFORM))).is_WRAPPED_TOO_LONG()
        key = WrappingKey()
        run(companion.add_platform_key(key, SlotKind.PORCH))
        assert vault_fault(lambda: run(companion.add_platform_key(key, SlotKind.PORCH))).is_SLOT_EXISTS()
        for _ in range(8):
            run(companion.add_platform_key(key, SlotKind.PLATFORM))
        full = vault_fault(lambda: run(companion.add_platform_key(key, SlotKind.PLATFORM)))
        assert full.is_TOO_MANY_SLOTS() and full.max == 8


async def too_long(context: bytes, secret: bytes) -> bytes:
    return b"x" * 5_000


def test_a_clock_that_stands_elsewhere_is_asked_where_no_time_is_given(place: VaultPlace, code: RecoveryCode) -> None:
    clock = StillClock(NOW)
    with Companion.create(place, ports(clock), recovery=code) as companion:
        id = added(companion)
        clock.at = NOW + 1_000
        assert companion.remove(id) == NOW + 1_000 + 30 * 86_400
        assert companion.trash()[0].created_at == NOW
