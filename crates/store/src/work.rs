//! Closures sent to a thread of the store, and their results sent back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::error::Error;
use crate::reader::Reader;
use crate::transaction::Tx;

/// A boxed [`Write`].
pub(crate) type Work = Box<dyn Write>;

/// A writing closure for a thread that owns a connection.
pub(crate) trait Write: Send {
    /// Runs the closure for the last time; false if it failed or panicked and must be rolled back.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// As [`Write::run`], but the closure can be run again afterwards.
    #[cfg(feature = "cluster")]
    fn run_copy(&mut self, tx: &mut Tx) -> bool;
    /// Sends the result back. `committed` is the outcome of the commit.
    fn answer(self: Box<Self>, committed: Result<(), Error>);
    /// The runtime in which the result is awaited.
    fn runtime(&self) -> &Handle;
}

/// Sends a batch its results from inside the runtime that awaits them: sent from a thread of the store, each would wake a
/// worker of the runtime. `failed` is the reason if the commit failed.
pub(crate) fn answer_all(batch: Vec<Work>, failed: Option<Error>) {
    let Some(runtime) = batch.first().map(|work| work.runtime().clone()) else { return };
    runtime.spawn(async move {
        for work in batch {
            work.answer(failed.clone().map_or(Ok(()), Err));
        }
    });
}

/// Starts a thread of the store.
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

impl<F, T, E: From<Error>> Writing<F, T, E> {
    /// Must be called inside a runtime.
    pub(crate) fn new(closure: F) -> (Writing<F, T, E>, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        (Writing { closure: Some(closure), outcome: None, reply, runtime: Handle::current() }, answer)
    }

    /// Runs `closure` and keeps its result for the answer.
    fn keep(&mut self, closure: impl FnOnce(&mut Tx) -> Result<T, E>, tx: &mut Tx) -> bool {
        let outcome =
            catch_unwind(AssertUnwindSafe(|| closure(tx))).unwrap_or_else(|_| Err(E::from(Error::Panicked)));
        let is_ok = outcome.is_ok();
        self.outcome = Some(outcome);
        is_ok
    }
}

impl<F, T, E> Write for Writing<F, T, E>
where
    F: FnOnce(&mut Tx) -> Result<T, E> + Clone + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        let Some(closure) = self.closure.take() else { return false };
        self.keep(closure, tx)
    }

    #[cfg(feature = "cluster")]
    fn run_copy(&mut self, tx: &mut Tx) -> bool {
        let Some(closure) = self.closure.clone() else { return false };
        self.keep(closure, tx)
    }

    fn answer(self: Box<Self>, committed: Result<(), Error>) {
        let answer = match (self.outcome, committed) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(E::from(error)),
            (None, Ok(())) => Err(E::from(Error::Panicked)),
        };
        // Fails if the request was dropped meanwhile; the work is done all the same.
        let _ = self.reply.send(answer);
    }

    fn runtime(&self) -> &Handle {
        &self.runtime
    }
}

/// Runs a closure with a single query, outside any transaction.
pub(crate) fn read_one<T, E: From<Error>>(
    reader: &Reader,
    closure: impl FnOnce(&Reader) -> Result<T, E>,
) -> Result<T, E> {
    reader.start();
    let answer = read(reader, closure);
    debug_assert!(reader.queries() <= 1, "several queries need a transaction around them");
    answer
}

/// Runs a reading closure and turns a panic into an error.
pub(crate) fn read<T, E: From<Error>>(
    reader: &Reader,
    closure: impl FnOnce(&Reader) -> Result<T, E>,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(|| closure(reader))).unwrap_or_else(|_| Err(E::from(Error::Panicked)))
}
