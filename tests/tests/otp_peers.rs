//! Our codes are those of programs nobody here wrote: `oathtool` (C, liboath) and `pyotp` (Python).
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use std::fmt::Write as _;
use std::process::Command;

use countersign_core::otp::{Algorithm, Counter, Digits, Otp, OtpKind, Period};
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_tests::chance::{Chance, rounds};
use countersign_tests::{peers, python};

/// The same accounts in every run.
const SEED: u64 = 42_266_238;
/// Accounts a peer.
const ACCOUNTS: u32 = 2_000;
/// Longer than the block of every hash, so that keys which are hashed first occur (RFC 2104 §3).
const KEY_BYTES_MAX: u64 = 160;

/// An account and the moment at which its code is asked for.
struct Case {
    key: Vec<u8>,
    kind: OtpKind,
    /// The time in seconds; 0 for HOTP, which has its counter.
    time_s: u64,
}

impl Case {
    fn random(chance: &mut Chance, digits: (u64, u64), hotp_algorithms: &[Algorithm]) -> Self {
        let key_bytes = usize::try_from(chance.between(1, KEY_BYTES_MAX)).unwrap();
        let key = chance.bytes(key_bytes);
        let digits = Digits::new(chance.between(digits.0, digits.1)).unwrap();
        if chance.between(0, 3) == 0 {
            let kind = OtpKind::Hotp {
                algorithm: *chance.one_of(hotp_algorithms),
                digits,
                counter: Counter::new(chance.of_any_size(63)).unwrap(),
            };
            return Self {
                key,
                kind,
                time_s: 0,
            };
        }
        let kind = OtpKind::Totp {
            algorithm: *chance.one_of(&[Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]),
            digits,
            period: Period::new(chance.of_any_size(31).max(1)).unwrap(),
        };
        Self {
            key,
            kind,
            time_s: chance.of_any_size(40),
        }
    }

    fn our_code(&self) -> String {
        let otp = Otp::new(Secret::copy_of(&self.key), self.kind).unwrap();
        let code = otp.generator().code(UnixSeconds(self.time_s));
        // EXPOSE: the test compares it.
        code.text().expose().to_owned()
    }

    fn key_hex(&self) -> String {
        self.key.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// What a failure must say to be repeated by hand.
    fn described(&self) -> String {
        format!("{} {:?} at {} s", self.key_hex(), self.kind, self.time_s)
    }

    /// `oathtool`'s arguments for the same code.
    fn ask_oathtool(&self, command: &mut Command) {
        command.arg(format!("--digits={}", self.kind.digits()));
        match self.kind {
            OtpKind::Hotp { counter, .. } => {
                command.args(["--hotp", &format!("--counter={}", counter.value())]);
            }
            _ => {
                let period_s = self.kind.period().unwrap().seconds();
                command.args([
                    format!("--totp={}", self.kind.algorithm().name()),
                    format!("--time-step-size={period_s}s"),
                    format!("--now=@{}", self.time_s),
                ]);
            }
        }
        command.arg(self.key_hex());
    }

    /// The line that `pyotp_codes.py` reads.
    fn as_json(&self) -> String {
        let algorithm = self.kind.algorithm().name().to_lowercase();
        let moving = self.kind.counter().map_or(self.time_s, Counter::value);
        serde_json::json!({
            "kind": self.kind.name(),
            "key": self.key_hex(),
            "algorithm": algorithm,
            "digits": self.kind.digits(),
            "period_s": self.kind.period().map(Period::seconds),
            "moving": moving,
        })
        .to_string()
    }
}

#[test]
fn c1_oathtool_agrees_on_random_accounts_and_times() {
    let mut chance = Chance::new(SEED);
    for _ in 0..rounds(ACCOUNTS) {
        // RFC 4226 knows only SHA-1, and so does oathtool for HOTP.
        let case = Case::random(&mut chance, (6, 8), &[Algorithm::Sha1]);
        let Some(mut command) = peers::peer("oathtool") else {
            return;
        };
        case.ask_oathtool(&mut command);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "oathtool refuses {}",
            case.described()
        );
        let theirs = String::from_utf8(output.stdout).unwrap();
        assert_eq!(case.our_code(), theirs.trim(), "{}", case.described());
    }
}

#[test]
fn c1_pyotp_agrees_on_random_accounts_and_times() {
    let Some(python) = python::python() else {
        return;
    };
    let all = [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512];
    let mut chance = Chance::new(SEED);
    let cases: Vec<Case> = (0..rounds(ACCOUNTS))
        .map(|_| Case::random(&mut chance, (1, 10), &all))
        .collect();
    let questions: String = cases.iter().map(|case| case.as_json() + "\n").collect();
    let answers = python::answers(&python, "pyotp_codes.py", &questions);
    assert_eq!(answers.len(), cases.len());
    for (case, theirs) in cases.iter().zip(answers) {
        assert_eq!(case.our_code(), theirs, "{}", case.described());
    }
}
