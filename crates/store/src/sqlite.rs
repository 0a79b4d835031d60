//! SQLite: one writer thread with group commit, pooled readers, and checkpoints off the writer.
//!
//! The writer takes what is waiting (up to [`BATCH_MAX`] closures), runs each in a savepoint of its own and commits
//! once. They are all answered when that commit is on disk (`log`): durability costs one fsync for many, and while it
//! lasts the writer runs what came meanwhile.

mod log;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{OpenFlags, Statement};
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::connection::{self, Reader, Tx};
use crate::engine::stopped;
use crate::error::{Error, Result};
use crate::migrations::{self, Migration};
use crate::value::{Cells, Param, Row, Value};
use crate::work::{self, Work, Write, spawn};

use log::{Committed, Log};

#[cfg(feature = "faults")]
pub use log::Held;

/// Most closures in one commit: enough to make it cheap, few enough that the disk has something to do while the next ones
/// run. They take about as long as a flush.
const BATCH_MAX: usize = 32;
/// How often the writer lets others go first before it closes a transaction.
const YIELDS: usize = 3;
/// How many commits may wait to be flushed, beside those that are. One flush takes all of them: a slow disk flushes more
/// at a time.
const COMMITS_AHEAD: usize = 7;
/// Most closures that wait for the writer; further ones wait for a place.
const QUEUE_MAX: usize = 4096;
/// Idle reading connections that are kept, each with its prepared statements.
const READERS_MAX: usize = 4;
/// How long to wait for another process (a command beside the running program) that holds the write lock.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// How often the write-ahead log is moved into the database.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(2);
/// How many pages the write-ahead log may have before the writer sees to it that it begins anew. Beside one that never
/// rests there is always something left to move, and the log would grow for as long; a file that grows takes longer to
/// flush than one that is written over.
const LOG_PAGES: i64 = 4096;
/// Prepared statements kept by each connection.
const STATEMENTS_MAX: usize = 256;

/// An open SQLite database.
pub(crate) struct Sqlite {
    file: PathBuf,
    clock: Clock,
    queue: Mutex<Option<mpsc::Sender<Work>>>,
    log: Arc<Log>,
    readers: Mutex<Vec<Reader>>,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
    stop: watch::Sender<bool>,
}

impl Sqlite {
    pub(crate) fn open(
        file: &Path,
        clock: &Clock,
        migrations: &[Migration],
        signal: Arc<watch::Sender<u64>>,
    ) -> Result<Sqlite> {
        let writer = Connection::open(file)?;
        let tx = Tx::new(Reader::new(connection::Connection::Sqlite(writer), clock.clone()));
        tx.batch("BEGIN IMMEDIATE")?;
        match migrations::apply(&tx, migrations) {
            Ok(()) => tx.batch("COMMIT")?,
            Err(error) => {
                tx.batch("ROLLBACK")?;
                return Err(error);
            }
        }
        Sqlite::start(file, clock, tx, Log::beside(file)?, signal)
    }

    /// Starts the threads, with a connection that writes and the log that its commits are appended to.
    fn start(
        file: &Path,
        clock: &Clock,
        mut tx: Tx,
        log: Log,
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
                // Once all of it has been moved, and nobody is reading it, the next commit begins it anew.
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
        let beside = Reader::new(connection::Connection::Sqlite(Connection::open(file)?), clock.clone());
        let database =
            File::open(file).map_err(|error| Error::Unavailable(format!("{}: {error}", file.display())))?;
        let checkpoints = spawn("store-checkpoints".to_string(), move || {
            while !*stopping.borrow() {
                thread::park_timeout(CHECKPOINT_EVERY);
                // What cannot be moved now is by the next.
                let pages = checkpoint(&beside).unwrap_or(0);
                if pages > LOG_PAGES {
                    // So that the writer waits for the disk with the rest only. A failure is SQLite's to tell: it flushes
                    // the file again.
                    let _ = database.sync_data();
                    is_long.store(true, Ordering::Relaxed);
                }
            }
            let _ = beside.visit("PRAGMA wal_checkpoint(TRUNCATE)", &[], &mut |_| Ok(false));
        })?;
        Ok(Sqlite {
            file: file.to_path_buf(),
            clock: clock.clone(),
            queue: Mutex::new(Some(queue)),
            readers: Mutex::new(Vec::new()),
            log,
            threads: Mutex::new(vec![writing, flushing, checkpoints]),
            stop,
        })
    }

    pub(crate) fn read<T, E: From<Error>>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.with_reader(|reader| {
            reader.run("BEGIN DEFERRED", &[])?;
            reader.start();
            let answer = work::read(reader, closure);
            reader.run("COMMIT", &[])?;
            Ok(answer)
        })
    }

    pub(crate) fn ask<T, E: From<Error>>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.with_reader(|reader| Ok(work::ask(reader, closure)))
    }

    /// Lends a connection that reads. One with which something is wrong does not come back.
    fn with_reader<T, E: From<Error>>(
        &self,
        run: impl FnOnce(&Reader) -> Result<std::result::Result<T, E>>,
    ) -> std::result::Result<T, E> {
        let kept = lock(&self.readers).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => {
                let connection = Connection::open(&self.file)?;
                connection.batch("PRAGMA query_only = ON")?;
                Reader::new(connection::Connection::Sqlite(connection), self.clock.clone())
            }
        };
        let answer = run(&reader)?;
        let mut readers = lock(&self.readers);
        if readers.len() < READERS_MAX {
            readers.push(reader);
        }
        answer
    }

    pub(crate) async fn settled(&self) -> Result<()> {
        self.log.settled().await
    }

    #[cfg(feature = "faults")]
    pub(crate) fn hold(&self) -> Held<'_> {
        self.log.hold()
    }

    pub(crate) async fn queue(&self, work: Work) -> Result<()> {
        let queue = lock(&self.queue).clone().ok_or_else(stopped)?;
        queue.send(work).await.map_err(|_| stopped())
    }

    pub(crate) fn close(&self) {
        // The writer ends when the queue is gone and empty: what waits is still written.
        lock(&self.queue).take();
        lock(&self.readers).clear();
        self.stop.send_replace(true);
        for thread in lock(&self.threads).drain(..) {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// A poisoned lock holds a list that is whole: nothing in its critical sections can stop half-way.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Moves what it can of the write-ahead log into the database, and answers how many pages that has.
fn checkpoint(reader: &Reader) -> Result<i64> {
    reader.one("PRAGMA wal_checkpoint(PASSIVE)", &[], |row| row.get(1))
}

/// Runs what is in `batch`, and what comes meanwhile, in one transaction.
fn commit(tx: &mut Tx, mut batch: Vec<Work>, waiting: &mut mpsc::Receiver<Work>, log: &Log) -> Committed {
    let recorded = log.check().and_then(|()| run_all(tx, &mut batch, waiting));
    log.begin(matches!(recorded, Ok(true)));
    let outcome = recorded.and_then(|recorded| tx.run("COMMIT", &[]).map(|_| recorded));
    if outcome.is_err() {
        tx.forget_after(0);
        // Fails only where no transaction was begun, and then there is nothing to undo.
        let _ = tx.run("ROLLBACK", &[]);
    }
    Committed { batch, outcome }
}

fn run_all(tx: &mut Tx, batch: &mut Vec<Work>, waiting: &mut mpsc::Receiver<Work>) -> Result<bool> {
    tx.run("BEGIN IMMEDIATE", &[])?;
    let mut done = 0;
    while let Some(work) = batch.get_mut(done) {
        run_one(tx, work.as_mut())?;
        done += 1;
        // What comes while others run shares their fsync.
        if done == batch.len() && done < BATCH_MAX {
            batch.extend(next(waiting));
        }
    }
    tx.write_journal()
}

/// What waits, or comes while others have the processor: where nobody wants it, asking takes no time.
fn next(waiting: &mut mpsc::Receiver<Work>) -> Option<Work> {
    for _ in 0..YIELDS {
        if let Ok(next) = waiting.try_recv() {
            return Some(next);
        }
        thread::yield_now();
    }
    waiting.try_recv().ok()
}

/// Runs a closure in a savepoint of its own, so that a failure undoes only that.
fn run_one(tx: &mut Tx, work: &mut dyn Write) -> Result<()> {
    let recorded = tx.recorded();
    tx.start();
    tx.run("SAVEPOINT one", &[])?;
    if !work.run(tx) {
        tx.forget_after(recorded);
        tx.run("ROLLBACK TO one", &[])?;
    }
    tx.run("RELEASE one", &[])?;
    Ok(())
}

/// A connection and its prepared statements.
pub(crate) struct Connection(rusqlite::Connection);

impl Connection {
    fn open(file: &Path) -> Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(file, flags)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", file.display())))?;
        connection.busy_timeout(BUSY_WAIT)?;
        // A plan depends on the statement alone: else some are made anew whenever a value is bound, which costs more
        // than running them.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        // SQLite's own knows only ASCII: "ÖZ" would not be found by "öz", as it is on PostgreSQL.
        let flags = FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_INNOCUOUS;
        connection.create_scalar_function("lower", 1, flags, |call| {
            Ok(call.get::<Option<String>>(0)?.map(|text| text.to_lowercase()))
        })?;
        connection.execute_batch(
            // A commit is flushed by `log`, before anybody is answered; what NORMAL flushes is what checkpoints need.
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
             PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4000; \
             PRAGMA trusted_schema = OFF;",
        )?;
        Ok(Connection(connection))
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.0.execute_batch(sql)?)
    }

    pub(crate) fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        // `raw_execute` refuses statements that answer rows, which BEGIN and the like do not.
        Ok(statement.raw_execute()?)
    }

    pub(crate) fn visit(
        &self,
        sql: &str,
        params: &[&dyn Param],
        look: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let mut statement = self.0.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next()? {
            if !look(&Row(Cells::Sqlite(row)))? {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn columns(&self, sql: &str) -> Result<Vec<String>> {
        let statement = self.0.prepare(sql)?;
        Ok(statement.column_names().map(str::to_string).collect())
    }
}

/// SQLite numbers named parameters by first appearance, so `$2` may come before `$1`: each gets what its name says.
fn bind(statement: &mut Statement<'_>, params: &[&dyn Param]) -> Result<()> {
    let count = statement.parameter_count();
    if count != params.len() {
        return Err(Error::Refused(format!("{} parameters given, {count} used", params.len())));
    }
    for index in 1..=count {
        let name = statement.parameter_name(index).unwrap_or("");
        let number = name.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let param = number.and_then(|number| params.get(number.checked_sub(1)?));
        let param = param.ok_or_else(|| Error::Refused(format!("{name} is no parameter that was given")))?;
        match param.value() {
            Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null)?,
            Value::Integer(number) => statement.raw_bind_parameter(index, number)?,
            Value::Text(text) => statement.raw_bind_parameter(index, text)?,
            Value::Bytes(bytes) => statement.raw_bind_parameter(index, bytes)?,
            Value::Id(id) => statement.raw_bind_parameter(index, &id.as_bytes()[..])?,
        }
    }
    Ok(())
}

/// The value in column `index` of a row.
pub(crate) fn cell<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Value<'a>> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => Value::Text(
            std::str::from_utf8(text)
                .map_err(|_| Error::Unexpected { column: index, found: "broken text" })?,
        ),
        ValueRef::Blob(bytes) => Value::Bytes(bytes),
        ValueRef::Real(_) => return Err(Error::Unexpected { column: index, found: "a fraction" }),
    })
}
