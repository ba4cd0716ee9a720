//! A running server: a socket on the loopback and the threads behind it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use countersign_verifier::address::TestMode;
use countersign_verifier::http;
use countersign_verifier::rules::Rules;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::deed::Path;
use crate::front;
use crate::server::{Server, ServerError};

/// Threads that serve.
const THREADS: usize = 2;
/// Who issues its accounts, where nobody says otherwise.
const ISSUER: &str = "Example";

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no such port, no thread, or no socket.
    #[error("no socket on the loopback")]
    Socket(#[from] io::Error),
    /// The server refused its rules, or has no key.
    #[error(transparent)]
    Server(#[from] ServerError),
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub struct Scripted {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its base address, as devices know it.
    pub url: String,
    server: Arc<Server>,
    /// None once it was stopped.
    runtime: Option<Runtime>,
}

impl Deref for Scripted {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.server
    }
}

impl Scripted {
    /// Starts one on a free port: in test mode, issued by "Example", numbers compared, offline responses and moves allowed.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn start() -> Result<Self, StartError> {
        Self::start_with(0, |_| {})
    }

    /// Starts one on this port, 0 for a free one, with other rules.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn start_with(port: u16, change: impl FnOnce(&mut Rules)) -> Result<Self, StartError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)))?;
        let address = listener.local_addr()?;
        let url = format!("http://{address}");
        let mut rules = Rules::new(&url, ISSUER);
        rules.test_mode = TestMode::On;
        rules.policy.offline = true;
        change(&mut rules);
        let server = Arc::new(Server::new(rules)?);
        let clock = Arc::clone(&server);
        let verifier = Arc::clone(server.verifier());
        let router = http::router(verifier, move || clock.now(), http::peer_address);
        runtime.spawn(front::serve(listener, Arc::clone(&server), router));
        Ok(Self {
            address,
            url,
            server,
            runtime: Some(runtime),
        })
    }

    /// Waits until so many requests of a path have come since they were last forgotten; whether they did in this time.
    #[must_use]
    pub fn wait_for(&self, path: Path, count: usize, at_most: Duration) -> bool {
        let wait = self.server.exchanges().wait(path, count);
        let Some(runtime) = &self.runtime else {
            return false;
        };
        runtime
            .block_on(async { tokio::time::timeout(at_most, wait).await })
            .is_ok()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Whoever is held or dripped to would hold up the end.
            runtime.shutdown_background();
        }
    }
}
