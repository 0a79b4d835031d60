//! The write-ahead log's way to the disk: one thread flushes what the writer has committed and answers those who wait
//! for it, while the writer already runs what comes next.
//!
//! SQLite would flush within its COMMIT, and everybody would wait for the disk, the processors too. The order stays: the
//! writer appends one commit after the other, and a flush covers all that came before it.

use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::work::{self, Work};

/// The log of one database, and how far it has come.
pub(super) struct Log {
    file: File,
    /// Commits that somebody may have read.
    begun: AtomicU64,
    /// The newest of them with which the journal has grown.
    told: AtomicU64,
    /// Commits that are on disk, or were undone.
    flushed: watch::Sender<u64>,
    /// Why nothing can be written any more.
    failed: OnceLock<String>,
    /// Whoever has it keeps everything from the disk.
    #[cfg(feature = "faults")]
    disk: std::sync::Mutex<()>,
}

/// For tests: nothing comes to the disk while this lives.
#[cfg(feature = "faults")]
pub struct Held<'a>(#[allow(dead_code, reason = "it is there to be dropped")] std::sync::MutexGuard<'a, ()>);

/// Closures that were run in one transaction, and how its commit went: whether the journal has grown.
pub(super) struct Committed {
    pub(super) batch: Vec<Work>,
    pub(super) outcome: Result<bool>,
}

impl Log {
    /// The log beside the database `file`, which is open.
    pub(super) fn beside(file: &Path) -> Result<Log> {
        let mut name = file.as_os_str().to_os_string();
        name.push("-wal");
        let log = File::options().read(true).write(true).open(&name);
        Ok(Log::new(log.map_err(|error| Error::Unavailable(format!("{}: {error}", name.display())))?))
    }

    fn new(file: File) -> Log {
        Log {
            file,
            begun: AtomicU64::new(0),
            told: AtomicU64::new(0),
            flushed: watch::Sender::new(0),
            failed: OnceLock::new(),
            #[cfg(feature = "faults")]
            disk: std::sync::Mutex::default(),
        }
    }

    /// Says that from now on somebody may read what is being committed, and whether the journal grows with it.
    pub(super) fn begin(&self, is_recorded: bool) {
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        if is_recorded {
            self.told.store(number, Ordering::SeqCst);
        }
    }

    /// Brings commits to the disk, all by one flush, and answers those who wait for them. `signal` changes where the
    /// journal has grown.
    pub(super) fn flush(&self, commits: Vec<Committed>, signal: &watch::Sender<u64>) {
        let count = commits.len() as u64;
        let synced = self.sync().map_err(|error| error.to_string());
        self.flushed.send_modify(|flushed| *flushed += count);
        let (mut kept, mut has_grown) = (Vec::new(), false);
        for Committed { batch, outcome } in commits {
            let outcome = outcome.map_err(|error| error.to_string());
            match outcome.and_then(|is_recorded| synced.clone().map(|()| is_recorded)) {
                Ok(is_recorded) => {
                    has_grown |= is_recorded;
                    kept.extend(batch);
                }
                Err(error) => {
                    let closures = batch.len();
                    tracing::error!(%error, closures, "a commit failed; nobody was told that it is kept");
                    work::answer_all(batch, Some(error));
                }
            }
        }
        work::answer_all(kept, None);
        if has_grown {
            signal.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// After a failure the system may take for written what is not, and says so only once: then nothing more is
    /// promised until the program has started again and read what is there.
    fn sync(&self) -> Result<()> {
        #[cfg(feature = "faults")]
        let _held = self.hold();
        self.check()?;
        self.file.sync_data().map_err(|error| {
            let why = self.failed.get_or_init(|| format!("the disk does not keep what is written: {error}"));
            Error::Unavailable(why.clone())
        })
    }

    #[cfg(feature = "faults")]
    pub(super) fn hold(&self) -> Held<'_> {
        Held(super::lock(&self.disk))
    }

    /// Whether anything can be written.
    pub(super) fn check(&self) -> Result<()> {
        self.failed.get().map_or(Ok(()), |why| Err(Error::Unavailable(why.clone())))
    }

    /// Waits until everything that anybody has read of the journal is on disk.
    pub(super) async fn settled(&self) -> Result<()> {
        let told = self.told.load(Ordering::SeqCst);
        // The sender lives as long as this.
        let _ = self.flushed.subscribe().wait_for(|flushed| *flushed >= told).await;
        self.check()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;
    use crate::connection::{self, Reader, Tx};
    use crate::sqlite::{Connection, LOG_PAGES, Sqlite};
    use crate::work::Writing;

    async fn write(sqlite: &Sqlite, sql: &'static str) -> Result<usize> {
        let (work, answer) = Writing::new(move |tx: &mut Tx| tx.run(sql, &[]));
        sqlite.queue(Box::new(work)).await?;
        answer.await.unwrap()
    }

    #[tokio::test]
    async fn settled_is_what_was_flushed_after_it_could_be_read() {
        let folder = testing::folder().unwrap();
        let log = Log::new(File::create(folder.path().join("one.db-wal")).unwrap());
        let signal = watch::Sender::new(0);
        log.settled().await.unwrap();
        log.begin(true);
        let soon = tokio::time::timeout(Duration::from_millis(20), log.settled()).await;
        assert!(soon.is_err(), "it is not on disk yet");
        log.flush(vec![Committed { batch: Vec::new(), outcome: Ok(true) }], &signal);
        log.settled().await.unwrap();
        assert_eq!(*signal.borrow(), 1);
        // What was undone is not waited for either, nor what the journal has nothing of.
        log.begin(true);
        log.flush(vec![Committed { batch: Vec::new(), outcome: Err(Error::Missing) }], &signal);
        log.settled().await.unwrap();
        assert_eq!(*signal.borrow(), 1);
        log.begin(false);
        log.settled().await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_promised_any_more_once_the_disk_has_failed() {
        let folder = testing::folder().unwrap();
        let file = folder.path().join("one.db");
        let reader =
            Reader::new(connection::Connection::Sqlite(Connection::open(&file).unwrap()), Clock::System);
        // It cannot be flushed: fsync(2), EINVAL.
        let log = Log::new(File::open("/dev/null").unwrap());
        let signal = Arc::new(watch::Sender::new(0));
        let sqlite = Sqlite::start(&file, &Clock::System, Tx::new(reader), log, signal).unwrap();
        let first = write(&sqlite, "CREATE TABLE one (number INTEGER)").await;
        assert!(matches!(&first, Err(Error::Unavailable(why)) if why.contains("does not keep")), "{first:?}");
        let second = write(&sqlite, "DROP TABLE one").await;
        assert!(
            matches!(&second, Err(Error::Unavailable(why)) if why.contains("does not keep")),
            "{second:?}"
        );
        assert!(matches!(sqlite.settled().await, Err(Error::Unavailable(_))));
        // It was not even tried, and what is there can be read.
        let count: i64 = sqlite
            .read(|reader| reader.one("SELECT count(*) FROM one", &[], |row| row.get(0)))
            .unwrap_or_else(|error: Error| panic!("{error}"));
        assert_eq!(count, 0);
        sqlite.close();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_log_that_is_never_left_alone_begins_anew_all_the_same() {
        let folder = testing::folder().unwrap();
        let file = folder.path().join("one.db");
        let signal = Arc::new(watch::Sender::new(0));
        let sqlite = Arc::new(Sqlite::open(&file, &Clock::System, &[], signal).unwrap());
        write(&sqlite, "CREATE TABLE one (bytes BLOB)").await.unwrap();
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let sqlite = Arc::clone(&sqlite);
                tokio::spawn(async move {
                    loop {
                        write(&sqlite, "INSERT INTO one VALUES (zeroblob(100000))").await.unwrap();
                    }
                })
            })
            .collect();
        let log = folder.path().join("one.db-wal");
        let long = u64::try_from(LOG_PAGES).unwrap() * 4096 * 2;
        while std::fs::metadata(&log).unwrap().len() < long {
            tokio::task::yield_now().await;
        }
        // It counts up whenever the log begins anew (SQLite, "WAL file format").
        let beginning = || {
            let mut header = [0; 16];
            std::io::Read::read_exact(&mut File::open(&log).unwrap(), &mut header).unwrap();
            header[12..].to_vec()
        };
        let was = beginning();
        // One checkpoint, before its time: with more of them one would come to the end by luck.
        super::super::lock(&sqlite.threads).iter().for_each(|thread| thread.thread().unpark());
        let mut written = 0;
        while beginning() == was {
            assert!(written < 2_000, "it only ever grows");
            write(&sqlite, "DELETE FROM one").await.unwrap();
            written += 1;
        }
        writers.iter().for_each(tokio::task::JoinHandle::abort);
        sqlite.close();
    }
}
