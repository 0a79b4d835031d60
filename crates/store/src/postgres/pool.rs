//! PostgreSQL: closures run on threads that own a connection each.
//!
//! Domain code is synchronous, so a connection is a `postgres::Client` on a thread of its own. Round trips and the commit
//! take most of the time; several closures run side by side, one per connection.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::migrations::{self, Migration};
use crate::mutex::lock;
use crate::postgres::worker::{Job, Reading, Worker, connect};
use crate::reader::Reader;
use crate::transaction::Tx;
use crate::work::{self, Work, spawn};

/// Most closures that wait for a connection; further ones are refused.
const QUEUE_MAX: usize = 4096;
/// The advisory lock that a starting program takes while it migrates: "portal" in ASCII.
const MIGRATION_LOCK: i64 = 0x706f_7274_616c;

/// An open PostgreSQL database.
pub(crate) struct Postgres {
    queue: Mutex<Option<mpsc::SyncSender<Job>>>,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

impl Postgres {
    pub(crate) fn open(
        address: &str,
        connections: usize,
        clock: &Clock,
        migrations: &[Migration],
        signal: Arc<watch::Sender<u64>>,
    ) -> Result<Postgres> {
        // On a thread of its own, because the client blocks and the runtime's threads must not.
        thread::scope(|scope| {
            scope.spawn(|| migrate(address, clock, migrations)).join().unwrap_or(Err(Error::Panicked))
        })?;
        let (queue, waiting) = mpsc::sync_channel(QUEUE_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let threads = (0..connections)
            .map(|number| {
                let worker = Worker {
                    address: address.to_string(),
                    clock: clock.clone(),
                    waiting: Arc::clone(&waiting),
                    signal: Arc::clone(&signal),
                };
                spawn(format!("store-postgres-{number}"), move || worker.run())
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Postgres { queue: Mutex::new(Some(queue)), threads: Mutex::new(threads) })
    }

    pub(crate) async fn read<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.answer(Job::Read, |reader| work::read(reader, closure)).await
    }

    pub(crate) async fn read_one<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.answer(Job::ReadOne, |reader| work::read_one(reader, closure)).await
    }

    /// Runs `run` on a connection's thread, as that `job`, and returns its result.
    async fn answer<T, E>(
        &self,
        job: impl FnOnce(Reading) -> Job,
        run: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let reading: Reading = Box::new(move |reader| {
            let _ = reply.send(reader.map_err(E::from).and_then(run));
        });
        self.send(job(reading))?;
        answer.await.unwrap_or_else(|_| Err(E::from(Error::closed())))
    }

    pub(crate) async fn queue(&self, work: Work) -> Result<()> {
        self.send(Job::Write(work))
    }

    fn send(&self, job: Job) -> Result<()> {
        let queue = lock(&self.queue);
        let queue = queue.as_ref().ok_or_else(Error::closed)?;
        queue
            .try_send(job)
            .map_err(|_| Error::Unavailable("too much is waiting for the database".to_string()))
    }

    pub(crate) fn close(&self) {
        lock(&self.queue).take();
        for thread in lock(&self.threads).drain(..) {
            let _ = thread.join();
        }
    }
}

fn migrate(address: &str, clock: &Clock, migrations: &[Migration]) -> Result<()> {
    let mut tx = Tx::new(connect(address, clock)?);
    tx.batch("BEGIN")?;
    tx.batch(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))?;
    migrations::apply(&tx, migrations)?;
    tx.write_journal()?;
    tx.batch("COMMIT")
}
