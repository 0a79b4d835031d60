//! A closure on its way to the database and its answer on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::connection::{Reader, Tx};
use crate::error::Error;

/// What waits for a thread that owns a connection and a transaction.
pub(crate) type Work = Box<dyn Write>;

/// Work for a thread that owns a connection and a transaction.
pub(crate) trait Write: Send {
    /// Runs the closure; false where it failed or panicked and must be undone.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Hands the answer back. `committed` says how the commit went.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
    /// Where its answer is waited for.
    fn runtime(&self) -> &Handle;
}

/// Hands a batch its answers, from inside the runtime that waits for them: waking each waiter from a thread of the
/// store's would wake a worker each. `failed` says why the commit failed, where it did.
pub(crate) fn answer_all(batch: Vec<Work>, failed: Option<String>) {
    let Some(runtime) = batch.first().map(|work| work.runtime().clone()) else { return };
    runtime.spawn(async move {
        for work in batch {
            work.answer(failed.clone().map_or(Ok(()), |error| Err(Error::Unavailable(error))));
        }
    });
}

/// Starts a thread of the store's.
pub(crate) fn spawn(
    name: String,
    run: impl FnOnce() + Send + 'static,
) -> Result<thread::JoinHandle<()>, Error> {
    let thread = thread::Builder::new().name(name).spawn(run);
    thread.map_err(|error| Error::Unavailable(error.to_string()))
}

pub(crate) struct Writing<F, T, E> {
    closure: Option<F>,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
    runtime: Handle,
}

impl<F, T, E> Writing<F, T, E> {
    /// Must be called inside a runtime.
    pub(crate) fn new(closure: F) -> (Writing<F, T, E>, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        (Writing { closure: Some(closure), outcome: None, reply, runtime: Handle::current() }, answer)
    }
}

impl<F, T, E> Write for Writing<F, T, E>
where
    F: FnOnce(&mut Tx) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let Some(closure) = self.closure.take() else { return false };
        let outcome =
            catch_unwind(AssertUnwindSafe(|| closure(tx))).unwrap_or_else(|_| Err(E::from(Error::Panicked)));
        let kept = outcome.is_ok();
        self.outcome = Some(outcome);
        kept
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        let answer = match (self.outcome, committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(E::from(error)),
            (None, Ok(())) => Err(E::from(Error::Panicked)),
        };
        // Nobody waits any more where the request was given up; the work is done all the same.
        let _ = self.reply.send(answer);
    }

    fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

/// Runs a closure that asks once, outside of any transaction.
pub(crate) fn ask<T, E: From<Error>>(
    reader: &Reader,
    closure: impl FnOnce(&Reader) -> Result<T, E>,
) -> Result<T, E> {
    reader.start();
    let answer = read(reader, closure);
    debug_assert!(reader.asked() <= 1, "what asks more than once needs a transaction around it");
    answer
}

/// Runs a reading closure so that a panic in it stays there.
pub(crate) fn read<T, E: From<Error>>(
    reader: &Reader,
    closure: impl FnOnce(&Reader) -> Result<T, E>,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(|| closure(reader))).unwrap_or_else(|_| Err(E::from(Error::Panicked)))
}
