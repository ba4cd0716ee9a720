//! The old phone's half.

use super::server::OldStands;
use crate::pair::Which;

/// What the old phone shows of its move.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Sees {
    /// There is none.
    #[default]
    Nothing,
    /// An invitation, as a QR code.
    Invited(Which),
    /// The number of the new phone's test.
    Testing(Which),
}

impl Sees {
    /// The move that it shows.
    #[must_use]
    pub const fn which(self) -> Option<Which> {
        match self {
            Self::Nothing => None,
            Self::Invited(which) | Self::Testing(which) => Some(which),
        }
    }
}

/// A fetch of the old phone, which no kill survives.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Asking {
    /// None is on its way.
    #[default]
    Nothing,
    /// It was sent.
    Sent,
    /// Its reply is on its way.
    Answered {
        /// How the phone stands.
        stands: OldStands,
        /// The move.
        sees: Sees,
        /// Whether the real statement is listed.
        is_listed: bool,
        /// Whether its receipt is there.
        is_closed: bool,
    },
}

/// The old phone.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct OldPhone {
    /// How it stands, as far as it knows.
    pub stands: OldStands,
    /// What it shows of the move.
    pub sees: Sees,
    /// Its fetch.
    pub asking: Asking,
}
