//! A message out of a request, and a reply into a response.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use countersign_protocol::kind::Kind;
use countersign_protocol::problem::{self, Problem};

use super::ARRIVAL_MAX;
use crate::reply::{Refusal, Reply};

/// The media type of messages (RFC 7515 §9.2.1).
const JOSE: &str = "application/jose";

/// Why a request has no message.
#[derive(Debug)]
pub(super) enum NotRead {
    /// It is refused.
    Refused(Problem),
    /// It did not arrive in time.
    Late,
}

impl From<Problem> for NotRead {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

/// The message in a request: of its type, not longer than its kind may be, arrived in time.
pub(super) async fn read(kind: Kind, parts: &Parts, body: Body) -> Result<String, NotRead> {
    let header = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    let is_jose = header(CONTENT_TYPE).is_some_and(|value| value.eq_ignore_ascii_case(JOSE));
    if !is_jose {
        return Err(Problem::Malformed.into());
    }
    let announced = header(CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > kind.bytes_max()) {
        return Err(Problem::TooLarge.into());
    }
    let arrival = axum::body::to_bytes(body, kind.bytes_max());
    let arrived = tokio::time::timeout(ARRIVAL_MAX, arrival).await;
    let bytes = arrived
        .map_err(|_| NotRead::Late)?
        // Whoever broke off reads no answer.
        .map_err(|_| Problem::TooLarge)?;
    String::from_utf8(bytes.into()).map_err(|_| Problem::Malformed.into())
}

/// The response to a message that did not arrive in time (RFC 9110 §15.5.9).
pub(super) fn too_late() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The response that says it.
pub(super) fn write(reply: &Reply) -> Response {
    match reply {
        Reply::Account(message) => written(201, JOSE, message.as_str().to_owned()),
        Reply::State(message) | Reply::Receipt(message) => {
            written(200, JOSE, message.as_str().to_owned())
        }
        Reply::Refused(refusal) => refused(refusal),
        // Nobody waits for this one any more.
        Reply::Parked(_) => refused(&Refusal::unavailable()),
    }
}

fn refused(refusal: &Refusal) -> Response {
    let (_, status) = refusal.problem.name_and_status();
    let document = refusal.problem.to_document().format().unwrap_or_default();
    let mut response = written(status, problem::MEDIA_TYPE, document);
    if let Some(seconds) = refusal.retry_after_s {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn written(status: u16, media_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
