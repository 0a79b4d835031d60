//! A request body that yields one piece per poll. The form parser otherwise buffers everything that is ready before
//! parsing it, and searches all of it for the end of a part's header. A fast client, or one that never ends a header,
//! could fill the memory.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::body::{BodyDataStream, Bytes};
use futures_util::stream::Stream;

/// Bytes that may arrive before the parser produces anything: the largest piece of a connection plus a part's header.
const UNREAD_MAX: usize = 2 << 20;

/// Bytes received since the parser last produced something.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread(Arc<AtomicUsize>);

impl Unread {
    pub(crate) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

pub(crate) struct PacedBody {
    body: BodyDataStream,
    unread: Unread,
    rests: bool,
}

impl PacedBody {
    pub(crate) fn new(body: BodyDataStream, unread: Unread) -> PacedBody {
        PacedBody { body, unread, rests: false }
    }
}

/// Why reading stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stopped {
    #[error(transparent)]
    Lost(#[from] axum::Error),
    #[error("too much came that means nothing")]
    Senseless,
}

impl Stream for PacedBody {
    type Item = Result<Bytes, Stopped>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rests {
            self.rests = false;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = Pin::new(&mut self.body).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.rests = true;
            let unread = self.unread.0.fetch_add(bytes.len(), Ordering::Relaxed) + bytes.len();
            if unread > UNREAD_MAX {
                return Poll::Ready(Some(Err(Stopped::Senseless)));
            }
        }
        next.map(|next| next.map(|piece| piece.map_err(Stopped::from)))
    }
}
