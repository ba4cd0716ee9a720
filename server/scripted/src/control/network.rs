//! The network: what is done with the next requests, and what came.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::rules::Nothing;
use super::{Given, done, read};
use crate::deed::{Path, Rule};
use crate::server::Server;

/// Longest that a control waits for requests, in milliseconds.
const WAIT_MAX_MS: u64 = 60_000;

pub(super) fn add(server: &Server, body: &[u8]) -> Given {
    server.on(read::<Rule>(body)?);
    Ok(json!({"rules_left": server.rules_left()}))
}

pub(super) fn clear(server: &Server, body: &[u8]) -> Given {
    let Nothing {} = read(body)?;
    server.clear();
    done()
}

pub(super) fn release(server: &Server, body: &[u8]) -> Given {
    let Nothing {} = read(body)?;
    server.release();
    done()
}

/// Which exchanges are read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reading {
    path: Option<Path>,
    /// How many of the path have to have come first.
    #[serde(default)]
    at_least: usize,
    /// How long they are waited for.
    #[serde(default)]
    wait_ms: u64,
    #[serde(default)]
    forget: bool,
}

pub(super) async fn requests(server: &Server, body: &[u8]) -> Given {
    let told: Reading = read(body)?;
    if let Some(path) = told.path {
        let at_most = Duration::from_millis(told.wait_ms.min(WAIT_MAX_MS));
        let wait = server.exchanges().wait(path, told.at_least);
        // Fewer than were waited for are seen in what is given.
        drop(tokio::time::timeout(at_most, wait).await);
    }
    let exchanged = server.exchanged().into_iter();
    let exchanged = exchanged.filter(|one| told.path.is_none_or(|path| path == one.path));
    let given: Vec<_> = exchanged
        .map(|one| {
            json!({
                "path": one.path.word(),
                "request": one.request,
                "status": one.status,
                "reply": one.reply,
            })
        })
        .collect();
    if told.forget {
        server.forget_exchanges();
    }
    Ok(json!({"requests": given, "rules_left": server.rules_left()}))
}
