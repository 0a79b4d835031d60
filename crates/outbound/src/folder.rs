//! Files in a folder, put there whole: written under another name in the same folder, brought to disk, and then renamed.
//! What mail and text messages share where they leave as files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::task;

/// The folder that a setting names, which need not be there yet.
///
/// # Errors
/// Where it names none, or something else is there; in words.
pub fn named(path: &str) -> Result<&Path, &'static str> {
    let folder = Path::new(path);
    if path.is_empty() || path.contains('\0') {
        Err("the path of the folder is missing")
    } else if folder.exists() && !folder.is_dir() {
        Err("what is at that path is no folder")
    } else {
        Ok(folder)
    }
}

/// Puts a file of this name into the folder, which is made where it is not there; an older one of that name is replaced.
///
/// # Errors
/// Where the disk refuses; nothing is left behind then.
pub(crate) async fn put(folder: &Path, name: String, bytes: Vec<u8>) -> io::Result<()> {
    blocking(folder, move |folder| put_now(folder, &name, &bytes)).await
}

/// Tries whether files can be put there, by writing one and removing it.
///
/// # Errors
/// Where they cannot.
pub(crate) async fn try_out(folder: &Path) -> io::Result<()> {
    blocking(folder, |folder| {
        fs::create_dir_all(folder)?;
        let trial = unfinished(folder, "check");
        File::create(&trial)?.write_all(b"x")?;
        fs::remove_file(&trial)
    })
    .await
}

/// Runs file work off the async threads.
async fn blocking(
    folder: &Path,
    work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    let folder = folder.to_path_buf();
    task::spawn_blocking(move || work(&folder)).await.unwrap_or_else(|error| Err(error.into()))
}

fn put_now(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = unfinished(folder, name);
    let written = write_to_disk(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, folder.join(name)));
    if written.is_err() {
        // What was cut off leaves nothing behind; the error that counts is the first one.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    // The new name itself is on disk only when the folder is. Elsewhere a folder cannot be opened as a file.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn write_to_disk(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name in the same folder that no reader takes for a finished file, and no other writer uses.
fn unfinished(folder: &Path, name: &str) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(".{name}.{}.{count}.part", process::id()))
}

/// What is percent-encoded in file names: all but letters, digits and a few harmless signs, so that nothing in it means something to
/// a file system and different ids never share a name.
const ENCODED_IN_NAMES: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'+').remove(b'=').remove(b'@');

/// An id as a file name, which never begins with a dot.
pub(crate) fn file_name(id: &str, extension: &str) -> String {
    let (start, rest) = match id.strip_prefix('.') {
        Some(rest) => ("%2E", rest),
        None => ("", id),
    };
    format!("{start}{}{extension}", utf8_percent_encode(rest, ENCODED_IN_NAMES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_safe_file_name() {
        assert_eq!(file_name("sign-in.0190@portal.example", ".eml"), "sign-in.0190@portal.example.eml");
        assert_eq!(file_name("../../etc/x@y", ".eml"), "%2E.%2F..%2Fetc%2Fx@y.eml");
        assert_eq!(file_name("a%2Fb@c", ".eml"), "a%252Fb@c.eml");
        assert_eq!(file_name("a\\b\0c:é@d", ".eml"), "a%5Cb%00c%3A%C3%A9@d.eml");
    }

    #[test]
    fn an_unfinished_file_is_hidden_and_never_shared() {
        let folder = Path::new("outbox");
        let first = unfinished(folder, "a@b.eml");
        assert_ne!(first, unfinished(folder, "a@b.eml"));
        assert_eq!(first.parent(), Some(folder));
        assert!(first.file_name().unwrap().to_str().unwrap().starts_with('.'));
        assert_eq!(first.extension().unwrap(), "part");
    }
}
