//! Files that are written atomically: under another name in the same folder, synced to disk, then renamed. Shared by mail
//! and text messages that are written to a folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::task;

/// The folder that a setting names. It need not exist yet; something else at that path is an error, explained to the user.
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

/// Writes a file into the folder, which is created if needed; replaces a file of the same name. After an error nothing is
/// left behind.
pub(crate) async fn put(folder: &Path, name: String, bytes: Vec<u8>) -> io::Result<()> {
    blocking(folder, move |folder| put_now(folder, &name, &bytes)).await
}

/// Checks that files can be written there, by writing and removing one.
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
        // The error that counts is the first one.
        let _ = fs::remove_file(&unfinished);
    }
    written?;
    // The new name is on disk only when the folder is synced. Other systems cannot open a folder as a file.
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn write_to_disk(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A unique name in the same folder, which readers do not take for a finished file.
fn unfinished(folder: &Path, name: &str) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(".{name}.{}.{count}.part", process::id()))
}

/// Percent-encoded in file names: all but letters, digits and a few harmless signs, so that no character is special to a
/// file system and different ids never share a name.
const ENCODED_IN_NAMES: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_').remove(b'+').remove(b'=').remove(b'@');

/// The file name for an id. It never begins with a dot.
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
