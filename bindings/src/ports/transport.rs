//! The network: one request at a time, and what came of it.

use countersign_core::approval::{Outgoing, Reply, Unreachable};
use uniffi::UnexpectedUniFFICallbackError;

/// A request that is to be sent with `POST`. Redirects are not followed, and nothing is sent twice unseen.
#[derive(Clone, Eq, PartialEq, uniffi::Record)]
pub struct HttpRequest {
    /// Where to: https, or http on this machine in test mode.
    pub url: String,
    /// The body's media type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// How long to wait for the whole answer, in seconds.
    pub timeout_s: u32,
    /// Most bytes of the answer that are read; a longer one is `TooLong`.
    pub reply_bytes_max: u64,
}

/// What a server answered.
#[derive(Clone, Eq, PartialEq, uniffi::Record)]
pub struct HttpReply {
    /// The status.
    pub status: u16,
    /// `Retry-After` in seconds from now, where there was one.
    #[uniffi(default = None)]
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error, uniffi::Error)]
pub enum TransportError {
    /// There is no network, no such host, or nobody listens.
    #[error("no connection")]
    NoConnection,
    /// It took too long.
    #[error("timed out")]
    TimedOut,
    /// The server's certificate is not one that this machine trusts.
    #[error("the certificate is not trusted")]
    Certificate,
    /// The server wanted the request elsewhere.
    #[error("redirected")]
    Redirect,
    /// The answer was longer than any of the protocol.
    #[error("the answer is too long")]
    TooLong,
    /// What came is not HTTP.
    #[error("not HTTP")]
    NotHttp,
    /// It threw something that it does not declare.
    #[error("the transport failed unexpectedly")]
    Unexpected,
}

impl From<UnexpectedUniFFICallbackError> for TransportError {
    // The reason is the foreign exception's text.
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected
    }
}

/// Sends requests.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// Posts a request and waits for the whole answer.
    ///
    /// # Errors
    ///
    /// `TransportError`: what was sent may have arrived all the same.
    async fn post(&self, request: HttpRequest) -> Result<HttpReply, TransportError>;
}

/// The request of what is to be sent.
pub(crate) fn request_of(outgoing: &Outgoing) -> HttpRequest {
    HttpRequest {
        url: outgoing.url.clone(),
        content_type: outgoing.content_type.to_owned(),
        body: outgoing.body.as_bytes().to_vec(),
        timeout_s: outgoing.timeout_s,
        reply_bytes_max: u64::try_from(outgoing.reply_bytes_max).unwrap_or(u64::MAX),
    }
}

/// What came, as the core takes it; a body that is too long is held against the port here too.
pub(crate) fn reply_of(came: Result<HttpReply, TransportError>, bytes_max: u64) -> Reply {
    let why = match came {
        Ok(reply) if u64::try_from(reply.body.len()).is_ok_and(|bytes| bytes <= bytes_max) => {
            return Reply::Answered {
                status: reply.status,
                retry_after_s: reply.retry_after_s,
                body: reply.body,
            };
        }
        Ok(_) | Err(TransportError::TooLong) => Unreachable::TooLong,
        Err(TransportError::NoConnection | TransportError::Unexpected) => Unreachable::NoConnection,
        Err(TransportError::TimedOut) => Unreachable::TimedOut,
        Err(TransportError::Certificate) => Unreachable::Certificate,
        Err(TransportError::Redirect) => Unreachable::Redirect,
        Err(TransportError::NotHttp) => Unreachable::NotHttp,
    };
    Reply::Unreachable(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> Result<HttpReply, TransportError> {
        Ok(HttpReply {
            status: 200,
            retry_after_s: Some(7),
            body: vec![0; bytes],
        })
    }

    #[test]
    fn an_answer_is_taken_as_it_came_up_to_its_limit() {
        let Reply::Answered {
            status,
            retry_after_s,
            body,
        } = reply_of(answer(16), 16)
        else {
            panic!("it came");
        };
        assert_eq!((status, retry_after_s, body.len()), (200, Some(7), 16));
        let long = reply_of(answer(17), 16);
        assert!(matches!(long, Reply::Unreachable(Unreachable::TooLong)));
    }

    #[test]
    fn each_reason_of_a_port_is_cores_and_an_undeclared_one_is_no_connection() {
        for (error, expected) in [
            (TransportError::NoConnection, Unreachable::NoConnection),
            (TransportError::TimedOut, Unreachable::TimedOut),
            (TransportError::Certificate, Unreachable::Certificate),
            (TransportError::Redirect, Unreachable::Redirect),
            (TransportError::TooLong, Unreachable::TooLong),
            (TransportError::NotHttp, Unreachable::NotHttp),
            (TransportError::Unexpected, Unreachable::NoConnection),
        ] {
            let Reply::Unreachable(why) = reply_of(Err(error), 16) else {
                panic!("nothing came");
            };
            assert_eq!(why, expected);
        }
    }
}
