//! Previews: small versions of pictures and of the first pages of PDFs (F4). The `workers` create them in the
//! background; they are stored next to the bytes that they show.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::files::blobs;
use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{BlobId, WorkspaceId};

/// How long a worker has for a preview it took; then another worker may take it.
const LEASE: Duration = Duration::from_secs(5 * 60);
/// Attempts after failures that are not the file's fault.
const TRIES_MAX: i64 = 3;

columns! {
    /// A preview to create.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Due {
        pub workspace: WorkspaceId = "v.workspace",
        pub blob: BlobId = "v.blob",
        pub content_type: String = "b.content_type",
        /// In bytes.
        pub size: i64 = "b.size",
        /// SHA-256.
        pub hash: [u8; 32] = "b.hash",
    }
}

/// Takes the preview that has waited longest. Blobs that are held back wait.
pub fn take(tx: &Tx) -> Result<Option<Due>> {
    let next: Option<Due> = tx.first(
        constcat::concat!(
            "SELECT ",
            Due::COLUMNS,
            " FROM previews v JOIN blobs b ON b.workspace = v.workspace AND b.id = v.blob \
             WHERE v.next_try_at <= $1 AND b.held_at IS NULL ORDER BY v.next_try_at LIMIT 1"
        ),
        &[&tx.now()],
        |row| row.read(),
    )?;
    let Some(next) = next else { return Ok(None) };
    let taken = tx.run(
        "UPDATE previews SET next_try_at = $3, tries = tries + 1 \
         WHERE workspace = $1 AND blob = $2 AND next_try_at <= $4",
        &[&next.workspace, &next.blob, &tx.now().after(LEASE), &tx.now()],
    )?;
    // If two workers picked the same one, only one of them gets it.
    Ok((taken > 0).then_some(next))
}

/// When the next preview is due; `None` if there is none to create.
pub fn next(reader: &Reader) -> Result<Option<Time>> {
    Ok(reader.one("SELECT min(next_try_at) FROM previews", &[], |row| row.get(0))?)
}

/// Records a created preview and its dimensions, and publishes a change of its files.
pub fn made(tx: &mut Tx, due: &Due, (width, height): (i64, i64)) -> Result<()> {
    let changed = tx.run(
        "UPDATE previews SET next_try_at = NULL, made_at = $3, width = $4, height = $5 \
         WHERE workspace = $1 AND blob = $2",
        &[&due.workspace, &due.blob, &tx.now(), &width, &height],
    )?;
    if changed > 0 {
        blobs::publish(tx, due.workspace, due.blob)?;
    }
    Ok(())
}

/// Records that these bytes cannot have a preview.
pub fn impossible(tx: &mut Tx, due: &Due) -> Result<()> {
    tx.run(
        "UPDATE previews SET next_try_at = NULL WHERE workspace = $1 AND blob = $2",
        &[&due.workspace, &due.blob],
    )?;
    Ok(())
}

/// Records a failure that is not the file's fault. It is retried when the lease ends, up to `TRIES_MAX` attempts.
pub fn failed(tx: &mut Tx, due: &Due) -> Result<()> {
    tx.run(
        "UPDATE previews SET next_try_at = NULL WHERE workspace = $1 AND blob = $2 AND tries >= $3",
        &[&due.workspace, &due.blob, &TRIES_MAX],
    )?;
    Ok(())
}

/// Schedules all previews again after a restore: backups contain only the originals.
pub fn rebuild(tx: &Tx) -> Result<()> {
    tx.run(
        "UPDATE previews SET next_try_at = $1, tries = 0, made_at = NULL, width = NULL, height = NULL",
        &[&tx.now()],
    )?;
    Ok(())
}
