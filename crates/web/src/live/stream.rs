//! One open stream: a bounded queue of shared bytes, and the response body that drains it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use domain::kernel::ids::WorkspaceId;
use http_body::{Body, Frame};
use tokio::sync::mpsc;

/// Queued events per stream. A stream that falls further behind is closed and catches up through the journal.
const WAITING_MAX: usize = 512;
/// Bytes of several events sent in one write: joining them costs each stream memory of its own.
const JOINED_MAX: usize = 64 * 1024;

/// The hub's end of a stream.
pub(crate) struct Stream {
    pub(crate) workspace: WorkspaceId,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Bytes>,
    closed: bool,
    reader: Option<Waker>,
}

impl Queue {
    /// What to write next. Several small events in one write save most of the cost of a delivery.
    fn next(&mut self) -> Option<Bytes> {
        let first = self.waiting.pop_front()?;
        let Some(second) = self.waiting.front() else { return Some(first) };
        if first.len() + second.len() > JOINED_MAX {
            return Some(first);
        }
        let waiting: usize = self.waiting.iter().map(Bytes::len).sum();
        let mut joined = BytesMut::with_capacity((first.len() + waiting).min(JOINED_MAX));
        joined.extend_from_slice(&first);
        while let Some(event) = self.waiting.pop_front_if(|event| joined.len() + event.len() <= JOINED_MAX) {
            joined.extend_from_slice(&event);
        }
        if self.waiting.is_empty() {
            // Frees the capacity that a burst needed.
            self.waiting = VecDeque::new();
        }
        Some(joined.freeze())
    }
}

impl Stream {
    pub(crate) fn new(workspace: WorkspaceId) -> Arc<Stream> {
        Arc::new(Stream { workspace, queue: Mutex::default() })
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

    pub(crate) fn is_closed(&self) -> bool {
        self.queue().closed
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
    replayed: Option<mpsc::Receiver<Bytes>>,
    stream: Arc<Stream>,
    registry: Weak<dyn Registry>,
}

impl StreamBody {
    pub(crate) fn new(stream: Arc<Stream>, registry: Weak<dyn Registry>) -> StreamBody {
        StreamBody { first: Bytes::new(), replayed: None, stream, registry }
    }

    /// Puts `first` ahead of everything else.
    pub(crate) fn begin_with(&mut self, first: Bytes) {
        self.first = first;
    }

    /// Puts what is replayed ahead of the queue, until its sender is dropped.
    pub(crate) fn replay(&mut self, replayed: mpsc::Receiver<Bytes>) {
        self.replayed = Some(replayed);
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
        if let Some(replayed) = &mut self.replayed {
            match ready!(replayed.poll_recv(cx)) {
                Some(piece) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                None => self.replayed = None,
            }
        }
        let mut queue = self.stream.queue();
        match queue.next() {
            Some(data) => Poll::Ready(Some(Ok(Frame::data(data)))),
            None if queue.closed => Poll::Ready(None),
            None => {
                queue.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
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
    use std::task::Waker as TestWaker;

    struct Nowhere;

    impl Registry for Nowhere {
        fn forget(&self, _: &Arc<Stream>) {}
    }

    fn stream() -> (Arc<Stream>, StreamBody) {
        let stream = Stream::new(WorkspaceId::new(store::Time(0)));
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

    #[test]
    fn one_write_never_takes_more_memory_than_it_needs() {
        let (stream, mut body) = stream();
        let large = Bytes::from(vec![b'x'; JOINED_MAX + 1]);
        for event in ["a", "b"] {
            stream.send(&Bytes::from(event));
        }
        stream.send(&large);
        stream.send(&Bytes::from("c"));
        assert_eq!(poll(&mut body), Poll::Ready(Some(Bytes::from("ab"))));
        let Poll::Ready(Some(sent)) = poll(&mut body) else { panic!("nothing came") };
        assert_eq!(sent.as_ptr(), large.as_ptr(), "it was copied");
        assert_eq!(poll(&mut body), Poll::Ready(Some(Bytes::from("c"))));
    }

    #[test]
    fn what_is_replayed_comes_before_what_waits() {
        let (stream, mut body) = stream();
        let (replay, replayed) = mpsc::channel(1);
        body.begin_with(Bytes::from("first"));
        body.replay(replayed);
        stream.send(&Bytes::from("live"));
        assert_eq!(poll(&mut body), Poll::Ready(Some(Bytes::from("first"))));
        assert!(poll(&mut body).is_pending());
        replay.try_send(Bytes::from("missed")).unwrap();
        assert_eq!(poll(&mut body), Poll::Ready(Some(Bytes::from("missed"))));
        assert!(poll(&mut body).is_pending());
        drop(replay);
        assert_eq!(poll(&mut body), Poll::Ready(Some(Bytes::from("live"))));
        assert!(poll(&mut body).is_pending());
    }
}
