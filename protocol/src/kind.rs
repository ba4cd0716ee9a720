//! The eleven kinds of messages, and whose keys sign them.

/// Which message it is: `typ` separates what one key signs, so that no message is taken for another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Device to server: these new keys belong to the invited person.
    Enrol,
    /// Server to device: the account, its rules and the server's keys.
    Account,
    /// Device to server: what is there for me?
    Fetch,
    /// Server to device: this device's state, and what is open.
    State,
    /// Server to device: please approve this.
    Statement,
    /// Device to server: the decision over a statement.
    Answer,
    /// Server to device: what became of a statement.
    Receipt,
    /// Device to server: ring me here from now on.
    Delivery,
    /// Device to server: a new phone takes over from this one.
    Move,
    /// Device to server: forget this device.
    Leave,
    /// Device to whoever reads an exported history: where it ends.
    History,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Enrol,
        Self::Account,
        Self::Fetch,
        Self::State,
        Self::Statement,
        Self::Answer,
        Self::Receipt,
        Self::Delivery,
        Self::Move,
        Self::Leave,
        Self::History,
    ];

    /// The header's `typ`.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Enrol => "cs-enrol+jws",
            Self::Account => "cs-account+jws",
            Self::Fetch => "cs-fetch+jws",
            Self::State => "cs-state+jws",
            Self::Statement => "cs-statement+jws",
            Self::Answer => "cs-answer+jws",
            Self::Receipt => "cs-receipt+jws",
            Self::Delivery => "cs-delivery+jws",
            Self::Move => "cs-move+jws",
            Self::Leave => "cs-leave+jws",
            Self::History => "cs-history+jws",
        }
    }

    /// Whether a key of this role signs such messages.
    pub(crate) const fn is_signed_by(self, role: Role) -> bool {
        match self {
            Self::Account | Self::State | Self::Statement | Self::Receipt => {
                matches!(role, Role::Server)
            }
            Self::Enrol | Self::Fetch | Self::Delivery | Self::Leave | Self::History => {
                matches!(role, Role::Device)
            }
            // Which of both it has to be is the decision's affair.
            Self::Answer => matches!(role, Role::Device | Role::Approval),
            Self::Move => matches!(role, Role::Approval),
        }
    }

    /// Longest compact form in bytes. A statement has to fit into a QR code.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Statement => 1_600,
            Self::State => 64 * 1024,
            Self::Enrol => 32 * 1024,
            _ => 8 * 1024,
        }
    }
}

/// Whose key signed a message. A device has two for each account, so that what is signed without asking the person never
/// passes for what the person approved.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Role {
    /// The device key: signs without asking.
    Device,
    /// The approval key: signs approvals and moves, and nothing else.
    Approval,
    /// A signing key of the server.
    Server,
}
