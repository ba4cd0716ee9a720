//! What an entry is about, what was decided and what came of it: each has a number in the entry and a name in documents.

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$of:meta])* $variant:ident = $number:literal $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum $type {
            $($(#[$of])* $variant,)+
        }

        impl $type {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its number in an entry.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self {
                    $(Self::$variant => $number,)+
                }
            }

            /// Its name in documents.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            pub(super) fn from_number(number: u8) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.number() == number)
            }
        }
    };
}

named! {
    /// What an entry is about.
    Kind {
        /// The account was enrolled: what was asked and the first account document.
        Enrolled = 1 "enrolled",
        /// A newer account document.
        Document = 2 "document",
        /// A statement was answered here: statement, answer, receipt.
        Answered = 3 "answered",
        /// A statement ended without an answer of this device: statement, and the receipt if there is one.
        Closed = 4 "closed",
        /// Something from the server was refused. One a cause, account and hour.
        Refused = 5 "refused",
        /// The account was muted after a report.
        Muted = 6 "muted",
        /// The account was suspended.
        Suspended = 7 "suspended",
        /// Another device took this one's place.
        Moved = 8 "moved",
        /// The server removed this device.
        Removed = 9 "removed",
        /// The server was asked to forget this device.
        Left = 10 "left",
        /// The account has other keys of the device.
        KeyReplaced = 11 "key_replaced",
        /// The account works from now on, or again.
        Active = 12 "active",
    }
}

named! {
    /// What the person decided.
    Decision {
        /// It is me.
        Approve = 1 "approve",
        /// Not now.
        Deny = 2 "deny",
        /// It was not me.
        Report = 3 "report",
        /// It was me: stop.
        Cancel = 4 "cancel",
        /// A response was shown, to be typed into the sign-in screen.
        Offline = 5 "offline",
    }
}

named! {
    /// What became of a statement.
    Outcome {
        /// It was approved.
        Approved = 1 "approved",
        /// It was denied.
        Denied = 2 "denied",
        /// It was reported.
        Reported = 3 "reported",
        /// The person stopped it.
        Cancelled = 4 "cancelled",
        /// Nobody answered in time.
        Expired = 5 "expired",
        /// The server took it back.
        Withdrawn = 6 "withdrawn",
        /// Another device answered it.
        Elsewhere = 7 "elsewhere",
        /// The server does not say.
        Unknown = 8 "unknown",
        /// The number was wrong, and the statement still open.
        WrongNumber = 9 "wrong_number",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_names_stand_once_and_numbers_are_read_back() {
        let kinds = Kind::ALL.iter().map(|one| (one.number(), one.name()));
        let decisions = Decision::ALL.iter().map(|one| (one.number(), one.name()));
        let outcomes = Outcome::ALL.iter().map(|one| (one.number(), one.name()));
        for pairs in [
            kinds.collect(),
            decisions.collect(),
            outcomes.collect::<Vec<_>>(),
        ] {
            let numbers: BTreeSet<u8> = pairs.iter().map(|(number, _)| *number).collect();
            let names: BTreeSet<&str> = pairs.iter().map(|(_, name)| *name).collect();
            assert_eq!((numbers.len(), names.len()), (pairs.len(), pairs.len()));
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind.number()), Some(*kind));
        }
        assert_eq!(Kind::from_number(0), None);
        assert_eq!(Decision::from_number(6), None);
        assert_eq!(Outcome::from_number(10), None);
    }
}
