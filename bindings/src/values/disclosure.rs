//! Where keys lie, and what an organisation sees and decides.

use countersign_core::approval::{Disclosure, KeyPlace, Rule, Sent};

/// Where an account's private keys will lie.
#[uniffi::remote(Enum)]
pub enum KeyPlace {
    /// In the platform, which the shell lends the core.
    Platform,
    /// In the vault.
    Software,
}

/// Something that was, or will be, sent to the organisation's server.
#[uniffi::remote(Enum)]
pub enum Sent {
    /// The public halves of this account's two keys, made for it alone.
    PublicKeys,
    /// Where the keys lie, and what their use asks of the person.
    KeyProtection,
    /// What the platform says of the keys.
    Attestation,
    /// The name that the person gave the device.
    DeviceName,
    /// The platform.
    Platform,
    /// The app and its version.
    App,
    /// What the device can do: scan, answer offline, keep codes.
    Capabilities,
    /// The device's clock, with each message.
    Clock,
    /// The decision over a request, the number typed for it, and a hash of what was shown.
    Answers,
    /// Which requests the device holds.
    OpenRequests,
    /// Where the device can be rung.
    PushAddress,
    /// The network address that the device connects from, as with every connection.
    NetworkAddress,
}

/// A rule that the organisation has set.
#[uniffi::remote(Enum)]
pub enum Rule {
    /// Each approval has to ask for the person.
    PresenceRequired,
    /// Each approval should ask for the person.
    PresencePreferred,
    /// A sign-in's number has so many digits.
    NumberDigits(u8),
    /// A request is open for so many seconds.
    LifetimeSeconds(u64),
    /// Responses may be typed without a network.
    OfflineAllowed,
    /// No responses without a network.
    NoOffline,
    /// The account may be moved to another device.
    MoveAllowed,
    /// It may not.
    NoMove,
    /// The account's codes may leave the vault.
    ExportAllowed,
    /// They may not; personal accounts are not touched by this.
    NoExport,
}

/// What an organisation sees and decides.
#[uniffi::remote(Record)]
pub struct Disclosure {
    /// Each field ever sent, in the order of `Sent`.
    pub sent: Vec<Sent>,
    /// Each rule in force.
    pub rules: Vec<Rule>,
}
