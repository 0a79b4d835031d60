//! Blobs in a local folder: `staged/UPLOAD` while they are uploaded, `WORKSPACE/XX/ID` in place, with the small version beside
//! it. Bytes are synced before they get their name, and the name is synced before anyone is told.
//!
//! Network and disk work at the same time: see `receiving`.

mod hashes;
mod reading;
mod receiving;

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::blob::{Form, HEAD_BYTES, Name, Old, Placed, Stamp};
use super::blocking::{BUFFER_BYTES, blocking};
use super::checking::Checks;
use super::error::Result;
use crate::folder as files;

use hashes::Hashes;
pub(super) use reading::Reading;
pub(super) use receiving::Receiving;
use receiving::{Writer, write_hashed};

/// A local folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    hashes: Hashes,
    checks: Arc<Checks>,
}

impl Folder {
    /// The folder at `path`, created when first needed.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder { path: path.into(), hashes: Hashes::default(), checks: Arc::default() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn checks(&self) -> &Arc<Checks> {
        &self.checks
    }

    fn staged(&self, upload: Uuid) -> PathBuf {
        self.path.join("staged").join(upload.to_string())
    }

    /// Ids begin with the time: their end spreads them over folders.
    fn placed(&self, name: Name, form: Form) -> PathBuf {
        let id = name.id.to_string();
        let spread = &id[id.len() - 2..];
        let end = match form {
            Form::Whole => "",
            Form::Small => ".small",
        };
        self.path.join(name.workspace.to_string()).join(spread).join(format!("{id}{end}"))
    }

    pub(super) async fn receive(&self, upload: Uuid, at: u64) -> Result<Receiving> {
        let path = self.staged(upload);
        let known = self.hash_of(upload, at);
        let writer = blocking(move || {
            fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
            let mut file = private().create(true).truncate(false).write(true).open(&path)?;
            let come = file.metadata()?.len();
            if come < at {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    format!("{come} bytes are there, not {at}"),
                ));
            }
            file.set_len(at)?;
            file.seek(SeekFrom::Start(at))?;
            Ok(Writer::new(file, known, at))
        });
        Ok(Receiving::new(upload, self.hashes.clone(), writer.await?))
    }

    pub(super) async fn copy_staged(&self, from: Uuid, to: Uuid, count: u64) -> Result<()> {
        let (source, target) = (self.staged(from), self.staged(to));
        let copying = blocking(move || {
            // What is there of a copy that failed only takes room.
            copy_hashed(&source, &target, count).inspect_err(|_| drop(fs::remove_file(&target)))
        });
        let hash = copying.await?;
        self.hashes.remember(to, count, hash);
        Ok(())
    }

    /// The hash of an upload's first `at` bytes, where it is known.
    fn hash_of(&self, upload: Uuid, at: u64) -> Option<Sha256> {
        if at == 0 {
            return Some(Sha256::new());
        }
        self.hashes.take(upload, at)
    }

    pub(super) async fn place(&self, upload: Uuid, size: u64, name: Name) -> Result<Placed> {
        let (from, placed) = self.finish(upload, size).await?;
        self.rename(from, self.placed(name, Form::Whole)).await?;
        Ok(placed)
    }

    pub(super) async fn replace(&self, name: Name, by: Name) -> Result<()> {
        self.rename(self.placed(by, Form::Whole), self.placed(name, Form::Whole)).await
    }

    /// On disk under its new name when it returns.
    async fn rename(&self, from: PathBuf, to: PathBuf) -> Result<()> {
        let top = self.path.clone();
        blocking(move || {
            let folder = to.parent().unwrap_or(&top);
            make_on_disk(&top, folder)?;
            fs::rename(&from, &to)?;
            sync_folder(folder)?;
            sync_folder(from.parent().unwrap_or(&top))
        })
        .await
    }

    /// Syncs a staged upload of exactly `size` bytes; returns its path and what it is.
    pub(super) async fn finish(&self, upload: Uuid, size: u64) -> Result<(PathBuf, Placed)> {
        let from = self.staged(upload);
        let known = self.hash_of(upload, size).filter(|_| size > 0);
        blocking(move || {
            let mut file = File::open(&from)?;
            let come = file.metadata()?.len();
            if come != size {
                let message = format!("{come} bytes are there, not {size}");
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
            }
            let hash = match known {
                Some(hash) => hash,
                None => hash_all(&mut file)?,
            };
            file.sync_all()?;
            let mut head = Vec::new();
            file.seek(SeekFrom::Start(0))?;
            file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
            Ok((from, Placed { size, hash: hash.finalize().into(), head }))
        })
        .await
    }

    pub(super) async fn discard(&self, upload: Uuid) -> Result<()> {
        self.hashes.forget(upload);
        let path = self.staged(upload);
        blocking(move || remove(&path)).await
    }

    pub(super) async fn put_small(&self, name: Name, bytes: Bytes) -> Result<()> {
        let path = self.placed(name, Form::Small);
        let folder = path.parent().unwrap_or(&self.path).to_path_buf();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(files::put(&folder, file, bytes.to_vec()).await?)
    }

    pub(super) async fn size(&self, name: Name, form: Form) -> Result<u64> {
        let path = self.placed(name, form);
        blocking(move || Ok(fs::metadata(path)?.len())).await
    }

    pub(super) async fn stamp(&self, name: Name) -> Result<Stamp> {
        let path = self.placed(name, Form::Whole);
        blocking(move || {
            let found = fs::metadata(path)?;
            Ok(Stamp { size: found.len(), changed_at: found.modified()? })
        })
        .await
    }

    pub(super) async fn read(&self, name: Name, form: Form, range: Range<u64>) -> Result<Reading> {
        let path = self.placed(name, form);
        let start = range.start;
        let opened = blocking(move || {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(start))?;
            Ok(file)
        });
        Ok(Reading::new(opened.await?, range.end.saturating_sub(start)))
    }

    pub(super) async fn remove(&self, name: Name) -> Result<()> {
        let paths = [Form::Small, Form::Whole].map(|form| self.placed(name, form));
        blocking(move || paths.iter().try_for_each(|path| remove(path))).await
    }

    pub(super) async fn older_than(&self, age: Duration) -> Result<Old> {
        let path = self.path.clone();
        blocking(move || {
            let before = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
            let mut old = Old::default();
            for (folder, name) in entries(&path)? {
                let Ok(workspace) = Uuid::parse_str(&name) else {
                    if name == "staged" {
                        let staged = old_files(&folder, before)?;
                        old.staged.extend(staged.iter().filter_map(|name| Uuid::parse_str(name).ok()));
                    }
                    continue;
                };
                for (spread, _) in entries(&folder)? {
                    let files = old_files(&spread, before)?;
                    let ids = files.iter().filter_map(|name| Uuid::parse_str(name).ok());
                    old.placed.extend(ids.map(|id| Name { workspace, id }));
                }
            }
            Ok(old)
        })
        .await
    }

    pub(super) async fn remove_unfinished(&self, age: Duration) -> Result<usize> {
        let path = self.path.clone();
        blocking(move || {
            let mut removed = files::remove_old(&path, age, files::is_unfinished)?;
            for (workspace, _) in entries(&path)?.into_iter().filter(|(path, _)| path.is_dir()) {
                for (spread, _) in entries(&workspace)?.into_iter().filter(|(path, _)| path.is_dir()) {
                    removed += files::remove_old(&spread, age, files::is_unfinished)?;
                }
            }
            Ok(removed)
        })
        .await
    }

    pub(super) async fn check(&self) -> Result<String> {
        files::try_out(&self.path).await?;
        Ok(format!("files can be put into {}", self.path.display()))
    }
}

/// Options for files that only the portal's own user can read.
fn private() -> fs::OpenOptions {
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Removes a file, if it exists.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// Creates a folder and its parents up to `top`, and syncs their names.
fn make_on_disk(top: &Path, folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if folder != top
        && let Some(above) = folder.parent()
    {
        make_on_disk(top, above)?;
    }
    fs::create_dir_all(folder)?;
    match folder.parent() {
        Some(above) if above != Path::new("") => sync_folder(above),
        _ => Ok(()),
    }
}

/// A name is on disk only when its folder is synced. Other systems cannot open a folder as a file.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    let found = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        found => found?,
    };
    let mut entries = Vec::new();
    for entry in found {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string() {
            entries.push((entry.path(), name));
        }
    }
    Ok(entries)
}

fn old_files(folder: &Path, before: SystemTime) -> io::Result<Vec<String>> {
    let mut old = Vec::new();
    for (path, name) in entries(folder)? {
        // Removed meanwhile.
        let Ok(data) = fs::metadata(&path) else { continue };
        if data.is_file() && data.modified()? <= before {
            old.push(name);
        }
    }
    Ok(old)
}

/// Copies the first `count` bytes to a new file, on disk; returns their hash.
fn copy_hashed(from: &Path, to: &Path, count: u64) -> io::Result<Sha256> {
    let mut hash = Sha256::new();
    // There may be no file yet.
    if count == 0 {
        return Ok(hash);
    }
    let mut source = File::open(from)?.take(count);
    let target = private().create_new(true).write(true).open(to)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match source.read(&mut buffer)? {
            0 => break,
            read => write_hashed(&target, Some(&mut hash), &buffer[..read])?,
        }
    }
    if source.limit() > 0 {
        let message = format!("{} bytes are there, not {count}", count - source.limit());
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
    }
    target.sync_all()?;
    Ok(hash)
}

fn hash_all(file: &mut File) -> io::Result<Sha256> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    file.seek(SeekFrom::Start(0))?;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash),
            count => hash.update(&buffer[..count]),
        }
    }
}
