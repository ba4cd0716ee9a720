//! Exit codes, and the one table from error names to them. `docs/cli.md` shows the same table; a test holds them together.

/// How the program ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: refused, not found, no vault, or there is one already.
    Refused,
    /// 2: the command line cannot mean anything.
    Usage,
    /// 3: wrong password, wait, locked.
    Locked,
    /// 4: damaged, too new, tampered, rolled back or forked.
    Damaged,
    /// 5: busy, full, read-only or no access.
    Unavailable,
}

impl Exit {
    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Locked => 3,
            Self::Damaged => 4,
            Self::Unavailable => 5,
        }
    }

    /// The exit code of an error name; names that nobody listed are refusals.
    pub(crate) fn of(name: &str) -> Self {
        ERRORS
            .iter()
            .flat_map(|(exit, names)| names.iter().map(move |listed| (*exit, *listed)))
            .find(|(_, listed)| *listed == name)
            .map_or(Self::Refused, |(exit, _)| exit)
    }
}

/// Every error name that the program can say, by exit code.
pub(crate) const ERRORS: [(Exit, &[&str]); 5] = [
    (
        Exit::Refused,
        &[
            "no_vault",
            "vault_exists",
            "leftovers",
            "no_such_account",
            "ambiguous_name",
            "no_such_slot",
            "no_such_tag",
            "no_counter",
            "counter_account",
            "counter_exhausted",
            "name_too_long",
            "note_too_long",
            "too_many_tags",
            "too_many_records",
            "work_too_large",
            "entry_too_large",
            "porch_full",
            "file_too_large",
            "not_confirmed",
            "file_exists",
            "no_such_file",
            "too_large_for_qr",
            "work_account",
            "several_codes",
            "missing_parts",
            "mixed_exports",
            "demo_failed",
            "internal",
            // Snapshots, ways to unlock, counters of older copies.
            "no_such_snapshot",
            "snapshot_older_key",
            "slot_exists",
            "too_many_slots",
            "last_slot",
            "ambiguous_slot",
            "wrapped_too_long",
            "platform_key_cancelled",
            "counter_doubtful",
            "key_worn_out",
            // Work accounts and their requests.
            "no_such_request",
            "request_expired",
            "request_answered",
            "request_ended",
            "request_unknown",
            "not_active",
            "suspended",
            "in_trash",
            "number_needed",
            "check_number_needed",
            "key_cancelled",
            "key_failed",
            "not_genuine",
            "connect_once",
            "no_offline",
            "not_allowed",
            "nothing_to_send",
            "no_move",
            "not_added",
            "move_failed",
            "redirected",
            "refused_reply",
            "untrusted_server",
            "nothing_came",
            // What `add` and `doctor` read.
            "not_otpauth",
            "malformed_uri",
            "too_long",
            "unsupported_type",
            "unsupported_2step",
            "unsupported_algorithm",
            "unsupported_version",
            "push_not_supported",
            "missing_secret",
            "empty_secret",
            "invalid_secret",
            "secret_too_long",
            "invalid_digits",
            "invalid_period",
            "invalid_counter",
            "duplicate_parameter",
            "missing_data",
            "invalid_payload",
            "empty_payload",
            "missing_code",
            "missing_url",
            "insecure_url",
            "missing_name",
            "wrong_kind",
            "no_code",
            "not_an_image",
            "image_too_large",
            "frame_shape",
            "bad_request",
        ],
    ),
    (
        Exit::Usage,
        &[
            "usage",
            "shared_input",
            "password_needed",
            "password_empty",
            "password_too_long",
            "password_not_text",
            "secret_needed",
            "recovery_choice_needed",
            "no_way_in",
            "nothing_to_change",
            "snapshot_choice_needed",
        ],
    ),
    (
        Exit::Locked,
        &[
            "wrong_password",
            "wait",
            "locked",
            "invalid_recovery_code",
            "platform_key_locked_out",
            "platform_key_invalidated",
            "key_locked_out",
            "key_invalidated",
        ],
    ),
    (
        Exit::Damaged,
        &[
            "not_a_vault",
            "empty_file",
            "vault_too_new",
            "vault_too_old",
            "damaged_schema",
            "damaged_log",
            "damaged_data",
            "damaged_slot",
            "kdf_out_of_bounds",
            "tampered",
            "rolled_back",
            "forked",
            "unreadable_record",
            "damaged_history",
            "unreadable_in_the_way",
            "damaged_snapshot",
            "nothing_recovered",
        ],
    ),
    (
        Exit::Unavailable,
        &[
            "busy",
            "disk_full",
            "read_only",
            "no_access",
            "io",
            "entropy",
            "platform_key_not_available",
            "key_not_available",
            "unreachable",
            "answer_not_written",
            "recovery_code_not_written",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_name_stands_once_in_the_table() {
        let mut seen = BTreeSet::new();
        for name in ERRORS.iter().flat_map(|(_, names)| *names) {
            assert!(seen.insert(name), "{name} stands twice");
        }
    }

    #[test]
    fn names_have_their_group_of_the_contract() {
        for (name, code) in [
            ("no_vault", 1),
            ("vault_exists", 1),
            ("usage", 2),
            ("wrong_password", 3),
            ("wait", 3),
            ("locked", 3),
            ("tampered", 4),
            ("busy", 5),
            ("disk_full", 5),
        ] {
            assert_eq!(Exit::of(name).code(), code, "{name}");
        }
    }
}
