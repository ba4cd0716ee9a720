//! Work accounts and their requests as words for a person and as values for a script.

pub(crate) mod account;
mod failure;
mod find;
mod json;
pub(crate) mod request;
mod server;

pub(crate) use account::grouped;
pub(crate) use find::{Found, find_any, find_work};
pub(crate) use json::{account_to_json, hex, request_to_json};
pub(crate) use server::{
    host, refused_failure, tidings_name, tidings_to_json, tidings_words, trouble_name,
    trouble_to_json, trouble_words, unreachable_failure, unreachable_words,
};
