//! One exchange: a POST, and everything that may come of it.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_core::approval::{Outgoing, Reply, Unreachable};
use countersign_core::time::UnixSeconds;
use ureq::config::Config;
use ureq::http::{Uri, header};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
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

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Came {
    /// For the core.
    pub(crate) reply: Reply,
    /// Whether the server may have taken the request. It cannot have where no connection was made, and has not where it wanted
    /// the request elsewhere.
    pub(crate) may_be_taken: bool,
}

/// Why nothing came.
struct Failed {
    why: Unreachable,
    may_be_taken: bool,
}

impl Failed {
    const fn unsent(why: Unreachable) -> Self {
        Self {
            why,
            may_be_taken: false,
        }
    }

    const fn underway(why: Unreachable) -> Self {
        Self {
            why,
            may_be_taken: true,
        }
    }
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
    pub(crate) fn post(&self, outgoing: &Outgoing, now: UnixSeconds) -> Came {
        let post = Post {
            url: &outgoing.url,
            content_type: outgoing.content_type,
            body: &outgoing.body,
            timeout: Duration::from_secs(u64::from(outgoing.timeout_s)),
            reply_bytes_max: outgoing.reply_bytes_max,
        };
        self.exchange(&post, now)
    }

    pub(super) fn exchange(&self, post: &Post<'_>, now: UnixSeconds) -> Came {
        match self.try_exchange(post, now) {
            Ok(reply) => Came {
                reply,
                may_be_taken: true,
            },
            Err(failed) => Came {
                reply: Reply::Unreachable(failed.why),
                may_be_taken: failed.may_be_taken,
            },
        }
    }

    fn try_exchange(&self, post: &Post<'_>, now: UnixSeconds) -> Result<Reply, Failed> {
        let agent = self.agent_for(post)?;
        let mut response = agent
            .post(post.url)
            .content_type(post.content_type)
            .send(post.body)
            .map_err(|error| failed(&error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(Failed::unsent(Unreachable::Redirect));
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
            .map_err(|error| Failed::underway(unreachable(&error)))?;
        if body.len() > post.reply_bytes_max {
            return Err(Failed::underway(Unreachable::TooLong));
        }
        Ok(Reply::Answered {
            status: status.as_u16(),
            retry_after_s,
            body,
        })
    }

    /// What is not encrypted goes to this machine only, and nothing to this machine goes through a proxy.
    fn agent_for(&self, post: &Post<'_>) -> Result<Agent, Failed> {
        let nowhere = Failed::unsent(Unreachable::NoConnection);
        let Ok(uri) = post.url.parse::<Uri>() else {
            return Err(nowhere);
        };
        let Some(host) = uri.host() else {
            return Err(nowhere);
        };
        let is_here = is_loopback(host);
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_here => {}
            _ => return Err(nowhere),
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
                let config = Agent::config_builder()
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
                    .build();
                Agent::with_parts(config, DefaultConnector::new(), Hosts::default())
            });
        Ok(agent.clone())
    }
}

/// Finds hosts by their names, and says so where there is none: a name that is not found looks like any other error else.
#[derive(Debug, Default)]
struct Hosts(DefaultResolver);

impl Resolver for Hosts {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.0.resolve(uri, config, timeout);
        found.map_err(|error| match error {
            Error::Io(_) => Error::HostNotFound,
            other => other,
        })
    }
}

/// What an error before the answer means, and whether the request may have got through all the same.
fn failed(error: &Error) -> Failed {
    let why = unreachable(error);
    // Certificates are shown before anything is sent.
    if is_unconnected(error) || matches!(why, Unreachable::Certificate | Unreachable::Redirect) {
        Failed::unsent(why)
    } else {
        Failed::underway(why)
    }
}

/// Whether there was no connection at all.
fn is_unconnected(error: &Error) -> bool {
    match error {
        Error::HostNotFound | Error::ConnectionFailed => true,
        Error::Io(error) => matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused
                | io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::HostUnreachable
        ),
        _ => false,
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
