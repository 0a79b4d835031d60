//! Blobs: what the database knows of the bytes of files. The bytes themselves are in a store outside
//! (`outbound::blobs`), each under an id that is never reused.
//!
//! Identical bytes are stored once in a workspace (F1): a second upload gets the existing blob. A blob without any
//! reference is dropped in the transaction that removed the last one; its bytes are deleted from the store a day
//! later, when no download or backup needs them. Blobs that are held back are not served to anybody (F13).

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::channels::channel;
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::lock;

/// How long dropped bytes stay in the store: longer than a download or a backup takes.
pub const DROPPED_KEPT: Duration = Duration::from_secs(24 * 3600);
/// Held back because no scanner has looked at it yet.
pub const UNCHECKED: &str = "unchecked";
/// Held back because it is too large for the scanner.
pub const TOO_LARGE: &str = "tooLarge";
/// Held back because its bytes are no longer those that arrived.
pub const DAMAGED: &str = "damaged";

/// Bytes that have just been written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedBlob {
    pub id: BlobId,
    /// SHA-256.
    pub hash: [u8; 32],
    /// In bytes.
    pub size: i64,
    /// Detected from the bytes.
    pub content_type: String,
    /// Width and height of a picture that can be shown, after rotation.
    pub dimensions: Option<(i64, i64)>,
    /// Whether to hold the bytes back until they have been scanned.
    pub is_unchecked: bool,
}

/// Registers received bytes and returns their blob id: the existing one if the workspace already has the same bytes.
///
/// # Errors
/// `Field` (`StorageFull`) if the workspace would exceed `workspace_max` bytes.
pub(crate) fn insert(
    tx: &Tx,
    workspace: WorkspaceId,
    arrived: &ReceivedBlob,
    workspace_max: i64,
) -> Result<BlobId> {
    // The lock keeps others from dropping or adding the same bytes meanwhile.
    lock::lock_directory(tx, workspace)?;
    let known: Option<BlobId> = tx.first(
        "SELECT id FROM blobs WHERE workspace = $1 AND hash = $2",
        &[&workspace, &arrived.hash],
        |row| row.get(0),
    )?;
    if let Some(known) = known {
        if known != arrived.id {
            drop_bytes(tx, workspace, arrived.id)?;
        }
        return Ok(known);
    }
    let fits = tx.run(
        "UPDATE workspaces SET stored_bytes = stored_bytes + $2 WHERE id = $1 AND stored_bytes + $2 <= $3",
        &[&workspace, &arrived.size, &workspace_max],
    )?;
    if fits == 0 {
        return Err(Error::field("file", Problem::StorageFull));
    }
    let held_at = arrived.is_unchecked.then(|| tx.now());
    let held_why = arrived.is_unchecked.then_some(UNCHECKED);
    let (width, height) = arrived.dimensions.unzip();
    tx.run(
        "INSERT INTO blobs (workspace, id, hash, size, content_type, width, height, held_at, held_why, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            &workspace,
            &arrived.id,
            &arrived.hash,
            &arrived.size,
            &arrived.content_type,
            &width,
            &height,
            &held_at,
            &held_why,
            &tx.now(),
        ],
    )?;
    ask(tx, workspace, arrived)?;
    Ok(arrived.id)
}

/// Drops a blob if no file and no upload refers to it any more.
pub(crate) fn release(tx: &Tx, workspace: WorkspaceId, blob: BlobId) -> Result<()> {
    lock::lock_directory(tx, workspace)?;
    let size: Option<i64> = tx.first(
        "DELETE FROM blobs WHERE workspace = $1 AND id = $2 \
         AND NOT EXISTS (SELECT 1 FROM files f WHERE f.workspace = $1 AND f.blob = $2) \
         AND NOT EXISTS (SELECT 1 FROM uploads u WHERE u.workspace = $1 AND u.blob = $2) RETURNING size",
        &[&workspace, &blob],
        |row| row.get(0),
    )?;
    let Some(size) = size else { return Ok(()) };
    tx.run("UPDATE workspaces SET stored_bytes = stored_bytes - $2 WHERE id = $1", &[&workspace, &size])?;
    drop_bytes(tx, workspace, blob)
}

fn drop_bytes(tx: &Tx, workspace: WorkspaceId, blob: BlobId) -> Result<()> {
    tx.run(
        "INSERT INTO dropped_blobs (workspace, id, dropped_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        &[&workspace, &blob, &tx.now()],
    )?;
    Ok(())
}

/// The total size of a workspace's blobs, in bytes.
pub fn stored(reader: &Reader, workspace: WorkspaceId) -> Result<i64> {
    let bytes =
        reader.first("SELECT stored_bytes FROM workspaces WHERE id = $1", &[&workspace], |row| row.get(0))?;
    bytes.ok_or(Error::NotFound)
}

/// Up to `most` blobs that may be deleted from the store now.
pub fn dropped(reader: &Reader, most: i64) -> Result<Vec<(WorkspaceId, BlobId)>> {
    Ok(reader.all(
        "SELECT workspace, id FROM dropped_blobs WHERE dropped_at <= $1 ORDER BY dropped_at LIMIT $2",
        &[&reader.settled().before(DROPPED_KEPT), &most],
        |row| row.read(),
    )?)
}

/// Records that dropped bytes have been deleted from the store.
pub fn removed(tx: &Tx, workspace: WorkspaceId, blob: BlobId) -> Result<()> {
    tx.run("DELETE FROM dropped_blobs WHERE workspace = $1 AND id = $2", &[&workspace, &blob])?;
    Ok(())
}

/// Whether the database knows these bytes: in use, or dropped and not yet deleted.
pub fn is_known(reader: &Reader, workspace: WorkspaceId, blob: BlobId) -> Result<bool> {
    let known = reader.first(
        "SELECT 1 FROM blobs WHERE workspace = $1 AND id = $2 \
         UNION ALL SELECT 1 FROM dropped_blobs WHERE workspace = $1 AND id = $2",
        &[&workspace, &blob],
        |_| Ok(()),
    )?;
    Ok(known.is_some())
}

columns! {
    /// Bytes as they must be in the store.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct BlobRecord {
        pub workspace: WorkspaceId = "b.workspace",
        pub blob: BlobId = "b.id",
        /// In bytes.
        pub size: i64 = "b.size",
        /// SHA-256.
        pub hash: [u8; 32] = "b.hash",
    }
}

/// Every blob of the installation.
pub fn all(reader: &Reader) -> store::Result<Vec<BlobRecord>> {
    let sql = constcat::concat!("SELECT ", BlobRecord::COLUMNS, " FROM blobs b ORDER BY b.workspace, b.id");
    reader.all(sql, &[], |row| row.read())
}

/// The blob that has these bytes.
pub fn by_hash(
    reader: &Reader,
    workspace: WorkspaceId,
    hash: &[u8; 32],
) -> store::Result<Option<BlobRecord>> {
    let sql = constcat::concat!(
        "SELECT ",
        BlobRecord::COLUMNS,
        " FROM blobs b WHERE b.workspace = $1 AND b.hash = $2"
    );
    reader.first(sql, &[&workspace, hash], |row| row.read())
}

/// Records that damaged bytes were replaced by good ones: what failed because of them is tried again.
pub fn repaired(tx: &mut Tx, workspace: WorkspaceId, blob: BlobId) -> Result<()> {
    tx.run(
        "UPDATE previews SET next_try_at = $3, tries = 0 WHERE workspace = $1 AND blob = $2 AND made_at IS NULL",
        &[&workspace, &blob, &tx.now()],
    )?;
    let released = tx.run(
        "UPDATE blobs SET held_why = $3 WHERE workspace = $1 AND id = $2 AND held_why = $4",
        &[&workspace, &blob, &UNCHECKED, &DAMAGED],
    )?;
    if released > 0 {
        publish(tx, workspace, blob)?;
    }
    Ok(())
}

/// Where a blob is used, as shown to the administrator of the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobUse {
    pub file_name: String,
    /// The title of its channel, as internal users see it.
    pub channel: String,
    /// The firm's name.
    pub brand: String,
    /// Deleted, but still restorable (F6).
    pub is_deleted: bool,
}

/// The files and waiting uploads that have these bytes.
pub fn uses(reader: &Reader, workspace: WorkspaceId, blob: BlobId) -> Result<Vec<BlobUse>> {
    let found: Vec<(String, ChannelId, Option<Time>)> = reader.all(
        "SELECT name, channel, deleted_at FROM files WHERE workspace = $1 AND blob = $2 \
         UNION ALL SELECT name, channel, NULL FROM uploads WHERE workspace = $1 AND blob = $2 ORDER BY 1, 2",
        &[&workspace, &blob],
        |row| row.read(),
    )?;
    let brand: Option<String> =
        reader.first("SELECT brand_name FROM workspaces WHERE id = $1", &[&workspace], |row| row.get(0))?;
    let brand = brand.unwrap_or_default();
    let named = |(file_name, channel, deleted_at): (_, _, Option<Time>)| {
        let channel = channel::for_events(reader, workspace, channel)?.map(|channel| channel.title);
        let (brand, is_deleted) = (brand.clone(), deleted_at.is_some());
        Ok(BlobUse { file_name, channel: channel.unwrap_or_default(), brand, is_deleted })
    };
    found.into_iter().map(named).collect()
}

/// The blobs that have waited longest for the scanner.
pub fn unchecked(reader: &Reader, most: i64) -> Result<Vec<BlobRecord>> {
    Ok(reader.all(
        constcat::concat!(
            "SELECT ",
            BlobRecord::COLUMNS,
            " FROM blobs b WHERE b.held_at IS NOT NULL AND b.held_why = $1 ORDER BY b.created_at LIMIT $2"
        ),
        &[&UNCHECKED, &most],
        |row| row.read(),
    )?)
}

/// Records the result of a scan: `None` releases the blob, a finding keeps it held back. Publishes a change
/// of its files.
pub fn checked(tx: &mut Tx, workspace: WorkspaceId, blob: BlobId, found: Option<&str>) -> Result<()> {
    let at: Option<Time> = found.map(|_| tx.now());
    let changed = tx.run(
        "UPDATE blobs SET held_at = $3, held_why = $4 WHERE workspace = $1 AND id = $2 AND held_why = $5",
        &[&workspace, &blob, &at, &found, &UNCHECKED],
    )?;
    if changed > 0 {
        publish(tx, workspace, blob)?;
    }
    Ok(())
}

/// Publishes a change of every file that has these bytes.
pub(crate) fn publish(tx: &mut Tx, workspace: WorkspaceId, blob: BlobId) -> Result<()> {
    let files: Vec<(ChannelId, FileId)> = tx.all(
        "SELECT channel, id FROM files WHERE workspace = $1 AND blob = $2 AND deleted_at IS NULL ORDER BY id",
        &[&workspace, &blob],
        |row| row.read(),
    )?;
    for (channel, file) in files {
        journal::record(tx, workspace, &Event::FileUpdated { channel, file });
    }
    Ok(())
}

/// Requests a preview, if these bytes can have one.
pub(crate) fn ask(tx: &Tx, workspace: WorkspaceId, arrived: &ReceivedBlob) -> Result<()> {
    if arrived.dimensions.is_some() || arrived.content_type == "application/pdf" {
        tx.run(
            "INSERT INTO previews (workspace, blob, next_try_at, tries) VALUES ($1, $2, $3, 0)",
            &[&workspace, &arrived.id, &tx.now()],
        )?;
    }
    Ok(())
}
