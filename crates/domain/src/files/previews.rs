//! Small versions of pictures and of documents' first pages (F4): which are to be made, and which are there. They are made
//! away from any request (`workers`), and lie beside the bytes that they show.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::files::blobs;
use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{BlobId, WorkspaceId};

/// Who takes one has this long; then another may.
const LEASE: Duration = Duration::from_secs(5 * 60);
/// A version that fails for want of the machine is tried so often.
const TRIES_MAX: i64 = 3;

columns! {
    /// What a small version is to be made of.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Due {
        /// Whose.
        pub workspace: WorkspaceId = "v.workspace",
        /// Which bytes.
        pub blob: BlobId = "v.blob",
        pub content_type: String = "b.content_type",
        /// How many.
        pub size: i64 = "b.size",
    }
}

/// Takes the small version that has waited longest and is not taken by others. What is held back waits.
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
    // Two workers looked at once: the other one has it.
    Ok((taken > 0).then_some(next))
}

/// When the next small version may be made; nothing where none is to be.
pub fn next(reader: &Reader) -> Result<Option<Time>> {
    Ok(reader.one("SELECT min(next_try_at) FROM previews", &[], |row| row.get(0))?)
}

/// Notes that the small version is there, in these dimensions. Everybody who sees one of its files hears of it.
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

/// Notes that there will be no small version: the bytes do not give one.
pub fn impossible(tx: &mut Tx, due: &Due) -> Result<()> {
    tx.run(
        "UPDATE previews SET next_try_at = NULL WHERE workspace = $1 AND blob = $2",
        &[&due.workspace, &due.blob],
    )?;
    Ok(())
}

/// Notes that the machine was not able to make it this time; it is tried again when the lease is over, a few times.
pub fn failed(tx: &mut Tx, due: &Due) -> Result<()> {
    tx.run(
        "UPDATE previews SET next_try_at = NULL WHERE workspace = $1 AND blob = $2 AND tries >= $3",
        &[&due.workspace, &due.blob, &TRIES_MAX],
    )?;
    Ok(())
}

/// Has all small versions made anew, after a restore: a backup holds what they are made of.
pub fn rebuild(tx: &Tx) -> Result<()> {
    tx.run(
        "UPDATE previews SET next_try_at = $1, tries = 0, made_at = NULL, width = NULL, height = NULL",
        &[&tx.now()],
    )?;
    Ok(())
}
