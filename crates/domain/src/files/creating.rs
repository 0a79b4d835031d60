//! Creating entries: folders, links, files that wait for their bytes, and attachments. A name in use gets a
//! number, `report (2).pdf` (F1).

use store::{Reader, Tx};
use uuid::Uuid;

use crate::files::entry::{DEPTH_MAX, Kind, PATH_CHARACTERS, folder, folder_key, lock_files};
use crate::files::names::{self, FileName};
use crate::files::paths::folders_to;
use crate::files::permissions::may_change;
use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, MessageId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::web_address::address;

/// Numbered names tried one by one before the search starts doubling.
const TRIED_IN_TURN: u64 = 9;

/// Creates a folder. A name in use gets a number.
///
/// # Errors
/// `Forbidden` without write access (F6); `Field` for an invalid name; `Conflict` if it would be nested too deep.
pub fn make_folder(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    name: &str,
) -> Result<FileId> {
    let name = FileName::new("name", name)?;
    may_make(tx, actor, channel, inside)?;
    if folders_to(tx, actor.workspace, channel, inside)?.len() >= DEPTH_MAX {
        return Err(Error::Conflict("Folders cannot lie deeper than this."));
    }
    insert(tx, actor, &NewEntry { kind: Kind::Folder, ..NewEntry::new(channel, inside, name) })
}

/// Creates a link.
///
/// # Errors
/// As [`make_folder`]; `Field` for an address that is neither `http` nor `https`.
pub fn make_link(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    name: &str,
    url: &str,
) -> Result<FileId> {
    let name = FileName::new("name", name)?;
    let url = address("linkUrl", url)?;
    may_make(tx, actor, channel, inside)?;
    insert(tx, actor, &NewEntry { kind: Kind::Link, url: Some(url), ..NewEntry::new(channel, inside, name) })
}

/// Creates a file without bytes; an upload for it brings them.
///
/// # Errors
/// As [`make_folder`].
pub fn make_file(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    name: &str,
) -> Result<FileId> {
    let name = FileName::new("name", name)?;
    may_make(tx, actor, channel, inside)?;
    insert(tx, actor, &NewEntry::new(channel, inside, name))
}

/// Resolves a path such as `Contracts/2026/deed.pdf` to a folder and a name, creating missing folders.
///
/// # Errors
/// As [`make_folder`], at the field `path`; `Conflict` if a part of the path is not a folder.
pub fn place(tx: &mut Tx, actor: &Actor, channel: ChannelId, path: &str) -> Result<(Option<FileId>, String)> {
    if path.chars().count() > PATH_CHARACTERS {
        return Err(Error::field("path", Problem::TooLong(PATH_CHARACTERS)));
    }
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let Some(name) = parts.pop() else { return Err(Error::field("path", Problem::Empty)) };
    FileName::new("path", name)?;
    for part in &parts {
        FileName::new("path", part)?;
    }
    if parts.len() > DEPTH_MAX {
        return Err(Error::field("path", Problem::TooMany(DEPTH_MAX)));
    }
    // Check everything before creating the first folder.
    let mut inside: Option<FileId> = None;
    let mut missing = parts.as_slice();
    while let Some((part, rest)) = missing.split_first() {
        let key = names::key(&FileName::new("path", part)?.safe);
        let found: Option<(FileId, Kind)> = tx.first(
            "SELECT id, kind FROM files WHERE workspace = $1 AND folder = $2 AND name_key = $3 AND deleted_at IS NULL",
            &[&actor.workspace, &folder_key(channel, inside), &key],
            |row| row.read(),
        )?;
        match found {
            Some((folder, Kind::Folder)) => inside = Some(folder),
            Some(_) => return Err(Error::Conflict("There is a file where this path has a folder.")),
            None => break,
        }
        missing = rest;
    }
    may_make(tx, actor, channel, inside)?;
    for part in missing {
        inside = Some(make_folder(tx, actor, channel, inside, part)?);
    }
    Ok((inside, name.to_string()))
}

/// Fails unless the requester may add entries to a folder.
pub(crate) fn may_make(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
) -> Result<()> {
    folder(reader, actor, channel, inside)?;
    if may_change(reader, actor, channel, inside)? { Ok(()) } else { Err(Error::Forbidden) }
}

/// Adds the bytes to a file that waits for them.
pub(crate) fn fill(tx: &mut Tx, actor: &Actor, file: FileId, blob: BlobId) -> Result<()> {
    let channel: Option<ChannelId> = tx.first(
        "UPDATE files SET blob = $3, changed_by = $4, updated_at = $5 WHERE workspace = $1 AND id = $2 \
         AND blob IS NULL AND kind = 'file' AND deleted_at IS NULL RETURNING channel",
        &[&actor.workspace, &file, &blob, &actor.person, &tx.now()],
        |row| row.get(0),
    )?;
    let channel = channel.ok_or(Error::NotFound)?;
    lock_files(tx, actor.workspace, channel)?;
    journal::record(tx, actor.workspace, &Event::FileUpdated { channel, file });
    Ok(())
}

/// An entry about to be created.
pub(crate) struct NewEntry {
    /// Set if the id is known already.
    pub(crate) id: Option<FileId>,
    pub(crate) channel: ChannelId,
    pub(crate) inside: Option<FileId>,
    pub(crate) kind: Kind,
    pub(crate) name: FileName,
    pub(crate) url: Option<String>,
    pub(crate) blob: Option<BlobId>,
    pub(crate) message: Option<MessageId>,
}

impl NewEntry {
    pub(crate) fn new(channel: ChannelId, inside: Option<FileId>, name: FileName) -> NewEntry {
        NewEntry { id: None, channel, inside, kind: Kind::File, name, url: None, blob: None, message: None }
    }
}

pub(crate) fn insert(tx: &mut Tx, actor: &Actor, new: &NewEntry) -> Result<FileId> {
    lock_files(tx, actor.workspace, new.channel)?;
    let is_folder = new.kind == Kind::Folder;
    let folder = folder_key(new.channel, new.inside);
    let name = free(tx, actor.workspace, folder, &new.name, is_folder)?;
    let id = new.id.unwrap_or_else(|| FileId::new(tx.now()));
    tx.run(
        "INSERT INTO files (workspace, id, channel, folder, kind, name, safe_name, name_key, sort_key, link_url, blob, \
         message, creator, changed_by, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13, $14, $14)",
        &[
            &actor.workspace,
            &id,
            &new.channel,
            &folder,
            &new.kind.word(),
            &name.given,
            &name.safe,
            &names::key(&name.safe),
            &names::sort_key(&name.safe, is_folder),
            &new.url,
            &new.blob,
            &new.message,
            &actor.person,
            &tx.now(),
        ],
    )?;
    journal::record(tx, actor.workspace, &Event::FileCreated { channel: new.channel, file: id });
    Ok(id)
}

/// The name itself if it is free in the folder, otherwise with a free number. The caller must have called
/// [`lock_files`].
pub(crate) fn free(
    reader: &Reader,
    workspace: WorkspaceId,
    folder: Uuid,
    name: &FileName,
    is_folder: bool,
) -> Result<FileName> {
    let is_taken = |name: &FileName| -> Result<bool> { is_taken(reader, workspace, folder, name, None) };
    if !is_taken(name)? {
        return Ok(name.clone());
    }
    let mut taken = 1;
    while taken < TRIED_IN_TURN {
        let next = name.numbered(taken + 1, is_folder);
        if !is_taken(&next)? {
            return Ok(next);
        }
        taken += 1;
    }
    // For thousands of equal names: double the number until one is free, then bisect.
    let mut open = taken * 2;
    while is_taken(&name.numbered(open, is_folder))? {
        taken = open;
        open *= 2;
    }
    while open - taken > 1 {
        let middle = taken.midpoint(open);
        if is_taken(&name.numbered(middle, is_folder))? {
            taken = middle;
        } else {
            open = middle;
        }
    }
    Ok(name.numbered(open, is_folder))
}

/// Whether an entry of a folder, other than `but`, has a name.
pub(crate) fn is_taken(
    reader: &Reader,
    workspace: WorkspaceId,
    folder: Uuid,
    name: &FileName,
    but: Option<FileId>,
) -> Result<bool> {
    let other: Option<FileId> = reader.first(
        "SELECT id FROM files WHERE workspace = $1 AND folder = $2 AND name_key = $3 AND deleted_at IS NULL",
        &[&workspace, &folder, &names::key(&name.safe)],
        |row| row.get(0),
    )?;
    Ok(other.is_some_and(|other| but != Some(other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::web_address::URL_CHARACTERS;

    #[test]
    fn links_lead_to_web_addresses_only() {
        for good in ["https://example.com", " http://example.com:8080/a?b=c#d ", "HTTPS://Example.com/ü"] {
            assert!(address("linkUrl", good).is_ok(), "{good}");
        }
        let long = format!("https://example.com/{}", "a".repeat(URL_CHARACTERS));
        for bad in [
            "",
            "example.com",
            "javascript:alert(1)",
            "https://",
            "https:///path",
            "data:text/html,x",
            "https://a b.example",
            "https://example.com/\u{202e}",
            "https://example.com/\nx",
            "ftp://example.com",
            long.as_str(),
        ] {
            assert!(address("linkUrl", bad).is_err(), "{bad:?}");
        }
    }
}
