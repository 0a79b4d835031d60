//! One open stream: a bounded queue of shared bytes, and the response body that drains it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use bytes::{Bytes, BytesMut};
use domain::kernel::access::Actor;
use domain::kernel::ids::{PersonId, SessionId, WorkspaceId};
use http_body::{Body, Frame};

/// Queued events per stream. A stream that falls further behind is closed and catches up through the journal.
const WAITING_MAX: usize = 512;

/// The hub's end of a stream.
pub(crate) struct Stream {
    pub(crate) workspace: WorkspaceId,
    pub(crate) person: PersonId,
    pub(crate) session: SessionId,
    pub(crate) is_internal: bool,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Bytes>,
    closed: bool,
    reader: Option<Waker>,
}

impl Stream {
    pub(crate) fn new(actor: &Actor, session: SessionId) -> Arc<Stream> {
        let Actor { workspace, person, role, .. } = *actor;
        Arc::new(Stream {
            workspace,
            person,
            session,
            is_internal: role.is_internal(),
            queue: Mutex::default(),
        })
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No code panics while holding the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues `event`. Returns false if the stream is closed, or was closed now because it fell behind.
    pub(crate) fn send(&self, event: &Bytes) -> bool {
        let mut queue = self.queue();
        if queue.closed {
            return false;
        }
        if queue.waiting.len() >= WAITING_MAX {
            queue.waiting.clear();
            queue.closed = true;
        } else {
            queue.waiting.push_back(event.clone());
        }
        let open = !queue.closed;
        let reader = queue.reader.take();
        drop(queue);
        if let Some(reader) = reader {
            reader.wake();
        }
        open
    }

    /// Ends the stream once its queue is drained.
    pub(crate) fn close(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        if let Some(reader) = queue.reader.take() {
            reader.wake();
        }
    }
}

/// Keeps track of open streams.
pub(crate) trait Registry: Send + Sync {
    /// Unregisters a stream whose connection has ended.
    fn forget(&self, stream: &Arc<Stream>);
}

/// The connection's end of a stream.
pub(crate) struct StreamBody {
    first: Bytes,
    stream: Arc<Stream>,
    registry: Weak<dyn Registry>,
}

impl StreamBody {
    pub(crate) fn new(stream: Arc<Stream>, registry: Weak<dyn Registry>) -> StreamBody {
        StreamBody { first: Bytes::new(), stream, registry }
    }

    /// Puts `first`, what was missed before the stream was opened, ahead of the queue.
    pub(crate) fn begin_with(&mut self, first: Bytes) {
        self.first = first;
    }
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !self.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.first)))));
        }
        let mut queue = self.stream.queue();
        let data = match queue.waiting.len() {
            0 if queue.closed => return Poll::Ready(None),
            0 => {
                queue.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            1 => queue.waiting.pop_front().unwrap_or_default(),
            // Sending the whole queue in one write saves most of the cost of a delivery.
            _ => {
                let mut joined = BytesMut::with_capacity(queue.waiting.iter().map(Bytes::len).sum());
                for event in &queue.waiting {
                    joined.extend_from_slice(event);
                }
                // Frees the capacity that a burst needed.
                queue.waiting = VecDeque::new();
                joined.freeze()
            }
        };
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}

impl Drop for StreamBody {
    fn drop(&mut self) {
        self.stream.close();
        if let Some(registry) = self.registry.upgrade() {
            registry.forget(&self.stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::kernel::access::Role;
    use std::task::Waker as TestWaker;

    struct Nowhere;

    impl Registry for Nowhere {
        fn forget(&self, _: &Arc<Stream>) {}
    }

    fn stream() -> (Arc<Stream>, StreamBody) {
        let now = store::Time(0);
        let actor = Actor::new(WorkspaceId::new(now), PersonId::new(now), Role::Client, false);
        let stream = Stream::new(&actor, SessionId::new(now));
        let nowhere: Weak<dyn Registry> = Weak::<Nowhere>::new();
        let body = StreamBody::new(Arc::clone(&stream), nowhere);
        (stream, body)
    }

    fn poll(body: &mut StreamBody) -> Poll<Option<Bytes>> {
        let mut context = Context::from_waker(TestWaker::noop());
        Pin::new(body)
            .poll_frame(&mut context)
            .map(|frame| frame.map(|frame| frame.unwrap().into_data().unwrap()))
    }

    #[test]
    fn what_waits_leaves_in_one_piece_and_in_order() {
        let (stream, mut body) = stream();
        assert!(poll(&mut body).is_pending());
        for event in ["a", "b", "c"] {
            assert!(stream.send(&Bytes::from(event)));
        }
        assert_eq!(poll(&mut body), Poll::Ready(Some(Bytes::from("abc"))));
        assert!(poll(&mut body).is_pending());
    }

    #[test]
    fn a_closed_stream_still_gives_what_waited() {
        let (stream, mut body) = stream();
        stream.send(&Bytes::from("gone"));
        stream.close();
        assert!(!stream.send(&Bytes::from("later")));
        assert_eq!(poll(&mut body), Poll::Ready(Some(Bytes::from("gone"))));
        assert_eq!(poll(&mut body), Poll::Ready(None));
    }

    #[test]
    fn a_stream_that_falls_behind_is_closed_and_skips_nothing_silently() {
        let (stream, mut body) = stream();
        for _ in 0..WAITING_MAX {
            assert!(stream.send(&Bytes::from("x")));
        }
        assert!(!stream.send(&Bytes::from("x")));
        assert_eq!(poll(&mut body), Poll::Ready(None));
    }
}
