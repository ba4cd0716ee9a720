//! The HTTP interface: one axum router for the six paths of the protocol. Clock and the caller's address are functions that
//! the program brings; the store is asked on threads that may block.
//!
//! A router has requests, not connections. It limits how long a message is, how long one may take to arrive ([`ARRIVAL_MAX`]),
//! and how many fetches wait. The program that serves it, or the proxy before it, limits what comes earlier, and `axum::serve`
//! does not:
//!
//! * how long the head of a request may take, the first one of a connection and each later one (with hyper a timer and
//!   `http1::Builder::header_read_timeout`), and how long the TLS handshake may;
//! * how many connections there are, in all and from one address: a fetch that waits has one, for up to 25 seconds;
//! * how long a client may take to read its response.

mod message;
mod waiting;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::post;
use countersign_protocol::kind::Kind;
use countersign_protocol::time::Timestamp;

use crate::reply::{Refusal, Reply};
use crate::step::{Parked, Resume};
use crate::store::Store;
use crate::verifier::Verifier;
use message::NotRead;
use waiting::Waiting;

/// How long the body of a request may take to arrive. Whoever is slower gets 408 without a body, which is no refusal of the
/// protocol: a device sends the message again after a while.
pub const ARRIVAL_MAX: Duration = Duration::from_secs(10);

/// What every request is handled with.
struct Service<S> {
    verifier: Arc<Verifier<S>>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    address: Box<dyn Fn(&Parts) -> IpAddr + Send + Sync>,
    waiting: Arc<Waiting>,
}

/// The router. `clock` is the server's clock, `address` says where a request comes from: the peer's address
/// ([`peer_address`]), or behind a proxy what that proxy says and nobody else can.
pub fn router<S: Store + 'static>(
    verifier: Arc<Verifier<S>>,
    clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    address: impl Fn(&Parts) -> IpAddr + Send + Sync + 'static,
) -> Router {
    let waiting = Arc::new(Waiting::default());
    let woken = Arc::clone(&waiting);
    verifier.watch(move |account| woken.wake(&account));
    let service = Arc::new(Service {
        verifier,
        clock: Box::new(clock),
        address: Box::new(address),
        waiting,
    });
    let takes = |kind: Kind| {
        post(
            move |State(service): State<Arc<Service<S>>>, request: Request| async move {
                service.handle(kind, request).await
            },
        )
    };
    Router::new()
        .route("/v1/enrolments", takes(Kind::Enrol))
        .route("/v1/fetch", takes(Kind::Fetch))
        .route("/v1/answers", takes(Kind::Answer))
        .route("/v1/delivery", takes(Kind::Delivery))
        .route("/v1/moves", takes(Kind::Move))
        .route("/v1/leave", takes(Kind::Leave))
        .with_state(service)
}

/// The address of the peer, where the program serves with `into_make_service_with_connect_info::<SocketAddr>()`; otherwise all
/// requests are of one unknown source.
#[must_use]
pub fn peer_address(request: &Parts) -> IpAddr {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |ConnectInfo(peer)| {
        peer.ip()
    })
}

impl<S: Store + 'static> Service<S> {
    async fn handle(self: Arc<Self>, kind: Kind, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let source = (self.address)(&parts);
        let reply = match message::read(kind, &parts, body).await {
            Ok(text) => self.receive(kind, text, source).await,
            Err(NotRead::Refused(problem)) => Reply::Refused(problem.into()),
            Err(NotRead::Late) => return message::too_late(),
        };
        let reply = match reply {
            Reply::Parked(parked) => self.wait(parked).await,
            reply => reply,
        };
        message::write(&reply)
    }

    async fn receive(self: &Arc<Self>, kind: Kind, text: String, source: IpAddr) -> Reply {
        self.ask(move |service| {
            let now = (service.clock)();
            service.verifier.message(kind, &text, source, now)
        })
        .await
    }

    /// Waits until the person of a parked fetch changes in a way that its device does not know, or until its time is over.
    async fn wait(self: &Arc<Self>, parked: Parked) -> Reply {
        let over = self.sleep_until(parked.until());
        tokio::pin!(over);
        let Some(mut turn) = self.waiting.join(parked.account()) else {
            // Too many wait already: this one is answered at once, and asks again by itself.
            return self.resume(&parked, true).await;
        };
        let mut parked = parked;
        loop {
            // What changed since it was parked and before it waited is seen here.
            match self.resume(&parked, false).await {
                Reply::Parked(still) => parked = still,
                reply => return reply,
            }
            tokio::select! {
                () = turn.woken() => {}
                // What ends by itself wakes nobody.
                () = self.sleep_until(parked.asked_again_at()) => {}
                () = &mut over => return self.resume(&parked, true).await,
            }
        }
    }

    /// Sleeps until the clock should say this, and no longer than a fetch may wait: a clock that jumps does not lengthen it.
    fn sleep_until(&self, at: Timestamp) -> tokio::time::Sleep {
        let wait_s = at.unix_s().saturating_sub((self.clock)().unix_s());
        let wait_s = wait_s.min(countersign_protocol::message::WAIT_MAX_S.into());
        tokio::time::sleep(Duration::from_secs(wait_s))
    }

    async fn resume(self: &Arc<Self>, parked: &Parked, is_over: bool) -> Reply {
        let parked = parked.clone();
        self.ask(move |service| {
            let resume = Resume {
                parked: &parked,
                is_over,
            };
            service.verifier.resume(&resume, (service.clock)())
        })
        .await
    }

    /// Asks the verifier on a thread that may block.
    async fn ask(
        self: &Arc<Self>,
        question: impl FnOnce(&Self) -> Reply + Send + 'static,
    ) -> Reply {
        let service = Arc::clone(self);
        let asked = tokio::task::spawn_blocking(move || question(&service));
        asked
            .await
            .unwrap_or(Reply::Refused(Refusal::unavailable()))
    }
}
