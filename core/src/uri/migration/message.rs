//! The export's protobuf messages. The schema is not published; these are the members that Google
//! Authenticator writes.

use zeroize::Zeroize;

/// One part of an export.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Payload {
    /// Kept as bytes, so that one broken entry does not break the others.
    #[prost(bytes = "vec", repeated, tag = "1")]
    pub(super) entries: Vec<Vec<u8>>,
    #[prost(int32, tag = "2")]
    pub(super) version: i32,
    #[prost(int32, tag = "3")]
    pub(super) batch_size: i32,
    #[prost(int32, tag = "4")]
    pub(super) batch_index: i32,
    #[prost(int32, tag = "5")]
    pub(super) batch_id: i32,
}

/// One account. Names are bytes, so that one that is not UTF-8 can still be shown.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(skip_debug)]
pub(super) struct Entry {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) secret: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(super) name: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(super) issuer: Vec<u8>,
    #[prost(int32, tag = "4")]
    pub(super) algorithm: i32,
    #[prost(int32, tag = "5")]
    pub(super) digits: i32,
    #[prost(int32, tag = "6")]
    pub(super) kind: i32,
    #[prost(int64, tag = "7")]
    pub(super) counter: i64,
}

pub(super) const ALGORITHM_SHA1: i32 = 1;
pub(super) const ALGORITHM_SHA256: i32 = 2;
pub(super) const ALGORITHM_SHA512: i32 = 3;
pub(super) const DIGITS_SIX: i32 = 1;
pub(super) const DIGITS_EIGHT: i32 = 2;
pub(super) const KIND_HOTP: i32 = 1;
pub(super) const KIND_TOTP: i32 = 2;
/// A member that is absent; Google's own reader takes the default then.
pub(super) const UNSPECIFIED: i32 = 0;

impl std::fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        self.entries.zeroize();
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}
