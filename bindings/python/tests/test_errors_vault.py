"""What the vault says to what a program or a damaged file does: one case a fact that no other scenario meets."""

from __future__ import annotations

import base64
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Iterator

import countersign
import pytest
from conftest import StillClock, added, ports, vault_fault
from countersign import (
    Beyond,
    Companion,
    Credential,
    Damaged,
    DoubtfulCounter,
    Edit,
    OlderKey,
    RecoveryCode,
    SnapshotInfo,
    VaultPlace,
)
from test_reading import field

COUNTER = "otpauth://hotp/Bank:bob?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=0"
PAGE_BYTES = 4096
TOTP = field(4, 1) + field(5, 1) + field(6, 2)


class Vault:
    """A vault with one account, closed: its file, and what opens it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "vault"
        self.place = VaultPlace(path=str(self.path), anchor_folder=str(folder / "anchors"))
        self.code = RecoveryCode.generate()
        self.clock = StillClock()
        self.ports = ports(self.clock)
        with Companion.create(self.place, self.ports, recovery=self.code) as companion:
            self.account = added(companion)

    def opened(self) -> Companion:
        companion = Companion.open(self.place, self.ports)
        companion.unlock_with_recovery(self.code)
        return companion

    def attacked(self, *statements: str) -> None:
        """As who has the file and no key."""
        with closing(sqlite3.connect(self.path)) as db, db:
            for statement in statements:
                db.execute(statement)

    def log_of_changes(self) -> tuple[bytes, bytes]:
        """The file and its write-ahead log, as a crash leaves them."""
        with self.opened() as companion:
            companion.edit(self.account, Edit(account="eve"))
            log = self.path.with_name("vault-wal")
            return self.path.read_bytes(), log.read_bytes()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


def edited(companion: Companion, account: str, **what: Any) -> None:
    companion.edit(account, Edit(account="changed", **what))


def test_a_file_of_another_format_is_not_touched(vault: Vault) -> None:
    content = bytearray(vault.path.read_bytes())
    content[60:64] = bytes(4)
    vault.path.write_bytes(content)
    fault = vault_fault(vault.opened)
    assert fault.is_VAULT_TOO_OLD() and fault.found == 0
    assert vault.path.read_bytes() == content


def test_tables_that_are_no_vaults_are_refused(vault: Vault) -> None:
    vault.attacked("CREATE TABLE more(a)")
    assert vault_fault(vault.opened).is_DAMAGED_SCHEMA()


def test_a_damaged_log_is_no_silent_rollback(vault: Vault) -> None:
    file, log = vault.log_of_changes()
    vault.path.write_bytes(file)
    bent = bytearray(log)
    bent[32 + 24 + 100] ^= 0x10
    vault.path.with_name("vault-wal").write_bytes(bent)
    assert vault_fault(vault.opened).is_DAMAGED_LOG()
    assert vault.path.with_name("vault-wal").read_bytes() == bent


def test_pages_that_sqlite_cannot_read_are_named(vault: Vault) -> None:
    with closing(sqlite3.connect(vault.path)) as db:
        ((root,),) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'porch'").fetchall()
    file, log = vault.log_of_changes()
    content = bytearray(file)
    content[(root - 1) * PAGE_BYTES : root * PAGE_BYTES] = bytes(PAGE_BYTES)
    vault.path.write_bytes(content)
    # After an unclean end all of it is looked at.
    vault.path.with_name("vault-wal").write_bytes(log)
    with vault.opened() as companion:
        assert companion.findings().structure
        assert vault_fault(lambda: edited(companion, vault.account)).is_DAMAGED_DATA()
        assert len(companion.list()) == 1, "what can be read is shown"


def test_a_slot_that_does_not_hold_together_is_no_wrong_password(vault: Vault) -> None:
    vault.attacked("UPDATE slot SET sealed = zeroblob(84)")
    assert vault_fault(vault.opened).is_DAMAGED_SLOT()


def test_after_ten_wrong_tries_the_next_one_waits(vault: Vault) -> None:
    wrong = RecoveryCode.generate()
    with Companion.open(vault.place, vault.ports) as companion:
        for _ in range(10):
            assert vault_fault(lambda: companion.unlock_with_recovery(wrong)).is_WRONG_PASSWORD()
        for code in (wrong, vault.code):
            fault = vault_fault(lambda: companion.unlock_with_recovery(code))  # noqa: B023
            assert fault.is_WAIT() and fault.retry_after_s == 30
        vault.clock.at += 30
        companion.unlock_with_recovery(vault.code)


def test_a_vault_that_somebody_changed_is_read_and_not_written(vault: Vault) -> None:
    vault.attacked("DELETE FROM record WHERE kind = 1")
    with vault.opened() as companion:
        assert companion.findings().missing == [vault.account]
        assert vault_fault(lambda: added(companion, COUNTER)).is_TAMPERED()
        assert companion.status().write_error.is_TAMPERED()


def test_a_file_that_went_another_way_is_read_and_not_written(vault: Vault, tmp_path: Path) -> None:
    elsewhere = VaultPlace(path=str(tmp_path / "elsewhere"), anchor_folder=str(tmp_path / "other anchors"))
    shutil.copy(vault.path, elsewhere.path)
    with vault.opened() as companion:
        edited(companion, vault.account)
    with Companion.open(elsewhere, vault.ports) as companion:
        companion.unlock_with_recovery(vault.code)
        for name in ("one", "two", "three"):
            companion.edit(vault.account, Edit(issuer=name))
    shutil.copy(elsewhere.path, vault.path)
    with vault.opened() as companion:
        assert companion.findings().lineage is countersign.LineageFinding.FORKED
        assert vault_fault(lambda: edited(companion, vault.account)).is_FORKED()


def test_a_key_that_was_changed_elsewhere_locks_whoever_has_the_old_one(vault: Vault) -> None:
    with vault.opened() as before, vault.opened() as companion:
        companion.renew_key(Damaged.REFUSE)
        assert vault_fault(lambda: edited(before, vault.account)).is_LOCKED()
        assert vault_fault(before.refresh).is_LOCKED()
        # It is locked then, and opens again with what opens the new key.
        assert before.state() is countersign.CompanionState.LOCKED
        before.unlock_with_recovery(vault.code)
        assert [row.id for row in before.list()] == [vault.account]


def test_a_damaged_record_is_unreadable_and_in_the_way_of_a_new_key(vault: Vault) -> None:
    vault.attacked("UPDATE record SET body = zeroblob(length(body)) WHERE kind = 1")
    with vault.opened() as companion:
        assert companion.findings().unreadable == [vault.account]
        assert vault_fault(lambda: companion.row(vault.account)).is_UNREADABLE_RECORD()
        fault = vault_fault(lambda: companion.renew_key(Damaged.REFUSE))
        assert fault.is_UNREADABLE_IN_THE_WAY() and fault.count == 1
        added(companion, COUNTER)


def test_a_snapshot_of_an_older_key_or_a_damaged_one_is_not_restored(vault: Vault) -> None:
    with vault.opened() as companion:
        assert companion.snapshot()
        (snapshot,) = countersign.snapshots(vault.place)
        kept = Path(snapshot.path).read_bytes()
        companion.renew_key(Damaged.REFUSE)
    # It went with the old key, and comes from a backup.
    assert not Path(snapshot.path).exists()
    Path(snapshot.path).write_bytes(kept)
    file = vault.path.read_bytes()

    def restored(one: SnapshotInfo) -> Any:
        credential = Credential.RECOVERY(vault.code)
        return vault_fault(
            lambda: countersign.restore_snapshot(vault.place, one, credential, OlderKey.REFUSE, vault.ports)
        )

    assert restored(snapshot).is_SNAPSHOT_OLDER_KEY()
    Path(snapshot.path).write_bytes(bytes(2 * PAGE_BYTES))
    assert restored(snapshot).is_DAMAGED_SNAPSHOT()
    assert vault.path.read_bytes() == file


def test_a_file_of_zeros_gives_nothing_back(vault: Vault) -> None:
    empty = bytes(20 * PAGE_BYTES)
    vault.path.write_bytes(empty)
    credential = Credential.RECOVERY(vault.code)
    examined = vault_fault(lambda: countersign.examine_damaged(vault.place, credential, vault.ports))
    assert examined.is_NOTHING_RECOVERED()
    report = countersign.SalvageReport(recovered=0, expected=None, lost=[], older=[], beyond=[], snapshot_at=None)
    salvaged = vault_fault(
        lambda: countersign.salvage(vault.place, credential, report, Beyond.LEAVE, vault.ports)
    )
    assert salvaged.is_NOTHING_RECOVERED()
    assert vault.path.read_bytes() == empty


def test_a_counter_of_an_older_file_waits_for_the_persons_word(vault: Vault) -> None:
    with vault.opened() as companion:
        counter = added(companion, COUNTER)
    older = vault.path.read_bytes()
    with vault.opened() as companion:
        companion.next_hotp(counter, DoubtfulCounter.REFUSE)
        companion.next_hotp(counter, DoubtfulCounter.REFUSE)
    vault.path.write_bytes(older)
    with vault.opened() as companion:
        companion.accept()
        assert vault_fault(lambda: companion.next_hotp(counter, DoubtfulCounter.REFUSE)).is_COUNTER_DOUBTFUL()
        assert companion.next_hotp(counter, DoubtfulCounter.GO_ON).counter == 0


def test_a_file_larger_than_any_vault_is_not_read(vault: Vault) -> None:
    os.truncate(vault.path, 1 << 40)
    credential = Credential.RECOVERY(vault.code)
    fault = vault_fault(lambda: countersign.examine_damaged(vault.place, credential, vault.ports))
    assert fault.is_FILE_TOO_LARGE() and 0 < fault.max_bytes < 1 << 40


@contextmanager
def nobody() -> Iterator[Vault]:
    """A vault in a folder that everybody may enter, and another user than root, to whom no file mode says no."""
    folder = Path(tempfile.mkdtemp())
    was = os.geteuid()
    try:
        folder.chmod(0o755)
        vault = Vault(folder)
        vault.path.with_name("vault.lock").chmod(0o666)
        yield vault
    finally:
        os.seteuid(was)
        shutil.rmtree(folder)


def become_nobody() -> None:
    if os.geteuid() == 0:
        os.seteuid(65_534)


def test_a_file_that_may_not_be_read_is_not_opened() -> None:
    with nobody() as vault:
        vault.path.chmod(0)
        become_nobody()
        assert vault_fault(vault.opened).is_NO_ACCESS()


def test_a_vault_whose_lock_may_not_be_written_is_not_opened() -> None:
    with nobody() as vault:
        vault.path.with_name("vault.lock").chmod(0o444)
        become_nobody()
        assert vault_fault(vault.opened).is_READ_ONLY()


def exported(index: int, count: int, parts: int) -> str:
    """One link of an export, with so many accounts."""
    numbers = range(index * count, (index + 1) * count)
    names = b"".join(field(1, field(1, number.to_bytes(10, "big")) + field(2, b"%d" % number) + TOTP) for number in numbers)
    payload = names + field(2, 1) + field(3, parts) + field(4, index) + field(5, 7)
    return "otpauth-migration://offline?data=" + base64.b64encode(payload).decode().replace("+", "%2B")


def test_a_vault_has_room_for_twenty_thousand_records(companion: Companion) -> None:
    batch = countersign.MigrationBatch()
    for index in range(101):
        batch.add(exported(index, 200, 101))
    whole = batch.complete()
    assert len(whole.accounts()) == 20_200
    fault = vault_fault(lambda: companion.add(whole))
    assert fault.is_TOO_MANY_RECORDS() and fault.max == 20_000
    assert companion.list() == []
