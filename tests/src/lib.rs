//! What the tests of the whole product share.
#![forbid(unsafe_code)]
