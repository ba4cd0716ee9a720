//! The kinds of text there are, each with its own words.

use crate::uri::Hint;
use crate::uri::link::{split_scheme, strip_prefix_ignoring_case};
use crate::uri::migration::is_migration;

/// Hosts whose pages offer an app.
const STORE_HOSTS: [&str; 9] = [
    "play.google.com",
    "apps.apple.com",
    "itunes.apple.com",
    "testflight.apple.com",
    "f-droid.org",
    "apps.microsoft.com",
    "appgallery.huawei.com",
    "galaxystore.samsung.com",
    "addons.mozilla.org",
];

/// What a text is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Time-based codes.
    Totp,
    /// Counter-based codes.
    Hotp,
    /// Steam's codes.
    Steam,
    /// A Google Authenticator export.
    Migration,
    /// An invitation to approve sign-ins.
    Invitation,
    /// A request to approve one sign-in.
    Statement,
    /// Another server's approvals.
    ForeignPush,
    /// Microsoft's approvals.
    PushActivation,
    /// Codes that this program does not make.
    OtherOtp,
    /// A passkey's cross-device sign-in.
    Passkey,
    /// A wireless network.
    Wifi,
    /// A web page.
    WebLink,
    /// A page that offers an app.
    StoreLink,
    /// A contact.
    Contact,
    /// A mail address or message.
    Mail,
    /// A telephone number or text message.
    Telephone,
    /// Digits only.
    Digits,
    /// Anything else.
    Text,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 18] = [
        Self::Totp,
        Self::Hotp,
        Self::Steam,
        Self::Migration,
        Self::Invitation,
        Self::Statement,
        Self::ForeignPush,
        Self::PushActivation,
        Self::OtherOtp,
        Self::Passkey,
        Self::Wifi,
        Self::WebLink,
        Self::StoreLink,
        Self::Contact,
        Self::Mail,
        Self::Telephone,
        Self::Digits,
        Self::Text,
    ];

    /// The name that scripts rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Hotp => "hotp",
            Self::Steam => "steam",
            Self::Migration => "migration",
            Self::Invitation => "invitation",
            Self::Statement => "statement",
            Self::ForeignPush => "foreign_push",
            Self::PushActivation => "push_activation",
            Self::OtherOtp => "other_otp",
            Self::Passkey => "passkey",
            Self::Wifi => "wifi",
            Self::WebLink => "web_link",
            Self::StoreLink => "store_link",
            Self::Contact => "contact",
            Self::Mail => "mail",
            Self::Telephone => "telephone",
            Self::Digits => "digits",
            Self::Text => "text",
        }
    }

    /// What it is, in plain words.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Totp => {
                "This sets up an account whose codes change with the time, usually every 30 seconds."
            }
            Self::Hotp => {
                "This sets up an account whose codes follow a counter: each code is used once, then the next one counts."
            }
            Self::Steam => {
                "This sets up Steam Guard codes: five letters and digits, new every 30 seconds."
            }
            Self::Migration => {
                "This is an export from Google Authenticator. One code holds up to ten accounts, so a long list is spread over several."
            }
            Self::Invitation => {
                "This is an invitation from a Countersign server: it adds a work account whose sign-ins you approve here."
            }
            Self::Statement => {
                "This is a sign-in that waits for an answer from a work account you already have here."
            }
            Self::ForeignPush => {
                "This sets up sign-in approvals with another server's own protocol. It holds no key for codes."
            }
            Self::PushActivation => {
                "This is Microsoft's own format. It activates approvals in the Microsoft Authenticator app and holds no key for codes."
            }
            Self::OtherOtp => {
                "This sets up codes of a type that this program does not make. Reading it as another type would show wrong codes."
            }
            Self::Passkey => {
                "This is a passkey code: it lets a phone sign in to the site on the other screen. It is good for one sign-in and sets nothing up."
            }
            Self::Wifi => {
                "This code joins a wireless network. It holds the network's name and often its password."
            }
            Self::WebLink => "This is a link to a web page. It holds no key for codes.",
            Self::StoreLink => "This is a link to an app in a store. It holds no key for codes.",
            Self::Contact => "This is a contact card.",
            Self::Mail => "This is a mail address or a prepared mail.",
            Self::Telephone => "This is a telephone number or a prepared text message.",
            Self::Digits => {
                "These are only digits: perhaps a code, a serial number or an invitation code. A key has letters too."
            }
            Self::Text => "This is text that sets nothing up.",
        }
    }

    /// What to do next, in plain words.
    #[must_use]
    pub const fn next_step(self) -> &'static str {
        match self {
            Self::Totp | Self::Steam => {
                "Add it, then type the current code where the site asks for it to finish there."
            }
            Self::Hotp => {
                "Add it, then use its first code where the site asks for it to finish there."
            }
            Self::Migration => {
                "Scan all codes of the export. Nothing is added before they are complete, unless you say that a part is enough."
            }
            Self::Invitation => {
                "Compare the server's name with the page that shows the invitation before you accept it."
            }
            Self::Statement => {
                "Open it with the account it belongs to, and answer only if it is you who is signing in."
            }
            Self::ForeignPush => {
                "Go back to the page that showed it and choose a method with codes, often called TOTP or \"authenticator app\"."
            }
            Self::PushActivation => {
                "On Microsoft's page choose \"I want to use a different authenticator app\". It then shows a standard code that works here."
            }
            Self::OtherOtp => {
                "Ask the site for standard codes (TOTP), or keep using the app that it recommends for this one."
            }
            Self::Passkey => {
                "Scan it with the phone's camera. To get codes, look in the site's security settings for \"authenticator app\"."
            }
            Self::Wifi => "Scan it with the phone's camera to join the network.",
            Self::WebLink => {
                "Open it only if you trust where it came from. If a site is to be set up, look there for the QR code of its authenticator app step."
            }
            Self::StoreLink => {
                "You need no other app: go one step further on the page, to the code that says \"scan this with your app\"."
            }
            Self::Contact => "Scan it with the phone's camera to save the contact.",
            Self::Mail => "Open it in a mail program, if you meant to write.",
            Self::Telephone => "Call only a number that you know from elsewhere.",
            Self::Digits => {
                "For an invitation, enter the code together with the address beside it. Otherwise look for a QR code or a longer key with letters."
            }
            Self::Text => {
                "Look for the QR code or link of the site's authenticator app step, or add the account by hand if the site shows a key."
            }
        }
    }

    /// The hint that goes with a refusal of this kind.
    #[must_use]
    pub const fn hint(self) -> Option<Hint> {
        match self {
            Self::PushActivation | Self::ForeignPush => Some(Hint::PushActivation),
            Self::Passkey => Some(Hint::Passkey),
            Self::WebLink | Self::StoreLink => Some(Hint::WebLink),
            _ => None,
        }
    }

    /// Whether it is a link that sets something up, here or elsewhere.
    pub(super) const fn is_link(self) -> bool {
        matches!(
            self,
            Self::Totp
                | Self::Hotp
                | Self::Steam
                | Self::Migration
                | Self::Invitation
                | Self::Statement
                | Self::ForeignPush
                | Self::PushActivation
                | Self::OtherOtp
        )
    }

    /// The kind that a text's beginning names; none for text without a known scheme.
    pub(super) fn of_scheme(text: &str) -> Option<Self> {
        let (scheme, rest) = split_scheme(text)?;
        let scheme = scheme.to_ascii_lowercase();
        let begins = |prefix: &str| strip_prefix_ignoring_case(rest, prefix).is_some();
        let kind = match scheme.as_str() {
            "otpauth" | "apple-otpauth" | "motp" => Self::OtherOtp,
            "steam" => Self::Steam,
            "countersign" if begins("//approve") => Self::Statement,
            "countersign" => Self::Invitation,
            "phonefactor" => Self::PushActivation,
            "pia" | "edumfa-push" => Self::ForeignPush,
            "fido" => Self::Passkey,
            "wifi" => Self::Wifi,
            "http" | "https" if is_store(rest) => Self::StoreLink,
            "http" | "https" => Self::WebLink,
            "market" | "itms" | "itms-apps" | "ms-windows-store" | "fdroidrepos" => Self::StoreLink,
            "begin" if begins("vcard") => Self::Contact,
            "mecard" | "bizcard" => Self::Contact,
            "mailto" | "matmsg" | "smtp" => Self::Mail,
            "tel" | "sms" | "smsto" | "mms" | "mmsto" => Self::Telephone,
            scheme if is_migration(scheme) => Self::Migration,
            _ => return None,
        };
        // "Steam: my key" is a person's note, not a link.
        let is_note = kind.is_link() && rest.starts_with(char::is_whitespace);
        (!is_note).then_some(kind)
    }
}

/// Whether `//host/…` is that of an app store.
fn is_store(rest: &str) -> bool {
    let authority = rest.strip_prefix("//").unwrap_or(rest);
    let end = authority
        .find(['/', '?', '#', ':'])
        .unwrap_or(authority.len());
    let host = authority.split_at_checked(end).map_or("", |(host, _)| host);
    let host = strip_prefix_ignoring_case(host, "www.").unwrap_or(host);
    STORE_HOSTS
        .iter()
        .any(|store| host.eq_ignore_ascii_case(store))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_own_words() {
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            for other in Kind::ALL.into_iter().skip(index + 1) {
                assert_ne!(kind.name(), other.name());
                assert_ne!(kind.explanation(), other.explanation());
            }
            assert!(kind.next_step().ends_with('.'));
        }
    }

    #[test]
    fn a_store_is_known_by_its_host() {
        for (text, kind) in [
            (
                "https://play.google.com/store/apps/details?id=x",
                Kind::StoreLink,
            ),
            ("https://Apps.Apple.com/app/id1", Kind::StoreLink),
            ("market://details?id=x", Kind::StoreLink),
            ("https://play.google.com.evil.example/", Kind::WebLink),
            ("https://evil.example/play.google.com", Kind::WebLink),
        ] {
            assert_eq!(Kind::of_scheme(text), Some(kind), "{text}");
        }
    }
}
