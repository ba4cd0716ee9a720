//! Bodies that take their time, or have no end.

use std::convert::Infallible;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// What an endless body consists of.
const PIECE: &[u8] = &[b'a'; 8192];

/// A body that never ends.
#[derive(Debug)]
pub(crate) struct Endless;

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(PIECE)))))
    }
}

/// A body that comes a byte at a time.
#[derive(Debug)]
pub(crate) struct Drip {
    rest: Bytes,
    pause: Duration,
    next: Pin<Box<Sleep>>,
}

impl Drip {
    pub(crate) fn new(rest: Bytes, pause: Duration) -> Self {
        Self {
            rest,
            pause,
            next: Box::pin(sleep(pause)),
        }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        ready!(self.next.as_mut().poll(context));
        self.next = Box::pin(sleep(self.pause));
        let byte = self.rest.split_to(1);
        Poll::Ready(Some(Ok(Frame::data(byte))))
    }

    fn size_hint(&self) -> SizeHint {
        u64::try_from(self.rest.len()).map_or_else(|_| SizeHint::default(), SizeHint::with_exact)
    }
}
