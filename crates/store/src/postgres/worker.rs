//! The threads of PostgreSQL's pool, and the jobs that they take.

use std::sync::{Arc, Mutex, mpsc};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::connection;
use crate::error::{Error, Result};
use crate::mutex::lock;
use crate::postgres::connection::Connection;
use crate::reader::Reader;
use crate::transaction::Tx;
use crate::work::Work;

pub(super) type Reading = Box<dyn FnOnce(Result<&Reader>) + Send>;

pub(super) enum Job {
    Read(Reading),
    /// A single query, which is a transaction by itself.
    ReadOne(Reading),
    Write(Work),
}

pub(super) fn connect(address: &str, clock: &Clock) -> Result<Reader> {
    let connection = connection::Connection::Postgres(Box::new(Connection::open(address)?));
    Ok(Reader::new(connection, clock.clone()))
}

/// A thread that owns a connection, opened again when it is lost.
pub(super) struct Worker {
    pub(super) address: String,
    pub(super) clock: Clock,
    pub(super) waiting: Arc<Mutex<mpsc::Receiver<Job>>>,
    pub(super) signal: Arc<watch::Sender<u64>>,
}

impl Worker {
    pub(super) fn run(self) {
        let mut connected: Option<Tx> = None;
        loop {
            let job = lock(&self.waiting).recv();
            let Ok(job) = job else { return };
            if connected.as_ref().is_none_or(|tx| tx.connection().is_lost()) {
                match connect(&self.address, &self.clock) {
                    Ok(reader) => connected = Some(Tx::new(reader)),
                    Err(error) => {
                        refuse(job, error);
                        continue;
                    }
                }
            }
            if let Some(tx) = &mut connected {
                match job {
                    Job::Read(reading) => read(tx, reading),
                    Job::ReadOne(reading) => reading(Ok(tx)),
                    Job::Write(work) => self.write(tx, work),
                }
            }
        }
    }

    fn write(&self, tx: &mut Tx, mut work: Work) {
        if let Err(error) = tx.batch("BEGIN") {
            return work.answer(Err(error));
        }
        tx.start();
        let committed = if work.run(tx) {
            tx.write_journal().and_then(|recorded| tx.batch("COMMIT").map(|()| recorded))
        } else {
            tx.forget_after(0);
            tx.batch("ROLLBACK").map(|()| false)
        };
        if committed.is_err() {
            tx.forget_after(0);
            // Fails if the connection is lost, and then the server rolls back by itself.
            let _ = tx.batch("ROLLBACK");
        }
        let recorded = matches!(committed, Ok(true));
        work.answer(committed.map(|_| ()));
        if recorded {
            self.signal.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

fn read(tx: &Tx, reading: Reading) {
    if let Err(error) = tx.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") {
        return reading(Err(error));
    }
    tx.start();
    reading(Ok(tx));
    // Ends a failed transaction too; a lost connection is noticed at the next use.
    let _ = tx.batch("ROLLBACK");
}

fn refuse(job: Job, error: Error) {
    tracing::error!(%error, "PostgreSQL cannot be reached");
    match job {
        Job::Read(reading) | Job::ReadOne(reading) => reading(Err(error)),
        Job::Write(work) => work.answer(Err(error)),
    }
}
