"""Every variant of every error has a test that reaches it, or a reason why no program can reach it here."""

from __future__ import annotations

import ast
import enum
import re
from pathlib import Path
from typing import Iterator

import pytest
from countersign.native import countersign as generated
from test_errors_reading import FORMS, TEXTS

HERE = Path(__file__).parent

# Which test reaches what.
REACHED: dict[str, tuple[str, ...]] = {
    "test_accounts::test_a_counter_moves_on_before_its_code_is_shown": (
        "VaultError.NO_COUNTER",
        "VaultError.COUNTER_EXHAUSTED",
    ),
    "test_accounts::test_an_account_is_added_listed_and_exported": (
        "VaultError.NO_SUCH_ACCOUNT",
        "CountersignError.Vault",
    ),
    "test_accounts::test_an_account_is_edited_searched_and_found": (
        "VaultError.NAME_TOO_LONG",
        "CountersignError.NoSuchName",
        "CountersignError.AmbiguousName",
    ),
    "test_accounts::test_the_same_account_is_added_once_and_another_key_beside_it": (
        "CountersignError.NothingToAdd",
    ),
    "test_approvals::test_a_prompt_that_was_cancelled_can_be_answered_again": (
        "DeviceKeyError.Cancelled",
        "DeviceKeyError.Failed",
        "DeviceKeyError.LockedOut",
        "DeviceKeyError.Invalidated",
        "DeviceKeyError.NotAvailable",
        "KeyStoreError.CANCELLED",
        "KeyStoreError.FAILED",
        "KeyStoreError.LOCKED_OUT",
        "KeyStoreError.INVALIDATED",
        "KeyStoreError.NOT_AVAILABLE",
        "CountersignError.Key",
    ),
    "test_approvals::test_a_request_that_expired_is_not_approved": (
        "ApprovalFault.EXPIRED",
    ),
    "test_approvals::test_a_scanned_request_is_answered_offline": (
        "ApprovalFault.NOT_GENUINE",
    ),
    "test_approvals::test_a_server_that_is_silent_or_lies_changes_nothing": (
        "ApprovalFault.NOTHING_TO_SEND",
    ),
    "test_approvals::test_a_sign_in_is_approved_from_invitation_to_receipt": (
        "ApprovalFault.ENDED",
        "ApprovalFault.NUMBER",
    ),
    "test_errors_approval::test_a_history_that_is_not_as_it_was_written_says_where": (
        "ChainFault.MISSING",
        "ChainFault.UNREADABLE",
        "ChainFault.EXTRA",
        "EntryFault.CHAIN",
        "CountersignError.BadHistory",
    ),
    "test_errors_approval::test_a_port_that_says_that_it_failed_has_failed": (
        "PortError.Failed",
        "PortError.Unexpected",
        "TransportError.Unexpected",
        "DeviceKeyError.Unexpected",
        "CountersignError.PortFailed",
        "WrapError.Unexpected",
    ),
    "test_errors_approval::test_a_request_is_answered_once": (
        "ApprovalFault.ANSWERED",
    ),
    "test_errors_approval::test_a_request_that_nobody_made_cannot_be_answered": (
        "ApprovalFault.NO_SUCH_STATEMENT",
    ),
    "test_errors_approval::test_a_request_under_a_new_key_means_connect_once": (
        "ApprovalFault.CONNECT_ONCE",
    ),
    "test_errors_approval::test_a_server_that_cannot_be_reached_is_no_error": (
        "TransportError.NoConnection",
        "TransportError.TimedOut",
        "TransportError.Certificate",
        "TransportError.Redirect",
        "TransportError.TooLong",
        "TransportError.NotHttp",
    ),
    "test_errors_approval::test_a_suspended_account_does_not_move": (
        "ApprovalFault.SUSPENDED",
    ),
    "test_errors_approval::test_an_account_that_is_not_active_does_not_move": (
        "ApprovalFault.NOT_ACTIVE",
    ),
    "test_errors_approval::test_an_organisation_without_offline_responses_gets_none": (
        "ApprovalFault.NO_OFFLINE",
    ),
    "test_errors_approval::test_more_open_requests_than_are_kept_are_not_scanned": (
        "ApprovalFault.TOO_MANY",
    ),
    "test_errors_vault::test_a_counter_of_an_older_file_waits_for_the_persons_word": (
        "VaultError.COUNTER_DOUBTFUL",
    ),
    "test_errors_vault::test_a_damaged_log_is_no_silent_rollback": (
        "VaultError.DAMAGED_LOG",
    ),
    "test_errors_vault::test_a_damaged_record_is_unreadable_and_in_the_way_of_a_new_key": (
        "VaultError.UNREADABLE_RECORD",
        "VaultError.UNREADABLE_IN_THE_WAY",
    ),
    "test_errors_vault::test_a_file_larger_than_any_vault_is_not_read": (
        "VaultError.FILE_TOO_LARGE",
    ),
    "test_errors_vault::test_a_file_of_another_format_is_not_touched": (
        "VaultError.VAULT_TOO_OLD",
    ),
    "test_errors_vault::test_a_file_of_zeros_gives_nothing_back": (
        "VaultError.NOTHING_RECOVERED",
    ),
    "test_errors_vault::test_a_file_that_may_not_be_read_is_not_opened": (
        "VaultError.NO_ACCESS",
    ),
    "test_errors_vault::test_a_file_that_went_another_way_is_read_and_not_written": (
        "VaultError.FORKED",
    ),
    "test_errors_vault::test_a_key_that_was_changed_elsewhere_locks_whoever_has_the_old_one": (
        "VaultError.LOCKED",
    ),
    "test_errors_vault::test_a_slot_that_does_not_hold_together_is_no_wrong_password": (
        "VaultError.DAMAGED_SLOT",
    ),
    "test_errors_vault::test_a_snapshot_of_an_older_key_or_a_damaged_one_is_not_restored": (
        "VaultError.DAMAGED_SNAPSHOT",
        "VaultError.SNAPSHOT_OLDER_KEY",
    ),
    "test_errors_vault::test_a_vault_has_room_for_twenty_thousand_records": (
        "VaultError.TOO_MANY_RECORDS",
    ),
    "test_errors_vault::test_a_vault_that_somebody_changed_is_read_and_not_written": (
        "VaultError.TAMPERED",
    ),
    "test_errors_vault::test_a_vault_whose_lock_may_not_be_written_is_not_opened": (
        "VaultError.READ_ONLY",
    ),
    "test_errors_vault::test_after_ten_wrong_tries_the_next_one_waits": (
        "VaultError.WAIT",
    ),
    "test_errors_vault::test_pages_that_sqlite_cannot_read_are_named": (
        "VaultError.DAMAGED_DATA",
    ),
    "test_errors_vault::test_tables_that_are_no_vaults_are_refused": (
        "VaultError.DAMAGED_SCHEMA",
    ),
    "test_events::test_a_step_that_fails_half_way_is_a_reason_to_look_again_too": (
        "CountersignError.Approval",
    ),
    "test_life::test_a_companion_is_shut_twice_and_says_so_afterwards": (
        "CountersignError.Closed",
    ),
    "test_life::test_a_damaged_vault_is_examined_and_salvaged": (
        "CountersignError.Changed",
    ),
    "test_life::test_a_key_of_the_platform_unlocks_and_one_that_is_gone_is_passed_over": (
        "PlatformKeyError.CANCELLED",
        "PlatformKeyError.LOCKED_OUT",
        "PlatformKeyError.INVALIDATED",
        "PlatformKeyError.NOT_AVAILABLE",
        "VaultError.NO_SUCH_SLOT",
        "VaultError.PLATFORM_KEY",
        "WrapError.Cancelled",
        "WrapError.LockedOut",
        "WrapError.Invalidated",
        "WrapError.NotAvailable",
    ),
    "test_life::test_a_snapshot_is_put_in_the_vaults_place": (
        "VaultError.BUSY",
        "VaultError.NO_SUCH_SNAPSHOT",
    ),
    "test_life::test_a_step_in_another_state_says_which": (
        "CountersignError.NotUnlocked",
        "CountersignError.NotLocked",
    ),
    "test_life::test_a_wrong_password_leaves_the_vault_locked": (
        "VaultError.WRONG_PASSWORD",
        "VaultError.PASSWORD_NOT_TEXT",
        "RecoveryCodeError.Length",
        "RecoveryCodeError.Character",
        "RecoveryCodeError.Check",
    ),
    "test_life::test_an_older_copy_of_the_file_is_seen_by_the_anchor": (
        "VaultError.ROLLED_BACK",
    ),
    "test_life::test_each_error_that_can_be_made_has_its_variant": (
        "VaultError.NO_VAULT",
        "VaultError.VAULT_EXISTS",
        "VaultError.LEFTOVERS",
        "VaultError.NOT_A_VAULT",
        "VaultError.EMPTY_FILE",
        "VaultError.VAULT_TOO_NEW",
        "VaultError.NO_WAY_IN",
        "VaultError.IO",
        "VaultError.TOO_MANY_SLOTS",
        "VaultError.WRAPPED_TOO_LONG",
        "VaultError.NOTE_TOO_LONG",
        "VaultError.TOO_MANY_TAGS",
    ),
    "test_life::test_ways_to_unlock_are_changed_and_the_last_one_stays": (
        "VaultError.PASSWORD_EMPTY",
        "VaultError.KDF_OUT_OF_BOUNDS",
        "VaultError.SLOT_EXISTS",
        "VaultError.LAST_SLOT",
    ),
    "test_ports::test_no_port_is_needed_for_codes": (
        "CountersignError.NoPort",
    ),
    "test_reading::test_a_frame_with_more_codes_than_are_read_is_refused": (
        "QrError.TooManyCodes",
    ),
    "test_reading::test_a_picture_without_a_code_says_so": (
        "QrError.NoCode",
        "QrError.NotAnImage",
        "QrError.ImageTooLarge",
        "QrError.FrameShape",
        "QrError.TextTooLong",
    ),
    "test_reading::test_an_export_in_parts_is_handed_out_whole": (
        "BatchError.OtherExport",
        "BatchError.SizeDiffers",
        "BatchError.Index",
        "PartError.Refused",
        "PartError.Apart",
        "PartError.Incomplete",
    ),
    "test_reading::test_an_invitation_is_read_from_its_link_and_from_code_and_address": (
        "UriError.MISSING_CODE",
        "InvitationError.Refused",
    ),
    "test_work::test_an_account_leaves_its_server": (
        "ApprovalFault.IN_TRASH",
    ),
    "test_work::test_an_account_moves_to_another_device": (
        "ApprovalFault.CHECK_NUMBER",
        "ApprovalFault.NO_MOVE",
    ),
    "test_work::test_the_server_hears_where_to_ring": (
        "ApprovalFault.NOT_ALLOWED",
    ),
    "test_work::test_what_the_organisation_sees_is_shown": (
        "ApprovalFault.NO_SUCH_ACCOUNT",
    ),
}

# What no program reaches through the package on a machine for tests.
OUT_OF_REACH = {
    "ApprovalFault.ENTROPY": "the system gives randomness",
    "ApprovalFault.UNKNOWN": "the server for tests signs no request that this version does not know",
    "ApprovalFault.UNREADABLE": "only who has the vault's key can seal an account of another version",
    "ChainFault.CHANGED": "only who has the vault's key can seal a place that says another head",
    "EntryFault.FORM": "only who has the vault's key can seal a place of another form",
    "EntryFault.MESSAGE": "only who has the vault's key can seal a message that its server did not sign",
    "VaultError.DISK_FULL": "a full disk takes one of its own",
    "VaultError.ENTRY_TOO_LARGE": "what an entry is made of is bounded below it",
    "VaultError.ENTROPY": "the system gives randomness",
    "VaultError.KEY_WORN_OUT": "it takes 2^31 changes",
    "VaultError.PORCH_FULL": "it takes 4,096 answers of one night",
    "VaultError.WORK_TOO_LARGE": "what an account is made of is bounded below it",
}


def errors() -> Iterator[type]:
    """Every error, and what is the fact in one."""
    for name, kind in vars(generated).items():
        if isinstance(kind, type) and kind.__module__ == generated.__name__ and re.fullmatch(r"[A-Z]\w+(Error|Fault)", name):
            if name != "InternalError":
                yield kind


def variants_of(kind: type) -> list[str]:
    if issubclass(kind, enum.Enum):
        return [member.name for member in kind]
    return [name for name, inner in vars(kind).items() if isinstance(inner, type) and issubclass(inner, kind)]


def text_of(test: str) -> str:
    """A test's own text, its cases with it; the tables of texts for those that go over them."""
    file, name = test.split("::")
    for node in ast.parse((HERE / f"{file}.py").read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.unparse(node)
    raise AssertionError(f"there is no {test}")


def test_every_variant_of_every_error_is_reached_or_has_a_reason() -> None:
    known = {f"{kind.__name__}.{variant}" for kind in errors() for variant in variants_of(kind)}
    rows = [variant for variants in REACHED.values() for variant in variants]
    rows += [f"UriError.{variant}" for variant in (*TEXTS, *FORMS)]
    assert sorted([*rows, *OUT_OF_REACH]) == sorted(known), "each has one row"
    assert len(known) > 150


@pytest.mark.parametrize("test", REACHED)
def test_each_row_is_of_a_test_that_names_it(test: str) -> None:
    text = text_of(test)
    for row in REACHED[test]:
        variant = row.split(".")[1]
        assert re.search(rf"\bis_{variant}\(\)|\b{re.escape(row)}\b", text), row
