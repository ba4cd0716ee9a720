//! Small values that cross as a number or a text. Lifting one never fails where a shell gives it: a text that is no id names
//! nothing that there is.
//!
//! Names, codes and secret texts are types of their own in every language, which shows them redacted.

use std::path::PathBuf;

use countersign_core::account::Name;
use countersign_core::approval::history::Label;
use countersign_core::approval::{StatementId, Typed};
use countersign_core::otp::{Code, Counter, Digits, Period};
use countersign_core::secret::SecretText;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{ChainHead, RecordId, VaultId};

/// A file's path; what is no Unicode in it is shown as a replacement sign.
pub(crate) type FilePath = PathBuf;
/// One letter.
pub(crate) type Letter = char;

/// The id of nothing.
const NOBODY: [u8; 16] = [0; 16];

/// A value that only ever comes from the core was given to it.
#[derive(Debug, thiserror::Error)]
#[error("this value is made by the core alone")]
struct NotGiven;

fn id_of(text: &str) -> [u8; 16] {
    let id = text.parse::<RecordId>();
    id.map_or(NOBODY, |id| *id.bytes())
}

uniffi::custom_type!(
    /// A name of an issuer, an account, a tag or a person, without control characters. As private as a key.
    Name,
    String,
    { remote, lower: |name| name.as_str().to_owned(), try_lift: |text| Ok(Name::new(&text)) }
);

uniffi::custom_type!(
    /// A secret text: an exported link, a note, a response.
    SecretText,
    String,
    {
        remote,
        // EXPOSE: it is asked for, and shown to the person; the language's own type redacts it.
        lower: |text| text.expose().to_owned(),
        try_lift: |text| Ok(SecretText::new(text)),
    }
);

uniffi::custom_type!(
    /// A one-time code as a person types it: a secret with a short life.
    Code,
    String,
    {
        remote,
        // EXPOSE: a code is there to be shown.
        lower: |code| code.text().expose().to_owned(),
        try_lift: |_text| Err(NotGiven.into()),
    }
);

uniffi::custom_type!(
    /// A number as the person typed it.
    Typed,
    String,
    { remote, lower: |_typed| String::new(), try_lift: |text| Ok(Typed::new(&text)) }
);

uniffi::custom_type!(
    /// Which account or slot: 32 lower-case hexadecimal digits.
    RecordId,
    String,
    { remote, lower: |id| id.to_string(), try_lift: |text| Ok(RecordId::from_bytes(id_of(&text))) }
);

uniffi::custom_type!(
    /// Which vault a file is: 32 lower-case hexadecimal digits. No secret.
    VaultId,
    String,
    { remote, lower: |id| id.to_string(), try_lift: |text| Ok(VaultId::from_bytes(id_of(&text))) }
);

uniffi::custom_type!(
    /// Which request: 32 lower-case hexadecimal digits, unique on this device.
    StatementId,
    String,
    {
        remote,
        lower: |id| RecordId::from_bytes(*id.bytes()).to_string(),
        try_lift: |text| Ok(StatementId::from_bytes(id_of(&text))),
    }
);

uniffi::custom_type!(
    /// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
    UnixSeconds,
    u64,
    { remote, lower: |at| at.0, try_lift: |seconds| Ok(UnixSeconds(seconds)) }
);

uniffi::custom_type!(
    /// How many decimal digits a code has: 1 to 10.
    Digits,
    u8,
    { remote, lower: |digits| digits.count(), try_lift: |count| Ok(Digits::new(count.into())?) }
);

uniffi::custom_type!(
    /// How long a code is current, in seconds: 1 to 2^31-1.
    Period,
    u32,
    { remote, lower: |period| period.seconds(), try_lift: |seconds| Ok(Period::new(seconds.into())?) }
);

uniffi::custom_type!(
    /// A counter: 0 to 2^63-1.
    Counter,
    u64,
    { remote, lower: |counter| counter.value(), try_lift: |value| Ok(Counter::new(value)?) }
);

uniffi::custom_type!(
    /// What the chain of the history has come to: 32 bytes.
    ChainHead,
    Vec<u8>,
    {
        remote,
        lower: |head| head.bytes().to_vec(),
        try_lift: |bytes| Ok(ChainHead::from_bytes(bytes.try_into().map_err(|_| NotGiven)?)),
    }
);

uniffi::custom_type!(
    /// A short word of the history, in small letters.
    Label,
    String,
    { remote, lower: |label| label.as_str().to_owned(), try_lift: |text| Ok(Label::new(&text).map_err(|_| NotGiven)?) }
);

uniffi::custom_type!(
    /// Where a file lies.
    FilePath,
    String,
    { remote, lower: |path| path.to_string_lossy().into_owned(), try_lift: |text| Ok(PathBuf::from(text)) }
);

uniffi::custom_type!(
    /// One letter.
    Letter,
    String,
    {
        remote,
        lower: |letter| letter.to_string(),
        try_lift: |text| text.parse::<char>().map_err(|_| NotGiven.into()),
    }
);
