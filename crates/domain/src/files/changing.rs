//! Renaming, moving, deleting and restoring entries (F5, F6). Deleted entries are kept for a while; what was deleted
//! together is restored together. Without write access to a folder nothing in it or below it can be changed.

use std::time::Duration;

use store::{Reader, Tx};
use uuid::Uuid;

use crate::files::blobs;
use crate::files::creating::{free, is_taken};
use crate::files::entry::{DEPTH_MAX, Entry, Kind, folder, folder_key, lock_files};
use crate::files::listing::down;
use crate::files::names::{self, FileName};
use crate::files::paths::folders_to;
use crate::files::permissions::{changeable, may_change};
use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::web_address::address;

/// How long deleted entries can be restored.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// A file whose bytes never arrived is removed after this.
pub const PENDING_LASTS: Duration = Duration::from_secs(24 * 3600);
/// The most entries that one call moves or deletes.
pub const AT_ONCE: usize = 1_000;
/// The most rows per sweep, so that writers do not wait for it.
const SWEPT_AT_ONCE: i64 = 500;

/// Identifies what was deleted together, and is restored together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion(pub Uuid);

/// What to do with the contents of a deleted folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Delete them too.
    GoToo,
    /// Refuse to delete a folder that is not empty.
    Refuse,
}

/// The given entries of one channel, each once. Fails unless the requester may change all of them.
fn all_changeable(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    given: &[FileId],
) -> Result<Vec<Entry>> {
    access::channel(reader, actor, channel)?;
    if given.is_empty() {
        return Err(Error::field("files", Problem::TooFew(1)));
    }
    if given.len() > AT_ONCE {
        return Err(Error::field("files", Problem::TooMany(AT_ONCE)));
    }
    let mut found: Vec<Entry> = Vec::with_capacity(given.len());
    for file in given {
        if found.iter().any(|other| other.id == *file) {
            continue;
        }
        let entry = changeable(reader, actor, *file)?;
        if entry.channel != channel {
            return Err(Error::NotFound);
        }
        found.push(entry);
    }
    Ok(found)
}

/// Renames an entry.
///
/// # Errors
/// `Forbidden` without write access; `Field` for an invalid name, or one that another entry has.
pub fn rename(tx: &mut Tx, actor: &Actor, file: FileId, name: &str) -> Result<()> {
    let name = FileName::new("name", name)?;
    let found = changeable(tx, actor, file)?;
    lock_files(tx, actor.workspace, found.channel)?;
    let key = folder_key(found.channel, found.folder);
    if is_taken(tx, actor.workspace, key, &name, Some(file))? {
        return Err(Error::field("name", Problem::Taken));
    }
    if found.name == name.given {
        return Ok(());
    }
    put(tx, actor, &found, key, &name)?;
    journal::record(tx, actor.workspace, &Event::FileUpdated { channel: found.channel, file });
    Ok(())
}

/// Puts an entry into a folder, under a name that is free there.
fn put(tx: &Tx, actor: &Actor, entry: &Entry, folder: Uuid, name: &FileName) -> Result<()> {
    tx.run(
        "UPDATE files SET folder = $3, name = $4, safe_name = $5, name_key = $6, sort_key = $7, changed_by = $8, \
         updated_at = $9 WHERE workspace = $1 AND id = $2",
        &[
            &actor.workspace,
            &entry.id,
            &folder,
            &name.given,
            &name.safe,
            &names::key(&name.safe),
            &names::sort_key(&name.safe, entry.kind == Kind::Folder),
            &actor.person,
            &tx.now(),
        ],
    )?;
    Ok(())
}

/// Moves entries into a folder of their channel, or to its top. A name in use there gets a number.
///
/// # Errors
/// `Forbidden` without write access; `Conflict` for a folder that would end up inside itself or too deep.
pub fn move_to(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    files: &[FileId],
    into: Option<FileId>,
) -> Result<()> {
    let entries = all_changeable(tx, actor, channel, files)?;
    folder(tx, actor, channel, into)?;
    if !may_change(tx, actor, channel, into)? {
        return Err(Error::Forbidden);
    }
    lock_files(tx, actor.workspace, channel)?;
    let way = folders_to(tx, actor.workspace, channel, into)?;
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Folder) {
        if way.iter().any(|(above, _)| *above == entry.id) {
            return Err(Error::Conflict("A folder cannot be moved into itself."));
        }
        if way.len() + height(tx, actor.workspace, entry.id)? > DEPTH_MAX {
            return Err(Error::Conflict("Folders cannot lie deeper than this."));
        }
    }
    let key = folder_key(channel, into);
    for entry in entries.iter().filter(|entry| entry.folder != into) {
        let given = FileName { given: entry.name.clone(), safe: entry.safe_name.clone() };
        let name = free(tx, actor.workspace, key, &given, entry.kind == Kind::Folder)?;
        put(tx, actor, entry, key, &name)?;
        journal::record(tx, actor.workspace, &Event::FileUpdated { channel, file: entry.id });
    }
    Ok(())
}

/// The number of folder levels from this one down: 1 if it contains no folder.
fn height(reader: &Reader, workspace: WorkspaceId, folder: FileId) -> Result<usize> {
    let levels: i64 = reader.one(
        "WITH RECURSIVE down (id, level) AS (SELECT id, CAST(1 AS BIGINT) FROM files WHERE workspace = $1 AND id = $2 \
         UNION ALL SELECT f.id, d.level + 1 FROM files f JOIN down d ON f.workspace = $1 AND f.folder = d.id \
         WHERE f.deleted_at IS NULL AND f.kind = 'folder' AND f.sort_key < $3) SELECT max(level) FROM down",
        &[&workspace, &folder, &names::AFTER_FOLDERS],
        |row| row.get(0),
    )?;
    Ok(usize::try_from(levels).unwrap_or(0))
}

/// Deletes entries of a channel. They can be restored for [`KEPT`]. Messages keep the names of deleted
/// attachments, marked as removed (F5).
///
/// # Errors
/// `Forbidden` without write access to all of it, folders below included; `Field` for a folder that is not
/// empty, with [`Contents::Refuse`].
pub fn delete(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    files: &[FileId],
    contents: Contents,
) -> Result<Deletion> {
    let entries = all_changeable(tx, actor, channel, files)?;
    lock_files(tx, actor.workspace, channel)?;
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Folder) {
        if contents == Contents::Refuse && !is_empty(tx, actor.workspace, entry.id)? {
            return Err(Error::field("id", Problem::NotEmpty));
        }
        if !actor.role.is_internal() && has_read_only(tx, actor.workspace, entry.id)? {
            return Err(Error::Forbidden);
        }
    }
    let deletion = FileId::new(tx.now()).0;
    for entry in &entries {
        let what = match entry.kind {
            Kind::Folder => "(id = $2 OR folder IN (SELECT id FROM down))",
            Kind::File | Kind::Link => "id = $2",
        };
        let sql = format!(
            "{} UPDATE files SET deleted_at = $4, deletion = $5, changed_by = $6 \
             WHERE workspace = $1 AND deleted_at IS NULL AND {what}",
            down(tx)
        );
        let bound = names::AFTER_FOLDERS;
        tx.run(&sql, &[&actor.workspace, &entry.id, &bound, &tx.now(), &deletion, &actor.person])?;
    }
    let mut told: Vec<FileId> = entries.iter().map(|entry| entry.id).collect();
    told.extend(sent(tx, actor.workspace, deletion)?.into_iter().filter(|file| !files.contains(file)));
    for file in told {
        journal::record(tx, actor.workspace, &Event::FileDeleted { channel, file });
    }
    Ok(Deletion(deletion))
}

/// The files of a deletion that are attached to messages.
fn sent(reader: &Reader, workspace: WorkspaceId, deletion: Uuid) -> Result<Vec<FileId>> {
    Ok(reader.all(
        "SELECT DISTINCT f.id FROM files f JOIN attachments a ON a.workspace = f.workspace AND a.file = f.id \
         WHERE f.workspace = $1 AND f.deletion = $2 ORDER BY f.id",
        &[&workspace, &deletion],
        |row| row.get(0),
    )?)
}

fn is_empty(reader: &Reader, workspace: WorkspaceId, folder: FileId) -> Result<bool> {
    let any = reader.first(
        "SELECT 1 FROM files WHERE workspace = $1 AND folder = $2 AND deleted_at IS NULL LIMIT 1",
        &[&workspace, &folder],
        |_| Ok(()),
    )?;
    Ok(any.is_none())
}

/// Whether a folder, or one below it, is read-only for client users.
fn has_read_only(reader: &Reader, workspace: WorkspaceId, folder: FileId) -> Result<bool> {
    let sql = format!(
        "{} SELECT 1 FROM files f WHERE f.workspace = $1 AND f.read_only_at IS NOT NULL \
         AND f.id IN (SELECT id FROM down) LIMIT 1",
        down(reader)
    );
    Ok(reader.first(&sql, &[&workspace, &folder, &names::AFTER_FOLDERS], |_| Ok(()))?.is_some())
}

/// Restores a deletion where it was, or at the top if the folder is gone. A name in use by now gets a number.
/// Client users can only restore what they deleted themselves.
///
/// # Errors
/// `NotFound` if there is nothing that the requester may restore; `Forbidden` without write access.
pub fn restore(tx: &mut Tx, actor: &Actor, channel: ChannelId, deletion: Deletion) -> Result<()> {
    access::channel(tx, actor, channel)?;
    lock_files(tx, actor.workspace, channel)?;
    let roots = roots(tx, actor, channel, deletion)?;
    if roots.is_empty() {
        return Err(Error::NotFound);
    }
    for root in &roots {
        if !may_change(tx, actor, channel, root.folder)? {
            return Err(Error::Forbidden);
        }
    }
    let mut told: Vec<FileId> = roots.iter().map(|root| root.id).collect();
    told.extend(sent(tx, actor.workspace, deletion.0)?);
    told.sort_unstable();
    told.dedup();
    for root in &roots {
        let key = folder_key(channel, root.folder);
        let name = free(tx, actor.workspace, key, &root.name, root.kind == Kind::Folder)?;
        tx.run(
            "UPDATE files SET deleted_at = NULL, deletion = NULL, folder = $3, name = $4, safe_name = $5, \
             name_key = $6, sort_key = $7, changed_by = $8, updated_at = $9 WHERE workspace = $1 AND id = $2",
            &[
                &actor.workspace,
                &root.id,
                &key,
                &name.given,
                &name.safe,
                &names::key(&name.safe),
                &names::sort_key(&name.safe, root.kind == Kind::Folder),
                &actor.person,
                &tx.now(),
            ],
        )?;
    }
    tx.run(
        "UPDATE files SET deleted_at = NULL, deletion = NULL WHERE workspace = $1 AND deletion = $2",
        &[&actor.workspace, &deletion.0],
    )?;
    for file in told {
        journal::record(tx, actor.workspace, &Event::FileUpdated { channel, file });
    }
    Ok(())
}

/// Restores one entry with everything that was deleted together with it. Does nothing if it was not deleted.
///
/// # Errors
/// As [`restore`].
pub fn restore_with(tx: &mut Tx, actor: &Actor, file: FileId) -> Result<()> {
    let found: Option<(ChannelId, Option<Uuid>)> = tx.first(
        "SELECT channel, deletion FROM files WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &file],
        |row| row.read(),
    )?;
    let (channel, deletion) = found.ok_or(Error::NotFound)?;
    access::channel(tx, actor, channel)?;
    deletion.map_or(Ok(()), |deletion| restore(tx, actor, channel, Deletion(deletion)))
}

/// An entry of a deletion whose folder is not part of that deletion.
pub(crate) struct Root {
    id: FileId,
    kind: Kind,
    pub(crate) name: FileName,
    /// The folder to restore it to.
    folder: Option<FileId>,
}

pub(crate) fn roots(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    deletion: Deletion,
) -> Result<Vec<Root>> {
    let rows = reader.all(
        "SELECT f.id, f.kind, f.name, f.safe_name, d.id, f.changed_by FROM files f \
         LEFT JOIN files d ON d.workspace = f.workspace AND d.id = f.folder AND d.deleted_at IS NULL \
         WHERE f.workspace = $1 AND f.channel = $2 AND f.deletion = $3 AND NOT EXISTS (SELECT 1 FROM files u \
         WHERE u.workspace = f.workspace AND u.id = f.folder AND u.deletion = f.deletion) ORDER BY f.id",
        &[&actor.workspace, &channel, &deletion.0],
        |row| {
            let (id, kind, given, safe, folder, changed_by): (_, _, _, _, _, PersonId) = row.read()?;
            Ok((Root { id, kind, name: FileName { given, safe }, folder }, changed_by))
        },
    )?;
    let theirs = |by: &PersonId| actor.role.is_internal() || *by == actor.person;
    if !rows.iter().all(|(_, by)| theirs(by)) {
        return Err(Error::NotFound);
    }
    Ok(rows.into_iter().map(|(root, _)| root).collect())
}

/// Changes the target of a link.
///
/// # Errors
/// `Forbidden` without write access; `Conflict` if the entry is not a link; `Field` for an invalid address.
pub fn set_link(tx: &mut Tx, actor: &Actor, file: FileId, url: &str) -> Result<()> {
    let url = address("linkUrl", url)?;
    let found = changeable(tx, actor, file)?;
    if found.kind != Kind::Link {
        return Err(Error::Conflict("Only links lead somewhere else."));
    }
    lock_files(tx, actor.workspace, found.channel)?;
    tx.run(
        "UPDATE files SET link_url = $3, changed_by = $4, updated_at = $5 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &file, &url, &actor.person, &tx.now()],
    )?;
    journal::record(tx, actor.workspace, &Event::FileUpdated { channel: found.channel, file });
    Ok(())
}

/// Removes entries past [`KEPT`] and files past [`PENDING_LASTS`], a limited number, and releases their
/// blobs. Returns how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    let deleted = tx.all(
        "DELETE FROM files WHERE (workspace, id) IN \
         (SELECT workspace, id FROM files WHERE deleted_at <= $1 LIMIT $2) RETURNING workspace, blob",
        &[&tx.settled().before(KEPT), &SWEPT_AT_ONCE],
        |row| row.read::<(WorkspaceId, Option<BlobId>)>(),
    )?;
    for (workspace, blob) in &deleted {
        if let Some(blob) = blob {
            blobs::release(tx, *workspace, *blob)?;
        }
    }
    let pending = tx.run(
        "DELETE FROM files WHERE (workspace, id) IN (SELECT workspace, id FROM files \
         WHERE blob IS NULL AND kind = 'file' AND created_at <= $1 LIMIT $2)",
        &[&tx.settled().before(PENDING_LASTS), &SWEPT_AT_ONCE],
    )?;
    Ok(deleted.len() + pending)
}
