//! Flushing the write-ahead log: one thread flushes what the writer has committed and sends the results of its closures,
//! while the writer already runs the next ones.
//!
//! If SQLite flushed within its COMMIT, the writer would idle meanwhile. The order is the same: the writer appends one commit
//! after the other, and a flush covers all commits before it.

use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::work::{self, Work};

/// The log of one database, and which of its commits are on disk.
pub(crate) struct Log {
    file: File,
    /// The number of the newest commit that may have been read.
    begun: AtomicU64,
    /// The number of the newest commit with journal entries.
    journaled: AtomicU64,
    /// The number of the newest commit that is on disk or was rolled back.
    flushed: watch::Sender<u64>,
    /// Why nothing can be written any more, after a failure.
    failed: OnceLock<String>,
    /// Locked during a flush; a test delays flushes by locking it.
    #[cfg(feature = "faults")]
    disk: std::sync::Mutex<()>,
}

/// For tests: nothing is flushed until this is dropped.
#[cfg(feature = "faults")]
pub struct HeldDisk<'a>(
    #[allow(dead_code, reason = "it is there to be dropped")] std::sync::MutexGuard<'a, ()>,
);

/// Closures that were run in one transaction, and the outcome of its commit: whether it has journal entries.
pub(crate) struct Committed {
    pub(crate) batch: Vec<Work>,
    pub(crate) outcome: Result<bool>,
}

impl Log {
    /// The log beside the database `file`, which must be open: then the log exists.
    pub(crate) fn beside(file: &Path) -> Result<Log> {
        let mut name = file.as_os_str().to_os_string();
        name.push("-wal");
        let log = File::options().read(true).write(true).open(&name);
        Ok(Log::new(log.map_err(|error| Error::Unavailable(format!("{}: {error}", name.display())))?))
    }

    pub(super) fn new(file: File) -> Log {
        Log {
            file,
            begun: AtomicU64::new(0),
            journaled: AtomicU64::new(0),
            flushed: watch::Sender::new(0),
            failed: OnceLock::new(),
            #[cfg(feature = "faults")]
            disk: std::sync::Mutex::default(),
        }
    }

    /// Must be called before a commit, because others can read it before it is flushed.
    pub(crate) fn begin(&self, is_recorded: bool) {
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        if is_recorded {
            self.journaled.store(number, Ordering::SeqCst);
        }
    }

    /// Flushes commits, all at once, and sends the results of their closures. `signal` changes if the journal has grown.
    pub(crate) fn flush(&self, commits: Vec<Committed>, signal: &watch::Sender<u64>) {
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
                    tracing::error!(%error, closures, "a commit failed; nobody was journaled that it is kept");
                    work::answer_all(batch, Some(error));
                }
            }
        }
        work::answer_all(kept, None);
        if has_grown {
            signal.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// After a failed fsync the system may consider lost pages written, and it reports the failure only once. So every later
    /// write fails too, until the program has started again and read what is on disk.
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
    pub(crate) fn hold(&self) -> HeldDisk<'_> {
        HeldDisk(crate::mutex::lock(&self.disk))
    }

    /// Fails if nothing can be written any more.
    pub(crate) fn check(&self) -> Result<()> {
        self.failed.get().map_or(Ok(()), |why| Err(Error::Unavailable(why.clone())))
    }

    /// Waits until every journal entry that may have been read is on disk.
    pub(crate) async fn durable(&self) -> Result<()> {
        let journaled = self.journaled.load(Ordering::SeqCst);
        // Cannot fail: `self` owns the sender.
        let _ = self.flushed.subscribe().wait_for(|flushed| *flushed >= journaled).await;
        self.check()
    }
}
