//! The gzipped tar of a backup, written and read as a stream.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::leftovers;

/// The largest entry that is read into memory: many times what a backup writes at once, so that no file can exhaust it.
const ENTRY_BYTES_MAX: u64 = 64 << 20;

/// A backup being written: a temporary file that [`finish`](ArchiveWriter::finish) gives its name.
pub(crate) struct ArchiveWriter {
    tar: tar::Builder<GzEncoder<BufWriter<NamedTempFile>>>,
    path: PathBuf,
    folder: PathBuf,
    /// The modification time of every entry.
    seconds: u64,
}

impl ArchiveWriter {
    pub(crate) fn new(path: &Path, now_ms: i64) -> Result<ArchiveWriter> {
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_path_buf(),
            _ => PathBuf::from("."),
        };
        leftovers::sweep_backups(&folder);
        let file =
            NamedTempFile::with_prefix_in(leftovers::BACKUP, &folder).map_err(|cause| failed(path, cause))?;
        Ok(ArchiveWriter {
            tar: tar::Builder::new(GzEncoder::new(BufWriter::new(file), Compression::fast())),
            path: path.to_path_buf(),
            folder,
            seconds: u64::try_from(now_ms / 1000).expect("clocks show a time after 1970"),
        })
    }

    pub(crate) fn entry(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        self.stream(name, bytes.len() as u64, bytes)
    }

    /// Returns the bytes that were written.
    pub(super) fn json(&mut self, name: &str, value: &impl Serialize) -> Result<Vec<u8>> {
        let bytes = serde_json::to_vec(value).expect("names and numbers serialize");
        self.entry(name, &bytes)?;
        Ok(bytes)
    }

    pub(super) fn stream(&mut self, name: &str, size: u64, bytes: impl Read) -> Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.seconds);
        let appended = self.tar.append_data(&mut header, name, bytes);
        appended.map_err(|cause| self.failed(cause))
    }

    pub(super) fn failed(&self, cause: io::Error) -> Error {
        failed(&self.path, cause)
    }

    /// Brings everything to disk, then puts it in place unless a file of that name has appeared meanwhile.
    pub(crate) fn finish(self) -> Result<()> {
        let ArchiveWriter { tar, path, folder, .. } = self;
        let file = synced(tar).map_err(|cause| failed(&path, cause))?;
        file.persist_noclobber(&path).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => exists(&path),
            _ => failed(&path, error.error),
        })?;
        // The name itself is on disk only once the folder is.
        #[cfg(unix)]
        File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|cause| failed(&path, cause))?;
        Ok(())
    }
}

fn synced(tar: tar::Builder<GzEncoder<BufWriter<NamedTempFile>>>) -> io::Result<NamedTempFile> {
    let mut buffered = tar.into_inner()?.finish()?;
    buffered.flush()?;
    let file = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn exists(path: &Path) -> Error {
    Error::refused(format!("{} is there already and is left as it is: give another name", path.display()))
}

fn failed(path: &Path, cause: io::Error) -> Error {
    Error::machine(format!("cannot write {}", path.display()))(cause)
}

/// A backup being read.
pub(crate) type ArchiveReader = tar::Archive<GzDecoder<BufReader<File>>>;

pub(crate) fn open(path: &Path) -> Result<ArchiveReader> {
    let file = File::open(path).map_err(Error::machine(format!("cannot read {}", path.display())))?;
    Ok(tar::Archive::new(GzDecoder::new(BufReader::new(file))))
}

pub(crate) fn name_of<R: Read>(entry: &tar::Entry<'_, R>) -> Option<String> {
    Some(entry.path().ok()?.to_str()?.to_string())
}

/// Refuses an entry that a backup does not have.
pub(crate) fn limited<R: Read>(path: &Path, name: &str, entry: &tar::Entry<'_, R>) -> Result<()> {
    if entry.size() > ENTRY_BYTES_MAX { Err(damaged(path, format!("{name} is too large"))) } else { Ok(()) }
}

/// Reads a small entry.
pub(crate) fn read_json<T: DeserializeOwned>(entry: impl Read) -> io::Result<T> {
    Ok(serde_json::from_reader(entry.take(ENTRY_BYTES_MAX))?)
}

/// The error of a file that is not as it was written.
pub(crate) fn damaged(path: &Path, why: impl std::fmt::Display) -> Error {
    Error::refused(format!("{} is damaged: {why}; nothing of it was kept", path.display()))
}
