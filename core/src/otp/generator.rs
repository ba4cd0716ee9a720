//! From a key to codes, over `totp-rs`.

use super::Otp;
use super::code::Code;
use super::kept::Kept;
use super::parameters::{Algorithm, Counter, OtpKind};
use crate::time::UnixSeconds;

/// The current and the next code of one account, taken at one moment, so that they agree at the boundary (C2).
#[derive(Debug, Eq, PartialEq)]
pub struct CodeWindow {
    /// The code that is right now.
    pub current: Code,
    /// The code that follows it.
    pub next: Code,
    /// The first second at which `next` is the current one.
    pub changes_at: UnixSeconds,
}

/// A key made ready for codes.
pub struct Generator {
    signer: totp_rs::Totp,
    kind: OtpKind,
    kept: Kept,
}

impl Generator {
    pub(super) fn new(otp: &Otp) -> Self {
        let kind = otp.kind();
        let algorithm = match kind.algorithm() {
            Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
            Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
            Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
        };
        let step_s = kind
            .period()
            .map_or(1, |period| u64::from(period.seconds()));
        // EXPOSE: the signer keeps its own copy, which it wipes when dropped.
        let key: Box<[u8]> = otp.key().expose().into();
        let signer = totp_rs::Builder::new()
            .with_algorithm(algorithm)
            .with_step_duration(step_s)
            .with_secret(totp_rs::Secret::new(key))
            .build_noncompliant();
        Self {
            signer,
            kind,
            kept: Kept::default(),
        }
    }

    /// How the key is used.
    #[must_use]
    pub const fn kind(&self) -> OtpKind {
        self.kind
    }

    /// The code that is right at `now`; for HOTP, the code of its stored counter.
    #[must_use]
    pub fn code(&self, now: UnixSeconds) -> Code {
        match self.kind {
            OtpKind::Totp { digits, .. } => Code::decimal(self.truncated(now.0), digits),
            // An HOTP is its code at step one: the counter stands where the time would (RFC 4226 §5.2).
            OtpKind::Hotp {
                digits, counter, ..
            } => Code::decimal(self.truncated(counter.value()), digits),
            OtpKind::Steam => Code::steam(self.truncated(now.0)),
        }
    }

    /// The HOTP code of another counter than the stored one; none for kinds without a counter.
    #[must_use]
    pub fn code_at_counter(&self, counter: Counter) -> Option<Code> {
        match self.kind {
            OtpKind::Hotp { digits, .. } => {
                Some(Code::decimal(self.truncated(counter.value()), digits))
            }
            OtpKind::Totp { .. } | OtpKind::Steam => None,
        }
    }

    /// Current code, next code and the second of the change; none for HOTP, whose codes do not change by themselves.
    #[must_use]
    pub fn window(&self, now: UnixSeconds) -> Option<CodeWindow> {
        let changes_at = self.kind.next_change(now)?;
        Some(CodeWindow {
            current: self.kept_code(now)?,
            next: self.kept_code(changes_at)?,
            changes_at,
        })
    }

    /// As [`Generator::code`], from memory where a window had it before; none for kinds without a period.
    fn kept_code(&self, at: UnixSeconds) -> Option<Code> {
        let step = at.0 / u64::from(self.kind.period()?.seconds());
        let truncated = self.kept.of_step(step, || self.truncated(at.0));
        match self.kind {
            OtpKind::Totp { digits, .. } => Some(Code::decimal(truncated, digits)),
            OtpKind::Steam => Some(Code::steam(truncated)),
            OtpKind::Hotp { .. } => None,
        }
    }

    /// Dynamic truncation (RFC 4226 §5.3): the low four bits of the last byte say where the 31 bits stand.
    fn truncated(&self, time_s: u64) -> u32 {
        let signature = self.signer.sign(time_s);
        let bytes = signature.as_ref();
        let offset = usize::from(bytes.last().expect("an HMAC is never empty") & 0x0f);
        let word = bytes
            .get(offset..)
            .and_then(|rest| rest.first_chunk::<4>())
            .expect("an HMAC has at least 20 bytes and the offset is at most 15");
        u32::from_be_bytes(*word) & 0x7fff_ffff
    }
}

impl std::fmt::Debug for Generator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Generator")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
