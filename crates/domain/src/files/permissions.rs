//! Write access to the files of a channel: its members have it, except client users where a folder or the
//! whole channel is read-only for them (F6).

use store::{Reader, Time, Tx};

use crate::channels::channel;
use crate::files::entry::{DEPTH_MAX, Entry, Kind, find, lock_files};
use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, FileId, WorkspaceId};
use crate::kernel::journal::{self, Event};

/// Whether the requester may change the contents of a folder. API clients and members may; client users may
/// not if it, a folder above it or the whole channel is read-only for them (F6).
pub fn may_change(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    folder: Option<FileId>,
) -> Result<bool> {
    let may = may_send(reader, actor, channel)?;
    Ok(may && (actor.role.is_internal() || !is_read_only(reader, actor.workspace, channel, folder)?))
}

/// Whether the requester may send files in a channel. API clients and members may, even where it is read-only (F6).
pub(crate) fn may_send(reader: &Reader, actor: &Actor, channel: ChannelId) -> Result<bool> {
    if actor.is_api_client() {
        access::channel(reader, actor, channel)?;
        return Ok(true);
    }
    let left_at: Option<Option<Time>> = reader.first(
        "SELECT left_at FROM members WHERE workspace = $1 AND channel = $2 AND person = $3",
        &[&actor.workspace, &channel, &actor.person],
        |row| row.get(0),
    )?;
    Ok(left_at.ok_or(Error::NotFound)?.is_none())
}

/// Whether the whole channel is read-only for client users.
pub fn is_channel_read_only(reader: &Reader, workspace: WorkspaceId, channel: ChannelId) -> Result<bool> {
    let since: Option<Option<Time>> = reader.first(
        "SELECT files_read_only_at FROM channels WHERE workspace = $1 AND id = $2",
        &[&workspace, &channel],
        |row| row.get(0),
    )?;
    Ok(since.flatten().is_some())
}

/// Whether a folder, one above it or the whole channel is read-only for client users.
pub(crate) fn is_read_only(
    reader: &Reader,
    workspace: WorkspaceId,
    channel: ChannelId,
    folder: Option<FileId>,
) -> Result<bool> {
    let mut next = folder;
    let mut depth = 0;
    while let Some(id) = next {
        let found: Option<(FileId, Option<Time>)> = reader.first(
            "SELECT folder, read_only_at FROM files WHERE workspace = $1 AND id = $2",
            &[&workspace, &id],
            |row| row.read(),
        )?;
        depth += 1;
        match found {
            Some((_, Some(_))) => return Ok(true),
            Some((above, None)) if above.0 != channel.0 && depth <= DEPTH_MAX => next = Some(above),
            _ => next = None,
        }
    }
    is_channel_read_only(reader, workspace, channel)
}

/// Finds an entry that the requester may change; for a folder, its contents must be changeable too.
pub(crate) fn changeable(reader: &Reader, actor: &Actor, file: FileId) -> Result<Entry> {
    let found = find(reader, actor, file)?;
    let inside = if found.kind == Kind::Folder { Some(found.id) } else { found.folder };
    if may_change(reader, actor, found.channel, inside)? { Ok(found) } else { Err(Error::Forbidden) }
}

/// Makes a folder and everything in it read-only for client users, or writable again (F6).
///
/// # Errors
/// `Forbidden` for client users; `Conflict` if the entry is not a folder.
pub fn set_read_only(tx: &mut Tx, actor: &Actor, folder: FileId, read_only: bool) -> Result<()> {
    let found = changeable(tx, actor, folder)?;
    access::internal(actor).map_err(|_| Error::Forbidden)?;
    if found.kind != Kind::Folder {
        return Err(Error::Conflict("Only folders have permissions."));
    }
    if found.read_only_at.is_some() == read_only {
        return Ok(());
    }
    lock_files(tx, actor.workspace, found.channel)?;
    let at = read_only.then(|| tx.now());
    tx.run(
        "UPDATE files SET read_only_at = $3, changed_by = $4, updated_at = $5 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &folder, &at, &actor.person, &tx.now()],
    )?;
    journal::record(tx, actor.workspace, &Event::FileUpdated { channel: found.channel, file: folder });
    let subject = channel::find(tx, actor, found.channel)?.subject;
    let changes = Changes::none().note("folder", &found.name).switch("readOnly", !read_only, read_only);
    audit_log::append(tx, actor, AuditAction::FilesPermitted, Some(subject), changes)
}

/// Makes a whole channel read-only for client users, or writable again (F6). Files they send in the
/// conversation are filed all the same.
///
/// # Errors
/// `Forbidden` for client users.
pub fn set_channel_read_only(tx: &mut Tx, actor: &Actor, channel: ChannelId, read_only: bool) -> Result<()> {
    access::channel(tx, actor, channel)?;
    access::internal(actor).map_err(|_| Error::Forbidden)?;
    if is_channel_read_only(tx, actor.workspace, channel)? == read_only {
        return Ok(());
    }
    lock_files(tx, actor.workspace, channel)?;
    let at = read_only.then(|| tx.now());
    tx.run(
        "UPDATE channels SET files_read_only_at = $3, updated_at = $4 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &channel, &at, &tx.now()],
    )?;
    journal::record(tx, actor.workspace, &Event::ChannelUpdated { channel });
    let subject = channel::find(tx, actor, channel)?.subject;
    let changes = Changes::none().switch("readOnly", !read_only, read_only);
    audit_log::append(tx, actor, AuditAction::FilesPermitted, Some(subject), changes)
}
