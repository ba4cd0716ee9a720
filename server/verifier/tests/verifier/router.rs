//! The router by itself, without a socket. Its clock is tokio's, which is paused and goes on when everybody waits.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use countersign_protocol::envelope::Compact;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Outcome, State};
use countersign_protocol::time::Timestamp;
use countersign_verifier::http;
use countersign_verifier::step::Ask;
use hyper::body::Frame;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use tokio::time::{Instant, Interval, interval};

use crate::phone::Phone;
use crate::world::{START_UNIX_S, World, sign_in};

/// A server whose clock begins where the world's stands.
struct Served {
    router: Router,
    begun: Instant,
}

impl Served {
    fn new(world: World) -> Self {
        let begun = Instant::now();
        let first = world.now();
        let clock = move || first.plus_s(begun.elapsed().as_secs());
        let router = http::router(Arc::new(world.verifier), clock, http::peer_address);
        Self { router, begun }
    }

    async fn post(&self, path: &str, body: Body) -> Response {
        let request = Request::post(path).header("content-type", "application/jose");
        let router = TowerToHyperService::new(self.router.clone());
        router.call(request.body(body).unwrap()).await.unwrap()
    }

    async fn fetch(&self, phone: &Phone, request: &Compact) -> State {
        let response = self.post("/v1/fetch", request.as_str().to_owned().into());
        let response = response.await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = text(response).await;
        phone.state(request, &Compact::from_stored(Kind::State, &body).unwrap())
    }
}

async fn text(response: Response) -> String {
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    String::from_utf8(body.unwrap().into()).unwrap()
}

/// A body of one letter each time, without an end.
struct Drip(Interval);

impl Drip {
    fn each_s(pause_s: u64) -> Body {
        Body::new(Self(interval(Duration::from_secs(pause_s))))
    }
}

impl hyper::body::Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        ready!(self.0.poll_tick(context));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"a")))))
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_waits_hears_of_a_statement_when_it_expires() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let mut request = sign_in();
    request.lifetime_s = Some(3);
    let asked = world.take(&Ask { request }).unwrap();
    world.fetch(&phone);
    let mut fetch = phone.fetching(world.now());
    (fetch.wait_s, fetch.open) = (20, vec![asked.id]);
    let served = Served::new(world);
    let state = served.fetch(&phone, &phone.fetch(&fetch)).await;
    assert_eq!(served.begun.elapsed().as_secs(), 3);
    assert_eq!(state.closed.len(), 1);
    assert_eq!(phone.receipt(&state.closed[0]).outcome, Outcome::Expired);
}

#[tokio::test(start_paused = true)]
async fn a_fetch_waits_as_long_as_it_may_and_no_longer() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    world.fetch(&phone);
    let mut fetch = phone.fetching(world.now());
    (fetch.wait_s, fetch.open) = (20, vec![asked.id]);
    let served = Served::new(world);
    let state = served.fetch(&phone, &phone.fetch(&fetch)).await;
    assert_eq!(served.begun.elapsed().as_secs(), 20);
    assert_eq!(state.now, Timestamp::new(START_UNIX_S + 20).unwrap());
    assert_eq!(state.closed, []);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_takes_too_long_is_not_waited_for() {
    // One that stands still after its first letter, and one that goes on for ever.
    for pause_s in [3_600, 1] {
        let served = Served::new(World::new());
        let response = served.post("/v1/fetch", Drip::each_s(pause_s)).await;
        assert_eq!(served.begun.elapsed(), http::ARRIVAL_MAX);
        assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(response.headers()["connection"], "close");
        // No document: a slow network is no defect of the message.
        assert_eq!(text(response).await, "");
    }
}
