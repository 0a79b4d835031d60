//! PostgreSQL: closures run on threads that own a connection each.
//!
//! Domain code is synchronous, so a connection belongs to a thread. Round trips and the commit take most of the time;
//! several closures run side by side, one per connection. Reading and writing have connections of their own, so that
//! neither waits for the other, and so has the question whether the database can be reached.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::migrations::{self, Migration};
use crate::mutex::lock;
use crate::postgres::opening::Limits;
use crate::postgres::queue::{Job, Kind, Queue};
use crate::postgres::worker::Worker;
use crate::reader::Reader;
use crate::transaction::Tx;
use crate::work::{Writing, spawn};

/// The advisory lock that a starting program takes while it migrates: "portal" in ASCII.
const MIGRATION_LOCK: i64 = 0x706f_7274_616c;
/// The longest that [`Postgres::ready`] waits: a readiness probe asks again soon.
const READY_MAX: Duration = Duration::from_secs(2);
/// How often jobs are looked for whose time is up.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// An open PostgreSQL database.
pub(crate) struct Postgres {
    lanes: Arc<Lanes>,
    /// For what needs a connection of its own, without limits.
    unlimited: Worker,
    limit: Duration,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

#[derive(Default)]
struct Lanes {
    reading: Arc<Queue>,
    writing: Arc<Queue>,
    ready: Arc<Queue>,
}

impl Postgres {
    /// Opens at most `connections`, and waits at most `limit` for a connection, a lock or the answer to a statement.
    pub(crate) fn open(
        address: &str,
        connections: usize,
        limit: Duration,
        clock: &Clock,
        migrations: &[Migration],
        signal: Arc<watch::Sender<u64>>,
    ) -> Result<Postgres> {
        let worker = |statement| Worker {
            address: address.to_string(),
            limits: Limits { connect: limit, statement },
            clock: clock.clone(),
            signal: Arc::clone(&signal),
        };
        let unlimited = worker(None);
        // On a thread of its own, because the client blocks and the runtime's threads must not.
        thread::scope(|scope| {
            scope.spawn(|| migrate(&unlimited, migrations)).join().unwrap_or(Err(Error::Panicked))
        })?;
        let lanes = Arc::new(Lanes::default());
        let postgres = Postgres { lanes: Arc::clone(&lanes), unlimited, limit, threads: Mutex::default() };
        let writing = connections.saturating_sub(1) / 2;
        let reading = connections.saturating_sub(1) - writing;
        postgres.start("writing", writing.max(1), &lanes.writing, &worker(Some(limit)))?;
        postgres.start("reading", reading.max(1), &lanes.reading, &worker(Some(limit)))?;
        postgres.start("ready", 1, &lanes.ready, &worker(Some(limit.min(READY_MAX))))?;
        let watched = Arc::downgrade(&lanes);
        let watching = spawn("store-overdue".to_string(), move || {
            while let Some(lanes) = watched.upgrade().filter(|lanes| !lanes.ready.is_closed()) {
                lanes.refuse_overdue(limit);
                drop(lanes);
                thread::park_timeout(LOOK_EVERY);
            }
        })?;
        lock(&postgres.threads).push(watching);
        Ok(postgres)
    }

    fn start(&self, name: &str, count: usize, queue: &Arc<Queue>, worker: &Worker) -> Result<()> {
        for number in 0..count {
            let (worker, queue) = (worker.clone(), Arc::clone(queue));
            let thread = spawn(format!("store-{name}-{number}"), move || worker.run(&queue))?;
            lock(&self.threads).push(thread);
        }
        Ok(())
    }

    /// Runs a closure on a consistent view, or without a transaction if `kind` says that it is a single query.
    pub(crate) async fn read<T, E>(
        &self,
        kind: Kind,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.queue(&self.lanes.reading, self.limit, kind, move |tx| closure(tx)).await
    }

    pub(crate) async fn write<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.queue(&self.lanes.writing, self.limit, Kind::Write, closure).await
    }

    /// Whether the database answers, on a connection that nothing else uses.
    pub(crate) async fn ready(&self) -> Result<()> {
        let limit = self.limit.min(READY_MAX);
        let question = |tx: &mut Tx| tx.one("SELECT 1", &[], |_| Ok(()));
        self.queue(&self.lanes.ready, limit, Kind::ReadOne, question).await
    }

    /// Runs a closure on a connection of its own, for as long as it takes.
    pub(crate) async fn unlimited<T, E>(
        &self,
        kind: Kind,
        closure: impl FnOnce(&mut Tx) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let queue = Arc::new(Queue::default());
        let (worker, jobs) = (self.unlimited.clone(), Arc::clone(&queue));
        spawn("store-unlimited".to_string(), move || worker.run(&jobs))?;
        // The thread ends when it is done, also if nobody waits for it any more.
        let _closing = Closing(&queue);
        self.queue(&queue, self.limit, kind, closure).await
    }

    async fn queue<T, E>(
        &self,
        queue: &Queue,
        limit: Duration,
        kind: Kind,
        closure: impl FnOnce(&mut Tx) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (work, answer) = Writing::new(closure);
        // Dropped together with this future. What was to be written is written all the same.
        let (_waits, asker) = oneshot::channel();
        let asker = (kind != Kind::Write).then_some(asker);
        queue.add(Job { kind, work: Box::new(work), asker, until: Instant::now() + limit })?;
        answer.await.unwrap_or_else(|_| Err(E::from(Error::closed())))
    }

    pub(crate) fn close(&self) {
        for queue in self.lanes.all() {
            queue.close();
        }
        for thread in lock(&self.threads).drain(..) {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Closes a queue when dropped.
struct Closing<'a>(&'a Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Lanes {
    fn all(&self) -> [&Queue; 3] {
        [&self.reading, &self.writing, &self.ready]
    }

    /// Refuses what has waited too long for a connection: nothing of it has happened.
    fn refuse_overdue(&self, limit: Duration) {
        for job in self.all().into_iter().flat_map(|queue| queue.overdue(Instant::now())) {
            job.work
                .answer(Err(Error::Unavailable(format!("all connections to it were in use for {limit:?}"))));
        }
    }
}

fn migrate(worker: &Worker, migrations: &[Migration]) -> Result<()> {
    let mut tx = worker.connect(Instant::now() + worker.limits.connect)?;
    tx.batch("BEGIN")?;
    tx.batch(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))?;
    migrations::apply(&tx, migrations)?;
    tx.write_journal()?;
    tx.batch("COMMIT")
}
