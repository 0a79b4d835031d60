//! Renders the first page of a PDF (F4) with `pdftoppm`, if that is installed. It is a separate process with limits on memory
//! and time, so that a hostile document harms nothing but its own picture.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::process::Command;

use crate::blobs::{BlobError, Reading};
use crate::pictures::{SMALL_MAX, Small, small};

/// What the names of its temporary files begin with.
pub const PREFIX: &str = "portal-document-";
/// The program.
const PROGRAM: &str = "pdftoppm";
/// Limits of memory, in KiB, and of processor time, in seconds.
const MEMORY_KIB: &str = "1048576";
const PROCESSOR_SECONDS: &str = "20";
/// Limit of elapsed time.
const WITHIN: Duration = Duration::from_secs(40);
/// A page of the requested size never makes a larger picture.
const PICTURE_BYTES_MAX: usize = 32 << 20;

/// A way to draw documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Documents {
    /// With this program.
    Program(PathBuf),
    /// Not at all.
    None,
    /// Always this picture, for tests.
    Memory(Vec<u8>),
}

/// Why there is no picture of a document.
#[derive(Debug, thiserror::Error)]
pub enum NoPage {
    /// The document cannot be rendered, or no renderer is installed.
    #[error("no page: {0}")]
    Never(String),
    /// The machine failed; worth another try.
    #[error("no page for now: {0}")]
    NotNow(String),
}

impl From<BlobError> for NoPage {
    fn from(error: BlobError) -> NoPage {
        NoPage::NotNow(error.to_string())
    }
}

impl From<std::io::Error> for NoPage {
    fn from(error: std::io::Error) -> NoPage {
        NoPage::NotNow(error.to_string())
    }
}

impl Documents {
    /// The program where it is installed.
    pub fn installed() -> Documents {
        let folders = env::var_os("PATH").unwrap_or_default();
        let found = env::split_paths(&folders).map(|folder| folder.join(PROGRAM)).find(|path| path.is_file());
        found.map_or(Documents::None, Documents::Program)
    }

    /// The small version of a document's first page.
    pub async fn first_page(&self, document: Reading) -> Result<Small, NoPage> {
        let drawn = match self {
            Documents::None => return Err(NoPage::Never("nothing here draws documents".to_string())),
            Documents::Memory(picture) => picture.clone(),
            Documents::Program(program) => draw(program, document).await?,
        };
        let made = tokio::task::spawn_blocking(move || small(&drawn)).await;
        made.map_err(|error| NoPage::NotNow(error.to_string()))?
            .map_err(|error| NoPage::Never(error.to_string()))
    }
}

async fn draw(program: &Path, mut document: Reading) -> Result<Vec<u8>, NoPage> {
    let mut file = NamedTempFile::with_prefix(PREFIX)?;
    while let Some(bytes) = document.next().await? {
        file = tokio::task::spawn_blocking(move || file.write_all(&bytes).map(|()| file))
            .await
            .map_err(|error| NoPage::NotNow(error.to_string()))??;
    }
    // The shell sets the limits and becomes the program.
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", "ulimit -v \"$1\" && ulimit -t \"$2\" && shift 2 && exec \"$@\"", "sh"])
        .args([MEMORY_KIB, PROCESSOR_SECONDS])
        .arg(program)
        .args(["-q", "-f", "1", "-l", "1", "-singlefile", "-png", "-scale-to", &SMALL_MAX.to_string()])
        .arg(file.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let running = async {
        let child = command.spawn()?;
        child.wait_with_output().await
    };
    let output = match tokio::time::timeout(WITHIN, running).await {
        Ok(output) => output?,
        Err(_) => return Err(NoPage::Never("it takes too long".to_string())),
    };
    if !output.status.success() || output.stdout.is_empty() || output.stdout.len() > PICTURE_BYTES_MAX {
        return Err(NoPage::Never(format!("{}, {} bytes", output.status, output.stdout.len())));
    }
    Ok(output.stdout)
}
