//! Whether the disk still keeps what is written to the database and its log.
//!
//! After a failed flush the system may show lost bytes until the machine restarts, take them for written, and report the
//! failure only once to each open file (fsync(2)). Moved into the database then, they destroy it. So from the first
//! failure on no connection runs anything any more, and the program has to end: see docs/decisions/039. A full disk is
//! different: what it did not take was never promised, and writing goes on once there is room.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use crate::error::{Error, Result};
use crate::mutex::lock;

/// Bytes that a disk must take to count as having room again: more than a commit usually writes.
const ROOM: usize = 1024 * 1024;

/// What is called once, at once, on the thread that met the failure.
type OnFailure = Box<dyn Fn(&Error) + Send + Sync>;

/// The disk of one database.
pub(crate) struct Disk {
    /// The database and its log.
    files: [PathBuf; 2],
    /// A file beside them that is written to find out whether the disk takes anything.
    probe: PathBuf,
    /// Why nothing may be written or flushed any more.
    failed: OnceLock<String>,
    on_failure: OnceLock<OnFailure>,
    /// Why the last write was not taken, until one is.
    full: Mutex<Option<String>>,
}

impl Disk {
    /// The disk that the database `file` is on.
    pub(crate) fn of(file: &Path) -> Disk {
        let beside = |ending| {
            let mut name = file.as_os_str().to_os_string();
            name.push(ending);
            PathBuf::from(name)
        };
        Disk {
            files: [file.to_path_buf(), beside("-wal")],
            probe: beside("-probe"),
            failed: OnceLock::new(),
            on_failure: OnceLock::new(),
            full: Mutex::default(),
        }
    }

    /// Fails if nothing may be written any more.
    pub(crate) fn check(&self) -> Result<()> {
        self.failed.get().map_or(Ok(()), |why| Err(Error::DiskFailed(why.clone())))
    }

    /// From now on nothing is written, flushed or moved.
    pub(crate) fn fail(&self, why: &str) -> Error {
        let error = Error::DiskFailed(self.failed.get_or_init(|| why.to_string()).clone());
        if let Some(tell) = self.on_failure.get() {
            tell(&error);
        }
        error
    }

    /// Has `tell` called when the disk fails, at once if it has failed already. Only the first such call counts.
    pub(crate) fn on_failure(&self, tell: impl Fn(&Error) + Send + Sync + 'static) {
        let _ = self.on_failure.set(Box::new(tell));
        if let (Err(error), Some(tell)) = (self.check(), self.on_failure.get()) {
            tell(&error);
        }
    }

    /// Takes note of an error of SQLite, and corrects it: SQLite says "disk full" only for one of the reasons for which a
    /// disk takes no more.
    pub(crate) fn note(&self, error: Error) -> Error {
        let error = match error {
            Error::DiskFailed(why) => match self.probe() {
                Err(cause) if is_full(&cause) => Error::StorageFull(format!("{why}: {cause}")),
                _ => return self.fail(&why),
            },
            other => other,
        };
        if let Error::StorageFull(why) = &error {
            *lock(&self.full) = Some(why.clone());
        }
        error
    }

    /// Something was written: there is room.
    pub(crate) fn has_room(&self) {
        lock(&self.full).take();
    }

    /// The reason behind `error`, where it is the disk: after the statement that found no room, the next one only says that
    /// its transaction is gone.
    pub(crate) fn cause(&self, error: Error) -> Error {
        match (self.check(), &*lock(&self.full)) {
            (Err(failed), _) => failed,
            (Ok(()), Some(why)) => Error::StorageFull(why.clone()),
            (Ok(()), None) => error,
        }
    }

    /// Fails if nothing can be written now. Tries it if the last write was not taken.
    pub(crate) fn ready(&self) -> Result<()> {
        self.check()?;
        let Some(why) = lock(&self.full).clone() else { return Ok(()) };
        match self.probe() {
            Ok(()) => self.has_room(),
            Err(_) => return Err(Error::StorageFull(why)),
        }
        Ok(())
    }

    /// Writes where the longer of the files ends: a limit for the size of files is met there too.
    fn probe(&self) -> io::Result<()> {
        let lengths = self.files.iter().filter_map(|file| file.metadata().ok()).map(|data| data.len());
        let end = lengths.max().unwrap_or(0);
        let written = File::create(&self.probe).and_then(|mut file| {
            file.seek(SeekFrom::Start(end))?;
            file.write_all(&vec![0; ROOM])
        });
        // It may not even have been created.
        let _ = std::fs::remove_file(&self.probe);
        written
    }
}

/// Whether a write was not taken for lack of room, because the disk may only be read, or because files may not grow.
fn is_full(error: &io::Error) -> bool {
    use ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | ReadOnlyFilesystem | FileTooLarge)
}
