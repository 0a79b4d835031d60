//! Flushing the write-ahead log: one thread flushes what the writer has committed and sends the results of its closures,
//! while the writer already runs the next ones.
//!
//! If SQLite flushed within its COMMIT, the writer would idle meanwhile. The order is the same: the writer appends one commit
//! after the other, and a flush covers all commits before it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::watch;

use crate::error::{Error, Result};
use crate::sqlite::disk::Disk;
use crate::work::{self, Work};

/// Bytes of the log that are written again at once.
const PIECE: usize = 1024 * 1024;

/// The log of one database, and which of its commits are on disk.
pub(crate) struct Log {
    file: File,
    disk: Arc<Disk>,
    /// The number of the newest commit that may have been read.
    begun: AtomicU64,
    /// The number of the newest commit that is on disk or was rolled back.
    flushed: watch::Sender<u64>,
    /// Locked during a flush; a test delays flushes by locking it.
    #[cfg(feature = "faults")]
    held: std::sync::Mutex<()>,
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
    pub(crate) fn beside(file: &Path, disk: Arc<Disk>) -> Result<Log> {
        let mut name = file.as_os_str().to_os_string();
        name.push("-wal");
        let log = File::options().read(true).write(true).open(&name);
        let log = log.map_err(|error| Error::Unavailable(format!("{}: {error}", name.display())))?;
        Ok(Log::new(log, disk))
    }

    pub(super) fn new(file: File, disk: Arc<Disk>) -> Log {
        Log {
            file,
            disk,
            begun: AtomicU64::new(0),
            flushed: watch::Sender::new(0),
            #[cfg(feature = "faults")]
            held: std::sync::Mutex::default(),
        }
    }

    pub(crate) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Writes and flushes the whole log again, as it reads. A program that ended because a flush failed may have left bytes
    /// that are in the system's memory only and count as written. Only the holder of the write lock may call this.
    pub(crate) fn write_again(&self) -> Result<()> {
        let why = |error: io::Error| format!("the log cannot be written again: {error}");
        let mut piece = vec![0; PIECE];
        let mut at = 0;
        loop {
            let length = self.file.read_at(&mut piece, at).map_err(|error| Error::Unavailable(why(error)))?;
            if length == 0 {
                return self.file.sync_all().map_err(|error| self.disk.fail(&why(error)));
            }
            let written = self.file.write_all_at(&piece[..length], at);
            written.map_err(|error| self.disk.note(Error::DiskFailed(why(error))))?;
            at += length as u64;
        }
    }

    /// Must be called before a commit, because others can read it before it is flushed.
    pub(crate) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    /// Flushes commits, all at once, and sends the results of their closures. `signal` changes if the journal has grown.
    pub(crate) fn flush(&self, commits: Vec<Committed>, signal: &watch::Sender<u64>) {
        let count = commits.len() as u64;
        let synced = self.sync();
        self.flushed.send_modify(|flushed| *flushed += count);
        let (mut kept, mut has_grown) = (Vec::new(), false);
        for Committed { batch, outcome } in commits {
            match outcome.and_then(|is_recorded| synced.clone().map(|()| is_recorded)) {
                Ok(is_recorded) => {
                    has_grown |= is_recorded;
                    kept.extend(batch);
                }
                Err(error) => {
                    error.log("a commit failed; nothing of it was answered as kept");
                    work::answer_all(batch, Some(error));
                }
            }
        }
        work::answer_all(kept, None);
        if has_grown {
            self.disk.has_room();
            signal.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    /// Whatever the reason, a failed flush means that nobody knows what is on the disk: on a full disk too, since the pages
    /// that found no room may count as written afterwards.
    fn sync(&self) -> Result<()> {
        #[cfg(feature = "faults")]
        let _held = self.hold();
        self.disk.check()?;
        self.file.sync_data().map_err(|error| self.disk.fail(&format!("the log cannot be flushed: {error}")))
    }

    #[cfg(feature = "faults")]
    pub(crate) fn hold(&self) -> HeldDisk<'_> {
        HeldDisk(crate::mutex::lock(&self.held))
    }

    /// Waits until every commit that may have been read is on disk.
    pub(crate) async fn durable(&self) -> Result<()> {
        let begun = self.begun.load(Ordering::SeqCst);
        if *self.flushed.borrow() < begun {
            // Cannot fail: `self` owns the sender.
            let _ = self.flushed.subscribe().wait_for(|flushed| *flushed >= begun).await;
        }
        self.disk.check()
    }
}
