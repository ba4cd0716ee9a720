//! From a password to a slot's secret: Argon2id (RFC 9106), with bounds that are checked before memory is taken.

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::keys::{Key32, empty_key};
use crate::secret::Secret;

/// Bytes of the salt.
pub(super) const SALT_BYTES: usize = 16;
/// Bytes of a password slot's parameters: memory, passes, lanes, salt.
pub(super) const PARAMETER_BYTES: usize = 12 + SALT_BYTES;

/// What Argon2id costs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KdfParams {
    /// Memory in KiB: 65,536 to 262,144 (64 to 256 MiB).
    pub memory_kib: u32,
    /// Passes over the memory: 3 to 32 when read, 3 to 16 when made.
    pub passes: u32,
    /// Lanes: 1 to 4.
    pub lanes: u32,
}

impl KdfParams {
    /// 64 MiB, three passes, one lane: the floor. Phones throttle threads, so one lane.
    pub const DEFAULT: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 1,
    };
    /// Most passes of a slot that is made here, so that a weaker device can open it too.
    pub const PASSES_MADE_MAX: u32 = 16;

    /// Seconds that unlocking is to take on the device that sets the password, in milliseconds.
    const TARGET_MS: u64 = 700;

    /// The parameters for a device on which a derivation with [`Self::DEFAULT`] takes `floor_ms` milliseconds: as many
    /// passes as fit into about 0.7 s, never below the floor's and never above [`Self::PASSES_MADE_MAX`], so that a
    /// weaker device can still open the vault.
    #[must_use]
    pub fn calibrated(floor_ms: u64) -> Self {
        let floor = u64::from(Self::DEFAULT.passes);
        let passes = (Self::TARGET_MS * floor).checked_div(floor_ms);
        let passes = passes.unwrap_or(u64::MAX).max(floor);
        Self {
            passes: u32::try_from(passes)
                .unwrap_or(u32::MAX)
                .min(Self::PASSES_MADE_MAX),
            ..Self::DEFAULT
        }
    }

    /// Does the work of one derivation with [`Self::DEFAULT`], for a shell that has a clock to measure it.
    ///
    /// # Errors
    ///
    /// [`VaultError::KdfOutOfBounds`] when there is not so much memory.
    pub fn rehearse() -> Result<(), VaultError> {
        let parameters = format_parameters(Self::DEFAULT, &[0; SALT_BYTES]);
        derive_secret(&Secret::copy_of(b"rehearsal"), &parameters).map(|_| ())
    }

    /// What a password slot's `params` say; none for anything else.
    pub(super) fn of_slot(parameters: &[u8]) -> Option<Self> {
        parse_parameters(parameters).ok().map(|(params, _)| params)
    }

    /// Whether a slot of this vault may have these; nothing below the floor is ever used.
    pub(super) fn check(self) -> Result<Self, VaultError> {
        let in_bounds = (64 * 1024..=256 * 1024).contains(&self.memory_kib)
            && (3..=32).contains(&self.passes)
            && (1..=4).contains(&self.lanes);
        if in_bounds {
            Ok(self)
        } else {
            Err(VaultError::KdfOutOfBounds)
        }
    }

    pub(super) fn check_made(self) -> Result<Self, VaultError> {
        if self.passes > Self::PASSES_MADE_MAX {
            return Err(VaultError::KdfOutOfBounds);
        }
        self.check()
    }
}

/// A password slot's `params`: m, t, p (u32 each), salt.
pub(super) fn format_parameters(params: KdfParams, salt: &[u8; SALT_BYTES]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(PARAMETER_BYTES);
    bytes.extend_from_slice(&params.memory_kib.to_be_bytes());
    bytes.extend_from_slice(&params.passes.to_be_bytes());
    bytes.extend_from_slice(&params.lanes.to_be_bytes());
    bytes.extend_from_slice(salt);
    bytes
}

/// The password slot's secret.
///
/// # Errors
///
/// [`VaultError::KdfOutOfBounds`] before anything is computed; [`VaultError::PasswordNotText`]; [`VaultError::PasswordEmpty`].
pub(super) fn derive_secret(password: &Secret, parameters: &[u8]) -> Result<Key32, VaultError> {
    let (params, salt) = parse_parameters(parameters)?;
    let normalised = normalise(password)?;
    let argon2_params =
        argon2::Params::new(params.memory_kib, params.passes, params.lanes, Some(32))
            .map_err(|_| VaultError::KdfOutOfBounds)?;
    let argon2 = argon2::Argon2::new(
        argon2::Algorithm::Argon2id,
        argon2::Version::V0x13,
        argon2_params,
    );
    let mut secret = empty_key();
    argon2
        .hash_password_into(normalised.as_bytes(), salt, &mut **secret)
        .map_err(|_| VaultError::KdfOutOfBounds)?;
    Ok(secret)
}

fn parse_parameters(parameters: &[u8]) -> Result<(KdfParams, &[u8]), VaultError> {
    let number = |at: usize| {
        let bytes = parameters.get(at..at + 4)?;
        bytes.try_into().ok().map(u32::from_be_bytes)
    };
    let found = (parameters.len() == PARAMETER_BYTES)
        .then(|| {
            let params = KdfParams {
                memory_kib: number(0)?,
                passes: number(4)?,
                lanes: number(8)?,
            };
            Some((params, parameters.get(12..)?))
        })
        .flatten();
    let (params, salt) = found.ok_or(VaultError::DamagedSlot)?;
    Ok((params.check()?, salt))
}

/// NFKC, so that a password typed on another keyboard gives the same bytes.
fn normalise(password: &Secret) -> Result<Zeroizing<String>, VaultError> {
    // EXPOSE: the key derivation needs the password's text.
    let text = str::from_utf8(password.expose()).map_err(|_| VaultError::PasswordNotText)?;
    if text.is_empty() {
        return Err(VaultError::PasswordEmpty);
    }
    // NFKC makes a character at most 18 times as long in UTF-8; the room is taken once.
    let mut normalised = Zeroizing::new(String::with_capacity(
        text.len().saturating_mul(18).min(64 * 1024),
    ));
    normalised.extend(text.nfkc());
    Ok(normalised)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: [u8; SALT_BYTES] = [9; SALT_BYTES];

    #[test]
    fn parameters_outside_the_bounds_are_refused_before_memory_is_taken() {
        for (memory_kib, passes, lanes) in [
            (u32::MAX, 3, 1),
            (64 * 1024, 1 << 31, 1),
            (64 * 1024, 3, 1 << 24),
            (64 * 1024 - 1, 3, 1),
            (64 * 1024, 2, 1),
            (64 * 1024, 3, 0),
            (256 * 1024 + 1, 3, 1),
            (64 * 1024, 33, 1),
            (64 * 1024, 3, 5),
        ] {
            let parameters = format_parameters(
                KdfParams {
                    memory_kib,
                    passes,
                    lanes,
                },
                &SALT,
            );
            assert_eq!(
                derive_secret(&Secret::copy_of(b"x"), &parameters).unwrap_err(),
                VaultError::KdfOutOfBounds
            );
        }
        assert_eq!(
            KdfParams {
                passes: 17,
                ..KdfParams::DEFAULT
            }
            .check_made(),
            Err(VaultError::KdfOutOfBounds)
        );
    }

    #[test]
    fn calibration_goes_up_from_the_floor_to_the_ceiling_and_no_further() {
        for (floor_ms, passes) in [
            (0, 16),
            (1, 16),
            (131, 16),
            (140, 15),
            (350, 6),
            (699, 3),
            (5_000, 3),
            (u64::MAX, 3),
        ] {
            let params = KdfParams::calibrated(floor_ms);
            assert_eq!(params.passes, passes, "{floor_ms} ms");
            assert_eq!(params.check_made(), Ok(params));
        }
    }

    #[test]
    fn parameters_of_another_length_are_a_damaged_slot() {
        for length in [0, 12, PARAMETER_BYTES - 1, PARAMETER_BYTES + 1] {
            assert_eq!(
                derive_secret(&Secret::copy_of(b"x"), &vec![0; length]).unwrap_err(),
                VaultError::DamagedSlot
            );
        }
    }

    #[test]
    fn a_slot_says_how_it_was_made() {
        let made = KdfParams {
            passes: 7,
            ..KdfParams::DEFAULT
        };
        let parameters = format_parameters(made, &[3; SALT_BYTES]);
        assert_eq!(KdfParams::of_slot(&parameters), Some(made));
        assert_eq!(KdfParams::of_slot(&parameters[1..]), None);
    }

    #[test]
    fn a_password_is_text_and_not_nothing() {
        assert_eq!(
            normalise(&Secret::copy_of(b"")).unwrap_err(),
            VaultError::PasswordEmpty
        );
        assert_eq!(
            normalise(&Secret::copy_of(b"\xff")).unwrap_err(),
            VaultError::PasswordNotText
        );
    }

    #[test]
    fn compatibility_forms_are_one_password() {
        let composed = normalise(&Secret::copy_of("ﬁlé".as_bytes())).unwrap();
        let decomposed = normalise(&Secret::copy_of("file\u{301}".as_bytes())).unwrap();
        assert_eq!(*composed, *decomposed);
    }
}
