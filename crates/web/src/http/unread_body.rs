//! Request bodies that were answered before they were read, as refusals are. What of them is still on its way would be taken for
//! the next request, so the connection is closed after the answer, and the answer says so (RFC 9112, 9.6).

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::EXPECT;

/// How much of an unread body is taken in, if it is there already, to keep the connection.
const TAKEN_BYTES: usize = 64 << 10;

/// The body of a request, watched until it is answered.
#[derive(Clone)]
struct Watched(Arc<Mutex<Progress>>);

struct Progress {
    body: Incoming,
    is_read: bool,
}

/// Passes a request on and keeps hold of its body, if it has one.
pub(crate) fn watch(request: Request<Incoming>) -> (Request<Body>, Option<Unread>) {
    if request.body().is_end_stream() {
        return (request.map(Body::new), None);
    }
    let waits = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let watched = Watched(Arc::new(Mutex::new(Progress { body, is_read: false })));
    let unread = Unread { body: watched.clone(), waits };
    (Request::from_parts(parts, Body::new(watched)), Some(unread))
}

/// A body that may not have been read to its end.
pub(crate) struct Unread {
    body: Watched,
    /// Whether the client sends it only when told to (RFC 9110, 10.1.1).
    waits: bool,
}

impl Unread {
    /// Whether all of it was read, or is taken in now without waiting.
    pub(crate) fn is_read(self) -> bool {
        let is_in_use = Arc::strong_count(&self.body.0) > 1;
        let mut progress = self.body.lock();
        if progress.is_read || is_in_use {
            return progress.is_read;
        }
        // Taking from it would tell a waiting client to send it.
        !self.waits && progress.take_rest()
    }
}

impl Progress {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let next = Pin::new(&mut self.body).poll_frame(context);
        self.is_read = matches!(next, Poll::Ready(None)) || self.body.is_end_stream();
        next
    }

    fn take_rest(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        let mut taken = 0;
        while taken <= TAKEN_BYTES && !self.is_read {
            match self.poll(&mut context) {
                Poll::Ready(Some(Ok(frame))) => taken += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(None) => {}
                Poll::Ready(Some(Err(_))) | Poll::Pending => return false,
            }
        }
        self.is_read
    }
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.lock().poll(context)
    }

    fn is_end_stream(&self) -> bool {
        self.lock().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lock().body.size_hint()
    }
}
