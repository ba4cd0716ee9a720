//! Numbers of words in what is stored.

use crate::encoding::tlv::Malformed;

/// Declares a closed list of words with their numbers in storage.
macro_rules! stored_words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(in crate::approval) enum $name {
            $($(#[$word_doc])* $word,)+
        }

        impl $name {
            pub(super) const fn number(self) -> u8 {
                match self {
                    $(Self::$word => $number,)+
                }
            }

            pub(super) const fn of(number: u8) -> Result<Self, Malformed> {
                match number {
                    $($number => Ok(Self::$word),)+
                    _ => Err(Malformed),
                }
            }
        }
    };
}

stored_words! {
    /// What this device answered.
    DecisionWord {
        Approve = 1,
        Deny = 2,
        Report = 3,
        Cancel = 4,
    }
}

stored_words! {
    /// How a statement ended.
    EndWord {
        Approved = 1,
        ApprovedOffline = 2,
        Denied = 3,
        Reported = 4,
        Cancelled = 5,
        Expired = 6,
        Withdrawn = 7,
        Unknown = 8,
    }
}
