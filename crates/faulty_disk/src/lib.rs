//! A disk that fails when a test wants it, and that forgets at a power cut what was not flushed.
//!
//! It is a file system of its own (FUSE) in memory. Programs use it like any folder, so what is tested is the program as
//! it is, with every call that it makes. Needs `/dev/fuse`.

#![cfg(target_os = "linux")]
#![warn(missing_docs)]

mod disk;
mod file;
mod mounted;
mod random;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fuser::{BackgroundSession, MountOption};

use crate::disk::Disk;
pub use crate::disk::{Call, Fault};
pub use crate::random::Random;

/// A mounted disk; unmounted when it is dropped.
pub struct FaultyDisk {
    disk: Arc<Mutex<Disk>>,
    // Before the folder: it must be unmounted when that is removed.
    _mounted: BackgroundSession,
    folder: tempfile::TempDir,
}

impl FaultyDisk {
    /// Mounts an empty disk. Calls on files of these names are counted and can fail.
    ///
    /// # Errors
    /// Why it cannot be mounted.
    pub fn mount(names: &'static [&'static str]) -> io::Result<FaultyDisk> {
        let folder = tempfile::tempdir()?;
        let disk = Arc::new(Mutex::new(Disk::new(names)));
        let options = [MountOption::FSName("faulty_disk".to_string())];
        let mounted = fuser::spawn_mount2(mounted::Mounted::new(Arc::clone(&disk)), folder.path(), &options)?;
        Ok(FaultyDisk { disk, _mounted: mounted, folder })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A file or folder on it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Copies the files of a folder onto it and flushes everything.
    ///
    /// # Errors
    /// What the operating system reports.
    pub fn fill(&self, from: &Path, to: &str) -> io::Result<()> {
        std::fs::create_dir(self.at(to))?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                std::fs::copy(entry.path(), self.at(to).join(entry.file_name()))?;
            }
        }
        self.lock().flush_everything();
        Ok(())
    }

    /// Counts calls from 0 again, with this fault, if any.
    pub fn fail(&self, fault: Option<Fault>) {
        self.lock().fail(fault);
    }

    /// How many calls of a kind were counted.
    pub fn count(&self, call: Call) -> usize {
        self.lock().count(call)
    }

    /// Whether the fault has happened.
    pub fn has_failed(&self) -> bool {
        self.lock().has_failed()
    }

    /// Writes into an ordinary folder what the files of `from` have after a power cut at this moment: what was flushed, and
    /// of the rest whatever `random` lets through, in any order, the last write torn.
    ///
    /// # Errors
    /// What the operating system reports.
    pub fn cut_power(&self, from: &str, random: &mut Random, to: &Path) -> io::Result<()> {
        for (name, bytes) in self.lock().after_power_cut(from, random) {
            std::fs::write(to.join(name), bytes)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
