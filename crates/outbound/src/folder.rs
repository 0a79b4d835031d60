//! Files that are written atomically: under another name in the same folder, synced to disk, then renamed. Shared by mail
//! and text messages that are written to a folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

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

/// Whether a file has a name that [`unfinished`] gives. Killed processes leave such files behind.
pub fn is_unfinished(name: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = name.strip_prefix('.').and_then(|name| name.strip_suffix(".part"));
    let mut parts = parts.unwrap_or_default().rsplitn(3, '.');
    let numbers = [parts.next(), parts.next()];
    numbers.into_iter().all(|part| part.is_some_and(is_number)) && parts.next().is_some()
}

/// Removes the files of a folder that have such names and have not been written to for `age`. Returns how many.
pub fn remove_old(folder: &Path, age: Duration, is_named: impl Fn(&str) -> bool) -> io::Result<usize> {
    let before = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
    let found = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        found => found?,
    };
    let mut removed = 0;
    for entry in found {
        let entry = entry?;
        if !entry.file_name().to_str().is_some_and(&is_named) {
            continue;
        }
        // The entry itself: a link is not followed. What is gone by now was finished, or removed by another process.
        let Ok(data) = entry.metadata() else { continue };
        if data.is_file() && data.modified()? <= before && fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
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
        assert!(is_unfinished(first.file_name().unwrap().to_str().unwrap()));
        for other in ["a@b.eml", ".hidden", ".a.part", ".1.2.part", ".a.1.x.part", "a.1.2.part", ""] {
            assert!(!is_unfinished(other), "{other}");
        }
    }

    #[test]
    fn only_old_files_with_such_names_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in [".a@b.eml.7.0.part", ".new.7.1.part", "a@b.eml"] {
            fs::write(path(name), "x").unwrap();
        }
        fs::create_dir(path(".folder.7.2.part")).unwrap();
        let long_ago = SystemTime::now() - Duration::from_secs(100);
        for name in [".a@b.eml.7.0.part", "a@b.eml"] {
            File::options().write(true).open(path(name)).unwrap().set_modified(long_ago).unwrap();
        }
        assert_eq!(remove_old(folder.path(), Duration::from_secs(60), is_unfinished).unwrap(), 1);
        assert!(!path(".a@b.eml.7.0.part").exists() && path("a@b.eml").exists());
        assert!(path(".new.7.1.part").exists() && path(".folder.7.2.part").exists());
        assert_eq!(remove_old(&path("nowhere"), Duration::ZERO, is_unfinished).unwrap(), 0);
    }
}
