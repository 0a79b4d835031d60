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
use tokio::task;

/// How much of an unread body is taken in, if it is there already, to keep the connection.
const TAKEN_BYTES: usize = 64 << 10;
/// How often the connection is asked for the next piece of it.
const TURNS: usize = 4;

/// The body of a request, watched until it is answered.
#[derive(Clone)]
struct Watched(Arc<Mutex<Progress>>);

struct Progress {
    body: Incoming,
    is_read: bool,
    /// Bytes of it that were taken in unread.
    taken: usize,
}

/// Passes a request on and keeps hold of its body, if it has one.
pub(crate) fn watch(request: Request<Incoming>) -> (Request<Body>, Option<Unread>) {
    if request.body().is_end_stream() {
        return (request.map(Body::new), None);
    }
    let waits = request.headers().contains_key(EXPECT);
    let (parts, body) = request.into_parts();
    let watched = Watched(Arc::new(Mutex::new(Progress { body, is_read: false, taken: 0 })));
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
    /// Whether all of it was read, or has arrived and is taken in now.
    pub(crate) async fn was_read(self) -> bool {
        if Arc::strong_count(&self.body.0) > 1 || self.waits {
            // Taking from it would disturb who reads it, or tell a waiting client to send it.
            return self.body.lock().is_read;
        }
        for _ in 0..TURNS {
            if let Some(is_read) = self.body.lock().take_rest() {
                return is_read;
            }
            // The connection passes on what it has.
            task::yield_now().await;
        }
        false
    }
}

impl Progress {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let next = Pin::new(&mut self.body).poll_frame(context);
        self.is_read = matches!(next, Poll::Ready(None)) || self.body.is_end_stream();
        next
    }

    /// Takes what is there. `None` if there may be more in a moment.
    fn take_rest(&mut self) -> Option<bool> {
        let mut context = Context::from_waker(Waker::noop());
        while !self.is_read && self.taken <= TAKEN_BYTES {
            match self.poll(&mut context) {
                Poll::Ready(Some(Ok(frame))) => self.taken += frame.data_ref().map_or(0, Bytes::len),
                Poll::Ready(Some(Err(_))) => return Some(false),
                Poll::Ready(None) => {}
                Poll::Pending => return None,
            }
        }
        Some(self.is_read)
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
