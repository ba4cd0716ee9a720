//! The rows of the table: what is measured, beside whom, and what must hold.

use super::goal::Goal;

/// One row of the table.
pub(super) struct Measure {
    /// What was done.
    pub(super) work: &'static str,
    /// The id of our side: criterion's, or that of a measurement of ours.
    pub(super) ours: &'static str,
    /// Who does the same work; nobody when the goal is a time.
    pub(super) peer: Option<Peer>,
    pub(super) goal: Goal,
}

/// Who does the same work.
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) id: &'static str,
}

/// The id of what `tests/peers/pyotp_speed.py` measures.
pub(super) const PYOTP: &str = "pyotp";
/// The id of a whole process that opens a vault, and of one that opens nothing.
pub(super) const PEAK_OPEN: &str = "peak/open";
pub(super) const PEAK_EMPTY: &str = "peak/empty";
/// The id of the whole program, and of a key derivation by itself.
pub(super) const START: &str = "start/countersign";
pub(super) const START_KDF: &str = "start/kdf";

pub(super) const MEASURES: [Measure; 36] = [
    Measure {
        work: "one code as a value",
        ours: "code_value/countersign",
        peer: peer("totp-rs 6, prepared `generate`", "code_value/totp-rs"),
        goal: Goal::AtMostTimes(1.15),
    },
    Measure {
        work: "one code as text",
        ours: "code_text/countersign",
        peer: peer("totp-rs 6, `generate().to_string()`", "code_text/totp-rs"),
        goal: Goal::AtMostTimes(1.15),
    },
    Measure {
        work: "one code as text",
        ours: "code_text/countersign",
        peer: peer("pyotp, prepared `at`", PYOTP),
        goal: Goal::AtLeastAsFast(25.0),
    },
    Measure {
        work: "list of 1,000: names, current and next code",
        ours: "list_1000/countersign",
        peer: peer("1,000 × totp-rs 6 `generate`", "list_1000/totp-rs"),
        goal: Goal::AtMostTimes(3.5),
    },
    Measure {
        work: "reading a typical link",
        ours: "read_link/countersign",
        peer: peer("totp-rs 6 `from_url`", "read_link/totp-rs"),
        goal: Goal::AtLeastAsFast(1.5),
    },
    Measure {
        work: "search over 500 accounts",
        ours: "search_500/countersign",
        peer: None,
        goal: Goal::WithinMs(10.0),
    },
    Measure {
        work: "1280 × 720 frame with a code",
        ours: "frame_with_code/countersign",
        peer: peer("rqrr 0.11", "frame_with_code/rqrr"),
        goal: Goal::AtMostTimes(0.6),
    },
    Measure {
        work: "1280 × 720 frame without a code",
        ours: "frame_without_code/countersign",
        peer: peer("rqrr 0.11", "frame_without_code/rqrr"),
        goal: Goal::AtMostTimes(0.6),
    },
    Measure {
        work: "opening 1,000 accounts, key at hand, list checked",
        ours: "open_1000/countersign",
        peer: peer(
            "ring AES-256-GCM of the same records in memory",
            "open_1000/ring",
        ),
        goal: Goal::AtMostTimes(6.5),
    },
    Measure {
        work: "opening 10,000 accounts, key at hand, list checked",
        ours: "open_10000/countersign",
        peer: peer(
            "ring AES-256-GCM of the same records in memory",
            "open_10000/ring",
        ),
        goal: Goal::AtMostTimes(5.0),
    },
    Measure {
        work: "opening 10,000 accounts, key at hand, list checked",
        ours: "open_10000/countersign",
        peer: peer("one sealed JSON blob", "open_10000/json-blob"),
        goal: Goal::AtLeastAsFast(2.2),
    },
    Measure {
        work: "unlocking 1,000 accounts with the password",
        ours: "unlock_1000/countersign",
        peer: peer("the key derivation alone", "unlock_1000/kdf"),
        goal: Goal::AtMostMoreMs(5.0),
    },
    Measure {
        work: "one durable change among 100 accounts",
        ours: "change/countersign-100",
        peer: peer("`pwrite` of 4 KiB and `fdatasync`", "change/pwrite"),
        goal: Goal::AtMostTimes(2.5),
    },
    Measure {
        work: "one durable change among 10,000 accounts",
        ours: "change/countersign-10000",
        peer: peer("`pwrite` of 4 KiB and `fdatasync`", "change/pwrite"),
        goal: Goal::AtMostTimes(2.5),
    },
    Measure {
        work: "one durable change among 10,000 accounts",
        ours: "change/countersign-10000",
        peer: peer("the same among 100", "change/countersign-100"),
        goal: Goal::AtMostTimes(1.5),
    },
    Measure {
        work: "a new key for 10,000 accounts, file and snapshot rewritten",
        ours: "rotate_10000/countersign",
        peer: peer("opening them", "rotate_10000/open"),
        goal: Goal::AtMostTimes(15.0),
    },
    Measure {
        work: "verifying a history of 10,000 entries with three signed messages each",
        ours: "history_10000/countersign",
        peer: peer(
            "SHA-256 over its bytes and ring's signature checks",
            "history_10000/ring",
        ),
        goal: Goal::AtMostTimes(2.0),
    },
    Measure {
        work: "an answer: statement verified, lines made, approval signed",
        ours: "answer/countersign",
        peer: peer("ring, one verification and one signature", "answer/ring"),
        goal: Goal::AtMostTimes(2.0),
    },
    Measure {
        work: "the same, statement and answer stored for good",
        ours: "answer_stored/countersign",
        peer: peer("the same and two durable changes", "answer_stored/parts"),
        goal: Goal::AtMostTimes(1.5),
    },
    Measure {
        work: "1,000 statements of 200 accounts in 200 states verified and read",
        ours: "statements_1000/countersign",
        peer: peer("ring, 1,000 verifications", "statements_1000/ring"),
        goal: Goal::AtMostTimes(1.5),
    },
    Measure {
        work: "the same, taken by 200 accounts and stored for good",
        ours: "statements_1000/stored",
        peer: peer("the same and 200 durable changes", "statements_1000/parts"),
        goal: Goal::AtMostTimes(4.0),
    },
    Measure {
        work: "the server's part of a complete sign-in, SQLite, 64 of 100 people at once on 8 threads",
        ours: "sign_in/countersign-100",
        peer: peer("`pwrite` of 4 KiB and `fdatasync`", "sign_in/pwrite"),
        goal: Goal::AtLeastAsFast(0.15),
    },
    Measure {
        work: "the same, one person alone",
        ours: "sign_in/alone-100",
        peer: peer("`pwrite` of 4 KiB and `fdatasync`", "sign_in/pwrite"),
        goal: Goal::WithinMs(5.0),
    },
    Measure {
        work: "the same, 64 of 100,000 people at once",
        ours: "sign_in/countersign-100000",
        peer: peer("the same among 100", "sign_in/countersign-100"),
        goal: Goal::AtLeastAsFast(0.8),
    },
    Measure {
        work: "peak memory with 10,000 accounts open (Linux only)",
        ours: PEAK_OPEN,
        peer: peer("the process without a vault", PEAK_EMPTY),
        goal: Goal::AtMostMoreMib(12.0),
    },
    Measure {
        work: "`countersign code NAME` among 1,000 accounts, the whole process",
        ours: START,
        peer: peer("the key derivation alone", START_KDF),
        goal: Goal::AtMostMoreMs(30.0),
    },
    Measure {
        work: "Kotlin, warm: list of 1,000",
        ours: "kotlin/list",
        peer: peer("an empty UniFFI call", "kotlin/empty"),
        goal: Goal::WithinMs(1.5),
    },
    Measure {
        work: "Kotlin, warm: a tick of 1,000 codes",
        ours: "kotlin/tick",
        peer: peer("an empty UniFFI call", "kotlin/empty"),
        goal: Goal::WithinMs(0.5),
    },
    Measure {
        work: "Kotlin: first call of a process",
        ours: "kotlin/first",
        peer: peer("an empty UniFFI library", "kotlin/first-empty"),
        goal: Goal::AtMostTimes(1.3),
    },
    Measure {
        work: "Swift: list of 1,000",
        ours: "swift/list",
        peer: peer("an empty UniFFI call", "swift/empty"),
        goal: Goal::WithinMs(4.5),
    },
    Measure {
        work: "Swift: a tick of 1,000 codes",
        ours: "swift/tick",
        peer: peer("an empty UniFFI call", "swift/empty"),
        goal: Goal::WithinMs(1.0),
    },
    Measure {
        work: "Python: list of 1,000",
        ours: "python/list",
        peer: peer("an empty UniFFI call", "python/empty"),
        goal: Goal::WithinMs(10.0),
    },
    Measure {
        work: "Python: first call of a process",
        ours: "python/first",
        peer: peer("an empty UniFFI library", "python/first-empty"),
        goal: Goal::AtMostTimes(1.3),
    },
    Measure {
        work: "the stripped library with everything (x86_64 Linux only)",
        ours: "library/everything",
        peer: None,
        goal: Goal::WithinMegabytes(3.0),
    },
    Measure {
        work: "the same without QR codes",
        ours: "library/without_qr",
        peer: None,
        goal: Goal::WithinMegabytes(2.2),
    },
    Measure {
        work: "memory in use after 10,000 times open and closed",
        ours: "library/bytes-10000",
        peer: peer("after 1,000 times", "library/bytes-1000"),
        goal: Goal::AtMostTimesTheBytes(1.02),
    },
];

const fn peer(name: &'static str, id: &'static str) -> Option<Peer> {
    Some(Peer { name, id })
}
