//! The threads that own a connection each, and what they do with a job.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::connection;
use crate::error::{Error, Result};
use crate::postgres::connection::Connection;
use crate::postgres::fault::Fault;
use crate::postgres::opening::Limits;
use crate::postgres::queue::{Job, Kind, Queue};
use crate::reader::Reader;
use crate::transaction::Tx;
use crate::work::Write;

/// How often a closure is run at most, while other transactions are in its way.
const ATTEMPTS_MAX: usize = 6;
/// A server that restarts is away for a moment: how long a job waits before it tries to connect again.
const CONNECT_AGAIN: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
];

/// Opens connections, and does jobs on them.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) address: String,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) signal: Arc<watch::Sender<u64>>,
}

impl Worker {
    /// Does what is in the queue until that is closed, on a connection that is opened again when it is lost.
    pub(super) fn run(self, queue: &Queue) {
        let mut connected = None;
        while let Some(job) = queue.take() {
            self.serve(&mut connected, job);
        }
    }

    /// Does a job. It is tried again if it certainly did not happen: when another transaction was in its way, and once on
    /// another connection if its own was lost before the commit.
    pub(super) fn serve(&self, connected: &mut Option<Tx>, mut job: Job) {
        let mut was_lost = false;
        for attempts_left in (0..ATTEMPTS_MAX).rev() {
            let until = if was_lost { Instant::now() + self.limits.connect } else { job.until };
            let mut tx = match connected.take().map_or_else(|| self.connect_until(until), Ok) {
                Ok(tx) => tx,
                Err(error) => {
                    error.log("PostgreSQL cannot be reached");
                    return job.work.answer(Err(error));
                }
            };
            connection_of(&tx).start(job.asker.take());
            let outcome = attempt(&mut tx, job.kind, job.work.as_mut(), attempts_left > 0);
            job.asker = connection_of(&tx).stop();
            let again = match connection_of(&tx).fault() {
                Some(Fault::Conflict) => attempts_left > 0,
                Some(Fault::Lost) => !std::mem::replace(&mut was_lost, true),
                Some(Fault::GivenUp | Fault::Refused) | None => false,
            };
            let is_open = !matches!(outcome, Ok(Outcome::Complete { .. }));
            if !again {
                let recorded = matches!(outcome, Ok(Outcome::Complete { recorded: true }));
                job.work.answer(outcome.map(|_| ()));
                if recorded {
                    self.signal.send_modify(|count| *count = count.wrapping_add(1));
                }
                *connected = cleared(tx, is_open);
                return;
            }
            *connected = cleared(tx, is_open);
        }
    }

    pub(super) fn connect(&self, until: Instant) -> Result<Tx> {
        let connect = until.saturating_duration_since(Instant::now()).min(self.limits.connect);
        let connection = Connection::open(&self.address, Limits { connect, ..self.limits })?;
        let connection = connection::Connection::Postgres(Box::new(connection));
        Ok(Tx::new(Reader::new(connection, self.clock.clone())))
    }

    /// Connects, again if the server is away for a moment.
    fn connect_until(&self, until: Instant) -> Result<Tx> {
        for pause in CONNECT_AGAIN {
            match self.connect(until) {
                Err(Error::Unavailable(_)) if Instant::now() + pause < until => thread::sleep(pause),
                connected => return connected,
            }
        }
        self.connect(until)
    }
}

/// How an attempt ended that had no error of its own.
enum Outcome {
    /// No transaction is open any more; whether it has journal entries.
    Complete { recorded: bool },
    /// A transaction is open, to be rolled back.
    Open,
}

/// Runs the work, or a copy of it if there may be another attempt, with the transaction that it needs.
fn attempt(tx: &mut Tx, kind: Kind, work: &mut dyn Write, is_copy: bool) -> Result<Outcome> {
    match kind {
        Kind::Read => tx.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?,
        Kind::ReadOne => {}
        Kind::Write => tx.batch("BEGIN")?,
    }
    tx.start();
    let is_ok = if is_copy { work.run_copy(tx) } else { work.run(tx) };
    match kind {
        Kind::Read => Ok(Outcome::Open),
        Kind::ReadOne => Ok(Outcome::Complete { recorded: false }),
        Kind::Write if is_ok => commit(tx),
        Kind::Write => {
            tx.forget_after(0);
            Ok(Outcome::Open)
        }
    }
}

fn commit(tx: &mut Tx) -> Result<Outcome> {
    let recorded = tx.write_journal()?;
    // PostgreSQL takes a COMMIT after a failed statement without an error, and rolls back.
    if connection_of(tx).fault().is_some() {
        return Err(Error::Refused("a statement failed, and its error was passed over".to_string()));
    }
    connection_of(tx).commit()?;
    Ok(Outcome::Complete { recorded })
}

/// The connection as the next job needs it: with no transaction open; `None` if it was lost.
fn cleared(mut tx: Tx, is_open: bool) -> Option<Tx> {
    tx.forget_after(0);
    if is_open && !connection_of(&tx).is_lost() {
        // If it fails, the connection is lost and the server rolls back by itself.
        let _ = tx.batch("ROLLBACK");
    }
    (!connection_of(&tx).is_lost()).then_some(tx)
}

fn connection_of(tx: &Tx) -> &Connection {
    tx.connection().postgres().expect("a worker of PostgreSQL has a connection to it")
}
