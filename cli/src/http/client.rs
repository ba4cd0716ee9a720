//! One exchange: a POST, and everything that may come of it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_core::approval::{Outgoing, Reply, Unreachable};
use countersign_core::time::UnixSeconds;
use ureq::http::{Uri, header};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Error};

use super::host::is_loopback;
use super::later::retry_after_s;
use super::proxy::Proxies;
use crate::failure::Failure;

/// What servers are told of the program: its name alone. A version would tell whom to attack with what.
const USER_AGENT: &str = "countersign";
/// Most bytes of a reply's header lines.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// What is posted.
pub(super) struct Post<'a> {
    pub(super) url: &'a str,
    pub(super) content_type: &'a str,
    pub(super) body: &'a str,
    pub(super) timeout: Duration,
    pub(super) reply_bytes_max: usize,
}

/// The way to the servers. Any number of threads may post at once.
pub(crate) struct Http {
    roots: RootCerts,
    proxies: Proxies,
    /// By time-out and whether the proxy is used. The trust store is read once for each.
    agents: Mutex<BTreeMap<(Duration, bool), Agent>>,
}

impl Http {
    /// Trusts what the platform trusts, and goes through the proxy that the environment names.
    ///
    /// # Errors
    ///
    /// `usage` when that is no proxy.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        let proxies = Proxies::from_variables(|name| std::env::var(name).ok())?;
        Ok(Self::new(RootCerts::PlatformVerifier, proxies))
    }

    pub(super) fn new(roots: RootCerts, proxies: Proxies) -> Self {
        Self {
            roots,
            proxies,
            agents: Mutex::default(),
        }
    }

    /// Posts a request of the core and waits for what comes. `now` is what a date in the reply is counted from.
    pub(crate) fn post(&self, outgoing: &Outgoing, now: UnixSeconds) -> Reply {
        let post = Post {
            url: &outgoing.url,
            content_type: outgoing.content_type,
            body: &outgoing.body,
            timeout: Duration::from_secs(u64::from(outgoing.timeout_s)),
            reply_bytes_max: outgoing.reply_bytes_max,
        };
        self.exchange(&post, now)
    }

    pub(super) fn exchange(&self, post: &Post<'_>, now: UnixSeconds) -> Reply {
        self.try_exchange(post, now)
            .unwrap_or_else(Reply::Unreachable)
    }

    fn try_exchange(&self, post: &Post<'_>, now: UnixSeconds) -> Result<Reply, Unreachable> {
        let agent = self.agent_for(post)?;
        let mut response = agent
            .post(post.url)
            .content_type(post.content_type)
            .send(post.body)
            .map_err(|error| unreachable(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(Unreachable::Redirect);
        }
        let retry_after_s = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| retry_after_s(value, now));
        let cap = u64::try_from(post.reply_bytes_max).unwrap_or(u64::MAX);
        let body = response
            .body_mut()
            .with_config()
            // The reader refuses at its limit, not above it.
            .limit(cap.saturating_add(1))
            .read_to_vec()
            .map_err(|error| unreachable(&error))?;
        if body.len() > post.reply_bytes_max {
            return Err(Unreachable::TooLong);
        }
        Ok(Reply::Answered {
            status: status.as_u16(),
            retry_after_s,
            body,
        })
    }

    /// What is not encrypted goes to this machine only, and nothing to this machine goes through a proxy.
    fn agent_for(&self, post: &Post<'_>) -> Result<Agent, Unreachable> {
        let uri: Uri = post.url.parse().map_err(|_| Unreachable::NoConnection)?;
        let host = uri.host().ok_or(Unreachable::NoConnection)?;
        let is_here = is_loopback(host);
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_here => {}
            _ => return Err(Unreachable::NoConnection),
        }
        let proxy = self.proxies.to(host).filter(|_| !is_here);
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        let agent = agents
            .entry((post.timeout, proxy.is_some()))
            .or_insert_with(|| {
                let tls = TlsConfig::builder()
                    .provider(TlsProvider::Rustls)
                    .unversioned_rustls_crypto_provider(Arc::new(
                        rustls::crypto::ring::default_provider(),
                    ))
                    .root_certs(self.roots.clone())
                    .build();
                Agent::config_builder()
                    .tls_config(tls)
                    .proxy(proxy.cloned())
                    .http_status_as_error(false)
                    .max_redirects(0)
                    .timeout_global(Some(post.timeout))
                    .user_agent(USER_AGENT)
                    .accept("")
                    .accept_encoding("")
                    .max_response_header_size(HEADER_BYTES_MAX)
                    // A connection that was kept may be dead when it is used again, and a signed request is not sent twice unseen.
                    .max_idle_connections(0)
                    .build()
                    .new_agent()
            });
        Ok(agent.clone())
    }
}

/// What an error of the client means. Its words, which may hold anything, stay here.
fn unreachable(error: &Error) -> Unreachable {
    match error {
        Error::Timeout(_) => Unreachable::TimedOut,
        Error::Io(error) => of_io(error),
        Error::Rustls(error) => of_tls(error),
        Error::BodyExceedsLimit(_) | Error::LargeResponseHeader(..) => Unreachable::TooLong,
        Error::TooManyRedirects | Error::RedirectFailed => Unreachable::Redirect,
        Error::Protocol(_) | Error::Http(_) | Error::BodyStalled => Unreachable::NotHttp,
        _ => Unreachable::NoConnection,
    }
}

fn of_io(error: &io::Error) -> Unreachable {
    if error.kind() == io::ErrorKind::TimedOut {
        return Unreachable::TimedOut;
    }
    let inner = error.get_ref();
    if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(tls);
    }
    // Reading a body wraps the client's own errors once more.
    if let Some(own) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        return unreachable(own);
    }
    Unreachable::NoConnection
}

fn of_tls(error: &rustls::Error) -> Unreachable {
    match error {
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::UnsupportedNameType
        // The platform's trust store cannot be read.
        | rustls::Error::General(_) => Unreachable::Certificate,
        rustls::Error::InvalidMessage(_)
        | rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. } => Unreachable::NotHttp,
        _ => Unreachable::NoConnection,
    }
}
