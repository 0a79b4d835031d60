//! Mail as files in a folder: one `.eml` a mail, named after its Message-ID, so that a repeat overwrites. A file is
//! written under another name in the same folder, brought to disk, and then renamed: who looks sees whole mails only.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task;

use super::MailError;

/// A folder for mails; made when it is first needed.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at this path.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Where the mail of this Message-ID is, or will be.
    pub fn file_of(&self, message_id: &str) -> PathBuf {
        self.0.join(file_name(message_id))
    }

    pub(super) async fn send(&self, message_id: &str, bytes: Vec<u8>) -> Result<(), MailError> {
        let name = file_name(message_id);
        self.blocking(move |folder| put(folder, &name, &bytes)).await
    }

    pub(super) async fn check(&self) -> Result<String, MailError> {
        self.blocking(|folder| {
            fs::create_dir_all(folder)?;
            let trial = unfinished(folder, "check");
            File::create(&trial)?.write_all(b"x")?;
            fs::remove_file(&trial)
        })
        .await?;
        Ok(format!("mail is written into the folder {}, which is writable", self.0.display()))
    }

    /// Runs file work off the async threads.
    async fn blocking(
        &self,
        work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static,
    ) -> Result<(), MailError> {
        let folder = self.0.clone();
        let done =
            task::spawn_blocking(move || work(&folder)).await.unwrap_or_else(|error| Err(error.into()));
        done.map_err(|error| MailError::temporary(format!("cannot write into {}: {error}", self.0.display())))
    }
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
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

/// A name in the same folder that no reader of `.eml` files takes for a mail, and no other writer uses.
fn unfinished(folder: &Path, name: &str) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(".{name}.{}.{count}.part", process::id()))
}

/// The Message-ID as a file name: what could mean something to a file system is written as `%` and two digits, so that
/// different ids never share a name.
fn file_name(message_id: &str) -> String {
    let mut name = String::with_capacity(message_id.len() + 4);
    for (place, byte) in message_id.bytes().enumerate() {
        match byte {
            b'.' if place == 0 => name.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'+' | b'=' | b'@' => {
                name.push(char::from(byte));
            }
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    name + ".eml"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_a_safe_file_name() {
        assert_eq!(file_name("sign-in.0190@portal.example"), "sign-in.0190@portal.example.eml");
        assert_eq!(file_name("../../etc/x@y"), "%2E.%2F..%2Fetc%2Fx@y.eml");
        assert_eq!(file_name("a%2Fb@c"), "a%252Fb@c.eml");
        assert_eq!(file_name("a\\b\0c:é@d"), "a%5Cb%00c%3A%C3%A9@d.eml");
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
