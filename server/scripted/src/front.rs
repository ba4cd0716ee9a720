//! The network before the server: takes each request, does with it what the script says, and answers.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use countersign_protocol::signing::SigningKey;
use countersign_verifier::http;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::control;
use crate::deed::{Deed, Path};
use crate::lie::Told;
use crate::server::Server;
use crate::slow::{Drip, Endless};

/// The media type of messages (RFC 7515 §9.2.1).
const JOSE: &str = "application/jose";
/// More than any request has.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// What the paths of controls begin with.
const CONTROL: &str = "/control/";

/// What happens on the wire where no response is sent.
#[derive(Debug)]
enum Wire {
    /// The connection ends.
    Closed,
    /// These bytes come instead.
    Raw(String),
}

impl fmt::Display for Wire {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no response")
    }
}

impl std::error::Error for Wire {}

/// A response that is whole.
struct Whole {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Whole {
    fn new(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let media_type = HeaderValue::from_static(media_type);
        Self {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, media_type)]),
            body: body.into(),
        }
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn response(self) -> Response {
        let body = Body::from(self.body.clone());
        self.with_body(body)
    }

    fn with_body(self, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// Takes connections for ever.
pub(crate) async fn serve(listener: TcpListener, server: Arc<Server>, router: Router) {
    let front = Arc::new(Front { server, router });
    loop {
        // One that could not be taken is the client's to try again.
        if let Ok((stream, peer)) = listener.accept().await {
            tokio::spawn(Arc::clone(&front).connection(stream, peer));
        }
    }
}

struct Front {
    server: Arc<Server>,
    router: Router,
}

impl Front {
    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        let service = service_fn(move |request| Arc::clone(&self).answer(request, peer));
        // One request a connection: what is dropped is one request.
        let mut connection = http1::Builder::new()
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        let Err(error) = Pin::new(&mut connection).await else {
            return;
        };
        let wire = std::error::Error::source(&error).and_then(|wire| wire.downcast_ref::<Wire>());
        if let Some(Wire::Raw(text)) = wire {
            let mut stream = connection.into_parts().io.into_inner();
            // Whoever has gone reads no lie.
            drop(stream.write_all(text.as_bytes()).await);
        }
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Result<Response, Wire> {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(ConnectInfo(peer));
        let Some(body) = arrived(Body::new(body)).await? else {
            let late = Whole::new(StatusCode::REQUEST_TIMEOUT, "text/plain", "");
            return Ok(late.response());
        };
        if let Some(name) = parts.uri.path().strip_prefix(CONTROL) {
            let is_json = parts.method == hyper::Method::POST
                && parts
                    .headers
                    .get(CONTENT_TYPE)
                    .is_some_and(control::is_json);
            let (status, document) = match is_json {
                true => control::take(&self.server, name, &body).await,
                false => control::not_a_control(),
            };
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            return Ok(Whole::new(status, control::MEDIA_TYPE, document).response());
        }
        match Path::of(parts.uri.path()) {
            Some(path) => self.act(path, parts, body).await,
            None => Ok(self.process(&parts, body).await?.response()),
        }
    }

    /// Does with a request what the script says.
    async fn act(&self, path: Path, parts: Parts, body: Bytes) -> Result<Response, Wire> {
        let text = String::from_utf8_lossy(&body).into_owned();
        // Whoever sees that a request has come can release it at once.
        let released = self.server.released();
        let number = self.server.exchanges().begin(path, text);
        let deed = self.server.script().take(path);
        let honest = async || {
            let whole = self.process(&parts, body.clone()).await?;
            self.server.exchanges().replied(number, whole.text());
            Ok::<_, Wire>(whole)
        };
        let response = match deed {
            None => honest().await?.response(),
            Some(Deed::Drop { processed }) => {
                if processed {
                    honest().await?;
                }
                return Err(Wire::Closed);
            }
            Some(Deed::Raw { text }) => return Err(Wire::Raw(text)),
            Some(Deed::Hold { processed }) => late(processed, released, honest).await?.response(),
            Some(Deed::Delay { ms, processed }) => {
                let wait = tokio::time::sleep(Duration::from_millis(ms));
                late(processed, wait, honest).await?.response()
            }
            Some(Deed::Repeat) => {
                honest().await?;
                honest().await?.response()
            }
            Some(Deed::Drip { pause_ms }) => {
                let whole = honest().await?;
                let drip = Drip::new(whole.body.clone(), Duration::from_millis(pause_ms));
                whole.with_body(Body::new(drip))
            }
            Some(Deed::Endless) => {
                Whole::new(StatusCode::OK, JOSE, Bytes::new()).with_body(Body::new(Endless))
            }
            Some(Deed::Replay { back }) => {
                let status = honest().await?.status;
                let earlier = self.server.exchanges().earlier_reply(path, number, back);
                match earlier {
                    Some(earlier) => Whole::new(status, JOSE, earlier).response(),
                    None => nothing_to_lie_about(),
                }
            }
            Some(deed) => match made_up(&deed) {
                Some(whole) => whole.response(),
                None => self.lie(path, &deed, honest().await?),
            },
        };
        self.server
            .exchanges()
            .sent(number, response.status().as_u16());
        Ok(response)
    }

    /// What the server makes of it.
    async fn process(&self, parts: &Parts, body: Bytes) -> Result<Whole, Wire> {
        let request = Request::from_parts(parts.clone(), Body::from(body));
        let service = TowerToHyperService::new(self.router.clone());
        let response: Result<Response, Infallible> = service.call(request).await;
        let (parts, body) = response.map_err(|_| Wire::Closed)?.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await;
        Ok(Whole {
            status: parts.status,
            headers: parts.headers,
            body: body.map_err(|_| Wire::Closed)?,
        })
    }

    /// The honest reply, told otherwise.
    fn lie(&self, path: Path, deed: &Deed, honest: Whole) -> Response {
        let setup = self.server.setup();
        let told = Told::read(path.reply_kind(), &honest.text());
        let told = told.and_then(|told| match deed {
            Deed::OtherKey => told.signed_by(&SigningKey::generate().ok()?),
            Deed::OtherDevice => told.for_nobody().signed(&setup.keys),
            Deed::OtherAccount => told.about_nobody(&setup.keys).signed(&setup.keys),
            Deed::OtherRequest => told.about_nothing().signed(&setup.keys),
            Deed::Claims { set } => told.with(set).signed(&setup.keys),
            _ => None,
        });
        match told {
            Some(told) => Whole {
                body: told.into(),
                headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(JOSE))]),
                ..honest
            }
            .response(),
            None => nothing_to_lie_about(),
        }
    }
}

/// A request's body; none when it did not arrive in the time that the server's own interface gives it.
async fn arrived(body: Body) -> Result<Option<Bytes>, Wire> {
    let arrival = axum::body::to_bytes(body, REQUEST_BYTES_MAX);
    match tokio::time::timeout(http::ARRIVAL_MAX, arrival).await {
        Ok(body) => body.map(Some).map_err(|_| Wire::Closed),
        Err(_) => Ok(None),
    }
}

/// Waits after or before the server has the request.
async fn late<T>(
    processed: bool,
    wait: impl Future<Output = ()>,
    honest: impl AsyncFnOnce() -> Result<T, Wire>,
) -> Result<T, Wire> {
    if processed {
        let whole = honest().await?;
        wait.await;
        Ok(whole)
    } else {
        wait.await;
        honest().await
    }
}

/// A response that the server has no part in.
fn made_up(deed: &Deed) -> Option<Whole> {
    Some(match deed {
        Deed::Unavailable { retry_after } => {
            let whole = Whole::new(StatusCode::SERVICE_UNAVAILABLE, "text/plain", "");
            match retry_after {
                Some(value) => whole.with(RETRY_AFTER, value),
                None => whole,
            }
        }
        Deed::Redirect { to } => {
            Whole::new(StatusCode::TEMPORARY_REDIRECT, "text/plain", "").with(LOCATION, to)
        }
        Deed::Answer {
            status,
            headers,
            body,
        } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_REQUEST);
            let mut whole = Whole::new(status, JOSE, body.clone());
            for (name, value) in headers {
                if let Ok(name) = HeaderName::try_from(name) {
                    whole = whole.with(name, value);
                }
            }
            whole
        }
        Deed::Huge { bytes } => Whole::new(StatusCode::OK, JOSE, vec![b'a'; *bytes]),
        _ => return None,
    })
}

/// The script asked for a lie about a reply that there is not: a mistake in the test, which is to see it.
fn nothing_to_lie_about() -> Response {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Whole::new(status, "text/plain", "nothing to lie about").response()
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_arrive_is_waited_for_no_longer_than_by_the_server_itself() {
        let begun = Instant::now();
        let drip = Drip::new(Bytes::from(vec![b'a'; 60]), Duration::from_secs(1));
        assert!(matches!(arrived(Body::new(drip)).await, Ok(None)));
        assert_eq!(begun.elapsed(), http::ARRIVAL_MAX);
        let quick = Drip::new(Bytes::from_static(b"aaa"), Duration::from_secs(1));
        let whole = arrived(Body::new(quick)).await.unwrap();
        assert_eq!(whole.as_deref(), Some(b"aaa".as_slice()));
    }
}
