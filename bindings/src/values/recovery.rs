//! Why a typed recovery code is none.

use countersign_core::vault::RecoveryCodeError;

/// Why typed text is no recovery code. It holds none of the text.
#[uniffi::remote(Error)]
pub enum RecoveryCodeError {
    /// It has not 36 letters and digits.
    Length {
        /// Letters and digits counted, at most 255.
        got: u8,
    },
    /// A character that no recovery code has.
    Character {
        /// Its position in the text, in characters from 0.
        at: u32,
    },
    /// The check group does not fit: one group at least is mistyped.
    Check,
}
