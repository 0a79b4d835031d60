//! An open SQLite database: its threads, its queue of writes and its pool of readers.
//!
//! The writer commits what is waiting in one transaction (`writer`). Its closures are all answered when that commit is on
//! disk (`log`): durability costs one fsync for many, and meanwhile the writer runs what has arrived since.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};

use crate::clock::Clock;
use crate::connection;
use crate::error::{Error, Result};
use crate::migrations::{self, Migration};
use crate::mutex::lock;
use crate::reader::Reader;
use crate::sqlite::connection::Connection;
use crate::sqlite::disk::Disk;
#[cfg(feature = "faults")]
use crate::sqlite::log::HeldDisk;
use crate::sqlite::log::{Committed, Log};
use crate::sqlite::writer::{BATCH_MAX, commit};
use crate::transaction::Tx;
use crate::work::{self, Work, spawn};

/// How many commits may wait while others are flushed. One flush takes all of them: a slow disk flushes more at a time.
const COMMITS_AHEAD: usize = 7;
/// Most closures in the writer's queue; further callers wait until it has room.
const QUEUE_MAX: usize = 4096;
/// Reading connections at most: each has a cache and prepared statements of its own.
pub(super) const READERS_MAX: usize = 16;
/// Idle ones that are kept.
const READERS_KEPT: usize = 4;
/// How long a closure waits for its turn to read.
const TURN_WITHIN: Duration = Duration::from_secs(10);
/// How often the write-ahead log is moved into the database file.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);
/// How many pages the write-ahead log may have before the writer checkpoints it. While writes never pause, a checkpoint
/// beside them always leaves some pages, so SQLite would never restart the log; and a growing file takes longer to flush
/// than one that is overwritten.
pub(super) const LOG_PAGES: i64 = 4096;

/// Permits one closure to read.
pub(crate) type Turn = OwnedSemaphorePermit;

/// An open SQLite database.
pub(crate) struct Sqlite {
    file: PathBuf,
    clock: Clock,
    disk: Arc<Disk>,
    /// For tests: how many more reads succeed.
    #[cfg(feature = "faults")]
    pub(crate) reads_left: std::sync::atomic::AtomicU64,
    queue: Mutex<Option<mpsc::Sender<Work>>>,
    log: Arc<Log>,
    readers: Mutex<Vec<Reader>>,
    turns: Arc<Semaphore>,
    /// The writer, the flusher, and the checkpoints, in the order in which they end.
    pub(super) threads: Mutex<Vec<thread::JoinHandle<()>>>,
    stop: watch::Sender<bool>,
}

impl Sqlite {
    pub(crate) fn open(
        file: &Path,
        clock: &Clock,
        migrations: &[Migration],
        signal: Arc<watch::Sender<u64>>,
    ) -> Result<Sqlite> {
        let disk = Arc::new(Disk::of(file));
        let writer = Connection::open(file, &disk)?;
        let tx = Tx::new(Reader::new(connection::Connection::Sqlite(writer), clock.clone()));
        // With both numbers alike the database has everything that the log has.
        let is_moved =
            tx.one("PRAGMA wal_checkpoint(NOOP)", &[], |row| Ok(row.get::<i64>(1)? == row.get::<i64>(2)?))?;
        tx.batch("BEGIN IMMEDIATE")?;
        let log = Log::beside(file, Arc::clone(&disk))?;
        if !is_moved {
            log.write_again()?;
        }
        match migrations::apply(&tx, migrations) {
            Ok(()) => tx.batch("COMMIT")?,
            Err(error) => {
                tx.batch("ROLLBACK")?;
                return Err(error);
            }
        }
        Sqlite::start(file, clock, tx, log, disk, signal)
    }

    /// Starts the threads. `tx` is the writer's connection, `log` its write-ahead log.
    pub(super) fn start(
        file: &Path,
        clock: &Clock,
        mut tx: Tx,
        log: Log,
        disk: Arc<Disk>,
        signal: Arc<watch::Sender<u64>>,
    ) -> Result<Sqlite> {
        let log = Arc::new(log);
        let (queue, mut waiting) = mpsc::channel::<Work>(QUEUE_MAX);
        let (flushes, committed) = std::sync::mpsc::sync_channel::<Committed>(COMMITS_AHEAD);
        let appended = Arc::clone(&log);
        let is_long = Arc::new(AtomicBool::new(false));
        let was_long = Arc::clone(&is_long);
        let writing = spawn("store-writer".to_string(), move || {
            let mut batch = Vec::new();
            while waiting.blocking_recv_many(&mut batch, BATCH_MAX) > 0 {
                let done = commit(&mut tx, std::mem::take(&mut batch), &mut waiting, &appended);
                if flushes.send(done).is_err() {
                    break;
                }
                // If that moves all of it and no reader uses it, the next commit restarts the log.
                if was_long.swap(false, Ordering::Relaxed) {
                    let _ = checkpoint(&tx);
                }
            }
        })?;
        let flushed = Arc::clone(&log);
        let flushing = spawn("store-flusher".to_string(), move || {
            while let Ok(first) = committed.recv() {
                flushed.flush(std::iter::once(first).chain(committed.try_iter()).collect(), &signal);
            }
        })?;
        let (stop, stopping) = watch::channel(false);
        let beside = Connection::open(file, &disk)?;
        let beside = Reader::new(connection::Connection::Sqlite(beside), clock.clone());
        let database =
            File::open(file).map_err(|error| Error::Unavailable(format!("{}: {error}", file.display())))?;
        let beneath = Arc::clone(&disk);
        let checkpoints = spawn("store-checkpoints".to_string(), move || {
            while !*stopping.borrow() {
                thread::park_timeout(CHECKPOINT_EVERY);
                // What cannot be moved now is moved by the next checkpoint.
                let pages = checkpoint(&beside).unwrap_or(0);
                if pages > LOG_PAGES {
                    // Leaves less to flush for the writer's checkpoint.
                    if let Err(error) = database.sync_data() {
                        beneath.fail(&format!("the database cannot be flushed: {error}"));
                    }
                    is_long.store(true, Ordering::Relaxed);
                }
            }
            // The next start does what cannot be done now.
            let _ = beside.visit("PRAGMA wal_checkpoint(TRUNCATE)", &[], &mut |_| Ok(false));
        })?;
        Ok(Sqlite {
            file: file.to_path_buf(),
            clock: clock.clone(),
            disk,
            #[cfg(feature = "faults")]
            reads_left: std::sync::atomic::AtomicU64::new(u64::MAX),
            queue: Mutex::new(Some(queue)),
            readers: Mutex::new(Vec::new()),
            turns: Arc::new(Semaphore::new(READERS_MAX)),
            log,
            threads: Mutex::new(vec![writing, flushing, checkpoints]),
            stop,
        })
    }

    /// A turn to read, first come, first served. Nothing may be awaited while one is held.
    pub(crate) async fn turn(&self) -> Result<Turn> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        match tokio::time::timeout(TURN_WITHIN, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(turn) => turn.map_err(|_| Error::closed()),
            Err(_) => Err(Error::Unavailable("too many are reading".to_string())),
        }
    }

    pub(crate) fn read<T, E: From<Error>>(
        &self,
        turn: Turn,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.with_reader(turn, |reader| {
            reader.run("BEGIN DEFERRED", &[])?;
            reader.start();
            let answer = work::read(reader, closure);
            reader.run("COMMIT", &[])?;
            Ok(answer)
        })
    }

    pub(crate) fn read_one<T, E: From<Error>>(
        &self,
        turn: Turn,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.with_reader(turn, |reader| Ok(work::read_one(reader, closure)))
    }

    /// Runs `run` with a pooled connection. After an error of the connection itself it does not return to the pool.
    fn with_reader<T, E: From<Error>>(
        &self,
        _turn: Turn,
        run: impl FnOnce(&Reader) -> Result<std::result::Result<T, E>>,
    ) -> std::result::Result<T, E> {
        #[cfg(feature = "faults")]
        if self
            .reads_left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_err()
        {
            return Err(E::from(Error::Unavailable("no more reads in this test".to_string())));
        }
        let kept = lock(&self.readers).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => {
                let connection = Connection::open(&self.file, &self.disk)?;
                connection.batch("PRAGMA query_only = ON")?;
                Reader::new(connection::Connection::Sqlite(connection), self.clock.clone())
            }
        };
        let answer = run(&reader)?;
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_KEPT {
            readers.push(reader);
        }
        answer
    }

    pub(crate) async fn durable(&self) -> Result<()> {
        self.log.durable().await
    }

    pub(crate) fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    #[cfg(feature = "faults")]
    pub(crate) fn hold(&self) -> HeldDisk<'_> {
        self.log.hold()
    }

    pub(crate) async fn queue(&self, work: Work) -> Result<()> {
        let queue = lock(&self.queue).clone().ok_or_else(Error::closed)?;
        queue.send(work).await.map_err(|_| Error::closed())
    }

    pub(crate) fn close(&self) {
        // The writer ends once the queue is closed and empty: waiting closures are still run.
        lock(&self.queue).take();
        lock(&self.readers).clear();
        let mut threads = lock(&self.threads);
        // The last checkpoint comes when the last flush has succeeded.
        if let Some(checkpoints) = threads.pop() {
            threads.drain(..).for_each(|thread| drop(thread.join()));
            self.stop.send_replace(true);
            checkpoints.thread().unpark();
            drop(checkpoints.join());
        }
    }
}

/// Moves what it can of the write-ahead log into the database file, and returns how many pages the log has.
fn checkpoint(reader: &Reader) -> Result<i64> {
    reader.one("PRAGMA wal_checkpoint(PASSIVE)", &[], |row| row.get(1))
}
