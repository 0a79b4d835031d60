//! The loop of all workers: take a turn, wait until there may be more to do, take the next.

use std::future::{self, Future};
use std::time::Duration;

use domain::kernel::error::Result;
use store::Store;
use tokio::sync::watch;

/// When the next turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// At once: there may be more to do.
    AtOnce,
    /// As soon as this process writes to the database, and after this time at the latest.
    OnWrite(Duration),
    /// After this time.
    After(Duration),
}

/// What one worker does in the loop.
pub(crate) trait Work: Send + Sized {
    /// The log message if a turn fails.
    const FAILURE: &'static str;
    /// When the next turn is after a failure.
    const RETRY: Next;
    /// Delay before each turn that follows a wait, so that one turn handles several writes.
    const GATHER: Duration = Duration::ZERO;

    fn store(&self) -> &Store;

    /// Does or starts some of the work that is due.
    fn turn(&mut self) -> impl Future<Output = Result<Next>> + Send;

    /// Completes when a task ends that a turn started, which brings on the next turn. Must be cancel safe.
    fn task_ended(&mut self) -> impl Future<Output = ()> + Send {
        future::pending()
    }

    /// Waits for the tasks that turns have started.
    fn finish(self) -> impl Future<Output = ()> + Send {
        future::ready(())
    }
}

/// Takes turns until `stop` is true or its sender is dropped, then finishes.
pub(crate) async fn run<W: Work>(mut work: W, mut stop: watch::Receiver<bool>) {
    let mut writes = work.store().signal();
    while !*stop.borrow() {
        // Before the turn, so that writes during it bring on the next one.
        writes.mark_unchanged();
        let next = work.turn().await.unwrap_or_else(|error| {
            error.log(W::FAILURE);
            W::RETRY
        });
        let (on_write, pause) = match next {
            Next::AtOnce => continue,
            Next::OnWrite(at_most) => (true, at_most),
            Next::After(pause) => (false, pause),
        };
        tokio::select! {
            changed = stop.changed() => if changed.is_err() { break },
            written = writes.changed(), if on_write => if written.is_err() { break },
            () = work.task_ended() => {}
            () = tokio::time::sleep(pause) => {}
        }
        if !W::GATHER.is_zero() {
            tokio::time::sleep(W::GATHER).await;
        }
    }
    work.finish().await;
}
