//! Files: what lies in a file channel (F1, F2, F6). A file channel is the same row as the message channel of its subject:
//! one place with one set of members, so that who may see the one may see the other, by `access::channel`.
//!
//! Entries are files, folders and links to outside. A folder's contents name the folder; what lies at the top names the
//! channel. Paths are derived. Making is in `making`, renaming, moving and deleting in `changing`, what messages are sent
//! with in `attachments`; the bytes are `blobs`, and how they come in is `uploads`.

mod attachments;
mod changing;
pub mod content;
mod making;
pub mod names;
pub mod signed;

use store::{FromValue, Reader, Row, Time, Tx, Value};
use uuid::Uuid;

use crate::access::{self, Actor, Role};
use crate::error::{Error, Result};
use crate::ids::{BlobId, ChannelId, FileId, MessageId, PersonId, WorkspaceId};
use crate::people::Name;

pub use attachments::{Attached, Attachment, State};
pub(crate) use attachments::{attach, check, detach, of_message};
pub use changing::{
    AT_ONCE, Contents, Deletion, KEPT, PENDING_LASTS, delete, move_to, rename, restore, set_link,
    set_read_only, sweep,
};
pub(crate) use making::{address, file_at, filed, fill};
pub use making::{make_file, make_folder, make_link, place};
pub use names::FileName;

/// Folders within folders.
pub const DEPTH_MAX: usize = 20;
/// Entries in one page of a folder.
pub const PAGE: i64 = 100;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link to outside.
    Link,
}

impl Kind {
    /// The word that the database and the API use.
    pub fn word(self) -> &'static str {
        match self {
            Kind::File => "file",
            Kind::Folder => "folder",
            Kind::Link => "link",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Kind> {
        [Kind::File, Kind::Folder, Kind::Link].into_iter().find(|kind| kind.word() == word)
    }
}

impl FromValue for Kind {
    fn from_value(value: Value<'_>) -> Option<Kind> {
        match value {
            Value::Text(word) => Kind::from_word(word),
            _ => None,
        }
    }
}

/// How far an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A file whose bytes have not come.
    Pending,
    /// There.
    Completed,
    /// A file that is handed to nobody: not checked yet, or found to be harmful.
    HeldBack,
}

impl Status {
    /// The word that the API uses.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Completed => "completed",
            Status::HeldBack => "heldBack",
        }
    }
}

/// The bytes of a file, as far as those who look at it need to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Their name in the store of blobs.
    pub blob: BlobId,
    /// Bytes.
    pub size: i64,
    /// Found from the bytes.
    pub content_type: String,
    /// Width and height of a picture that can be shown, upright.
    pub dimensions: Option<(i64, i64)>,
    /// Why they are handed to nobody; see [`crate::blobs`].
    pub held: Option<String>,
    /// Width and height of the small version, where there is one.
    pub small: Option<(i64, i64)>,
}

/// An entry of a file channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id.
    pub id: FileId,
    /// Where it is.
    pub channel: ChannelId,
    /// The folder that it lies in; none at the top.
    pub folder: Option<FileId>,
    /// What it is.
    pub kind: Kind,
    /// Its name as it was given.
    pub name: String,
    /// Its name as it stands in paths and is saved under; no other in the same folder has it.
    pub safe_name: String,
    /// The bytes of a file that have come.
    pub stored: Option<Stored>,
    /// Where a link leads.
    pub link_url: Option<String>,
    /// Since when client users only look into this folder (F6).
    pub read_only_at: Option<Time>,
    /// What it was sent with (F1).
    pub message: Option<MessageId>,
    /// Who put it there.
    pub creator: PersonId,
    /// Their name.
    pub creator_name: Name,
    /// Who last changed it.
    pub changed_by: PersonId,
    /// Their role.
    pub changed_by_role: Role,
    /// When it was put there.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
}

impl Entry {
    /// How far it is.
    pub fn status(&self) -> Status {
        match (&self.stored, self.kind) {
            (None, Kind::File) => Status::Pending,
            (Some(stored), _) if stored.held.is_some() => Status::HeldBack,
            _ => Status::Completed,
        }
    }

    /// What a file counts as to those who look at it.
    pub fn class(&self) -> content::Class {
        self.stored.as_ref().map_or(content::Class::Other, |stored| content::Class::of(&stored.content_type))
    }
}

/// The columns of [`Entry`], for the entry `f`.
const COLUMNS: &str = "f.id, f.channel, f.folder, f.kind, f.name, f.safe_name, f.link_url, f.read_only_at, f.message, \
     f.creator, p.given_name, p.family_name, p.email, f.changed_by, q.role, f.created_at, f.updated_at, \
     b.id, b.size, b.content_type, b.width, b.height, b.held_why, v.width, v.height";

/// What [`COLUMNS`] are taken from.
const TABLES: &str = "files f \
     JOIN people p ON p.workspace = f.workspace AND p.id = f.creator \
     JOIN people q ON q.workspace = f.workspace AND q.id = f.changed_by \
     LEFT JOIN blobs b ON b.workspace = f.workspace AND b.id = f.blob \
     LEFT JOIN previews v ON v.workspace = b.workspace AND v.blob = b.id AND v.made_at IS NOT NULL";

fn read(row: &Row<'_>) -> store::Result<Entry> {
    let (channel, folder): (ChannelId, FileId) = (row.get(1)?, row.get(2)?);
    Ok(Entry {
        id: row.get(0)?,
        channel,
        folder: (folder.0 != channel.0).then_some(folder),
        kind: row.get(3)?,
        name: row.get(4)?,
        safe_name: row.get(5)?,
        link_url: row.get(6)?,
        read_only_at: row.get(7)?,
        message: row.get(8)?,
        creator: row.get(9)?,
        creator_name: Name::read(row, 10)?,
        changed_by: row.get(13)?,
        changed_by_role: row.get(14)?,
        created_at: row.get(15)?,
        updated_at: row.get(16)?,
        stored: stored(row, 17)?,
    })
}

/// The columns `b.id, b.size, b.content_type, b.width, b.height, b.held_why, v.width, v.height` from `at` on.
fn stored(row: &Row<'_>, at: usize) -> store::Result<Option<Stored>> {
    let Some(blob) = row.get::<Option<BlobId>>(at)? else { return Ok(None) };
    let pair = |at: usize| -> store::Result<Option<(i64, i64)>> {
        Ok(row.get::<Option<i64>>(at)?.zip(row.get::<Option<i64>>(at + 1)?))
    };
    Ok(Some(Stored {
        blob,
        size: row.get(at + 1)?,
        content_type: row.get(at + 2)?,
        dimensions: pair(at + 3)?,
        held: row.get(at + 5)?,
        small: pair(at + 6)?,
    }))
}

/// The id that what lies in a folder names; at the top that is the channel's.
fn folder_key(channel: ChannelId, folder: Option<FileId>) -> Uuid {
    folder.map_or(channel.0, |folder| folder.0)
}

/// An entry that the one who asks may see.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, actor: &Actor, file: FileId) -> Result<Entry> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} \
         JOIN members s ON s.workspace = f.workspace AND s.channel = f.channel AND s.person = $2 \
         WHERE f.workspace = $1 AND f.id = $3 AND f.deleted_at IS NULL"
    );
    reader.first(&sql, &[&actor.workspace, &actor.person, &file], read)?.ok_or(Error::NotFound)
}

/// An entry of a workspace for those who carry news of it; who hears of it is decided where it is routed. Nothing where
/// it was deleted.
///
/// # Errors
/// Where the database cannot be read.
pub fn as_told(reader: &Reader, workspace: WorkspaceId, file: FileId) -> Result<Option<Entry>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.id = $2 AND f.deleted_at IS NULL"
    );
    Ok(reader.first(&sql, &[&workspace, &file], read)?)
}

/// A folder of a channel, looked at by somebody who may see the channel. None is the top.
///
/// # Errors
/// `NotFound`, also for what is no folder or lies in another channel.
pub fn folder(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    folder: Option<FileId>,
) -> Result<Option<Entry>> {
    access::channel(reader, actor, channel)?;
    let Some(id) = folder else { return Ok(None) };
    let found = find(reader, actor, id)?;
    if found.channel == channel && found.kind == Kind::Folder {
        Ok(Some(found))
    } else {
        Err(Error::NotFound)
    }
}

/// What lies in a folder: folders first, then by name; at most `most` entries after the entry `after`.
///
/// # Errors
/// `NotFound`.
pub fn in_folder(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    after: Option<FileId>,
    most: i64,
) -> Result<Vec<Entry>> {
    folder(reader, actor, channel, inside)?;
    let key = folder_key(channel, inside);
    let Some(after) = after else {
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.folder = $2 AND f.deleted_at IS NULL \
             ORDER BY f.sort_key, f.id LIMIT $3"
        );
        return Ok(reader.all(&sql, &[&actor.workspace, &key, &most], read)?);
    };
    // Its place holds also where it was deleted or renamed meanwhile.
    let place: Option<Vec<u8>> = reader.first(
        "SELECT sort_key FROM files WHERE workspace = $1 AND channel = $2 AND id = $3",
        &[&actor.workspace, &channel, &after],
        |row| row.get(0),
    )?;
    let place = place.ok_or(Error::NotFound)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.folder = $2 AND f.deleted_at IS NULL \
         AND (f.sort_key, f.id) > ($3, $4) ORDER BY f.sort_key, f.id LIMIT $5"
    );
    Ok(reader.all(&sql, &[&actor.workspace, &key, &place, &after, &most], read)?)
}

/// How many entries a folder has, counted up to `most`.
///
/// # Errors
/// `NotFound`.
pub fn count(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    most: i64,
) -> Result<i64> {
    access::channel(reader, actor, channel)?;
    Ok(reader.one(
        "SELECT count(*) FROM (SELECT 1 FROM files WHERE workspace = $1 AND folder = $2 AND deleted_at IS NULL \
         LIMIT $3) counted",
        &[&actor.workspace, &folder_key(channel, inside), &most],
        |row| row.get(0),
    )?)
}

/// The ids of a folder `$2` and of all folders in it, at every level, as `down`.
const DOWN: &str = "WITH RECURSIVE down (id) AS (SELECT CAST($2 AS UUID) UNION ALL \
     SELECT f.id FROM files f JOIN down d ON f.workspace = $1 AND f.folder = d.id \
     WHERE f.deleted_at IS NULL AND f.kind = 'folder' AND f.sort_key < $3)";

/// Everything in a folder of a channel at every level, newest first; at most `most` entries older than the entry `after`.
/// What is added meanwhile changes nothing for who goes on.
///
/// # Errors
/// `NotFound`.
pub fn below(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    after: Option<FileId>,
    most: i64,
) -> Result<Vec<Entry>> {
    folder(reader, actor, channel, inside)?;
    let after = after.map_or(Uuid::max(), |after| after.0);
    if inside.is_none() {
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.channel = $2 AND f.deleted_at IS NULL \
             AND f.id < $3 ORDER BY f.id DESC LIMIT $4"
        );
        return Ok(reader.all(&sql, &[&actor.workspace, &channel, &after, &most], read)?);
    }
    let key = folder_key(channel, inside);
    let sql = format!(
        "{} SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.channel = $4 AND f.deleted_at IS NULL \
         AND f.id < $5 AND f.folder IN (SELECT id FROM down) ORDER BY f.id DESC LIMIT $6",
        down(reader)
    );
    let bound = names::AFTER_FOLDERS;
    Ok(reader.all(&sql, &[&actor.workspace, &key, &bound, &channel, &after, &most], read)?)
}

/// [`DOWN`] as the engine takes it: SQLite has ids as bytes, which a cast to a type that it does not know would change.
fn down(reader: &Reader) -> String {
    match reader.engine() {
        store::Engine::Sqlite => DOWN.replace("CAST($2 AS UUID)", "$2"),
        store::Engine::Postgres => DOWN.to_string(),
    }
}

/// The entry at a path such as `Contracts/2026/deed.pdf` in a channel, where there is one. Capitals make no difference.
///
/// # Errors
/// `NotFound` for the channel.
pub fn at_path(reader: &Reader, actor: &Actor, channel: ChannelId, path: &str) -> Result<Option<Entry>> {
    access::channel(reader, actor, channel)?;
    let mut found: Option<Entry> = None;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if found.as_ref().is_some_and(|found| found.kind != Kind::Folder) {
            return Ok(None);
        }
        let key = folder_key(channel, found.map(|found| found.id));
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.folder = $2 AND f.name_key = $3 \
             AND f.deleted_at IS NULL"
        );
        let safe = FileName::or("path", part, "file")?.safe;
        found = reader.first(&sql, &[&actor.workspace, &key, &names::key(&safe)], read)?;
        if found.is_none() {
            return Ok(None);
        }
    }
    Ok(found)
}

/// The entries in one's own channels whose names have this text, newest first; those of one channel where one is given.
///
/// # Errors
/// `NotFound` for a channel that is not there or not one's own.
pub fn search(
    reader: &Reader,
    actor: &Actor,
    text: &str,
    channel: Option<ChannelId>,
    after: Option<FileId>,
    most: i64,
) -> Result<Vec<Entry>> {
    if let Some(channel) = channel {
        access::channel(reader, actor, channel)?;
    }
    let text = names::key(text.trim());
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let literal: String = text
        .chars()
        .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
        .collect();
    let pattern = format!("%{literal}%");
    let after = after.map_or(Uuid::max(), |after| after.0);
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} \
         JOIN members s ON s.workspace = f.workspace AND s.channel = f.channel AND s.person = $2 \
         WHERE f.workspace = $1 AND f.deleted_at IS NULL AND f.name_key LIKE $3 ESCAPE '\\' AND f.id < $4 {} \
         ORDER BY f.id DESC LIMIT $5",
        if channel.is_some() { "AND f.channel = $6" } else { "" }
    );
    let mut params: Vec<&dyn store::Param> = vec![&actor.workspace, &actor.person, &pattern, &after, &most];
    if let Some(channel) = &channel {
        params.push(channel);
    }
    Ok(reader.all(&sql, &params, read)?)
}

/// The folders that lead to an entry, from the top, with their names as they were given and as they are safe.
///
/// # Errors
/// Where the database fails.
pub fn folders_to(
    reader: &Reader,
    workspace: WorkspaceId,
    channel: ChannelId,
    folder: Option<FileId>,
) -> Result<Vec<(FileId, FileName)>> {
    let mut way = Vec::new();
    let mut next = folder;
    while let Some(id) = next {
        let found = reader.first(
            "SELECT folder, name, safe_name FROM files WHERE workspace = $1 AND id = $2",
            &[&workspace, &id],
            |row| {
                let name = FileName { given: row.get(1)?, safe: row.get(2)? };
                Ok((row.get::<FileId>(0)?, name))
            },
        )?;
        let Some((above, name)) = found else { break };
        way.push((id, name));
        next = (above.0 != channel.0 && way.len() <= DEPTH_MAX).then_some(above);
    }
    way.reverse();
    Ok(way)
}

/// The path of an entry from the top of its channel: `Contracts/2026/deed.pdf`.
///
/// # Errors
/// Where the database fails.
pub fn path(reader: &Reader, workspace: WorkspaceId, entry: &Entry) -> Result<String> {
    let folders = folders_to(reader, workspace, entry.channel, entry.folder)?;
    let names = folders.iter().map(|(_, name)| name.safe.as_str()).chain([entry.safe_name.as_str()]);
    Ok(names.collect::<Vec<_>>().join("/"))
}

/// Whether the one who asks may change what lies in a folder: members do, client users not where it or a folder above
/// is read-only for them (F6).
///
/// # Errors
/// `NotFound` for the channel.
pub fn may_change(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    folder: Option<FileId>,
) -> Result<bool> {
    let left_at: Option<Option<Time>> = reader.first(
        "SELECT left_at FROM members WHERE workspace = $1 AND channel = $2 AND person = $3",
        &[&actor.workspace, &channel, &actor.person],
        |row| row.get(0),
    )?;
    if left_at.ok_or(Error::NotFound)?.is_some() {
        return Ok(false);
    }
    Ok(actor.role.is_internal() || !is_read_only(reader, actor.workspace, channel, folder)?)
}

/// Whether a folder or one above it is read-only for client users.
fn is_read_only(
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
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        depth += 1;
        match found {
            Some((_, Some(_))) => return Ok(true),
            Some((above, None)) if above.0 != channel.0 && depth <= DEPTH_MAX => next = Some(above),
            _ => next = None,
        }
    }
    Ok(false)
}

/// Waits until nobody else changes the files of a channel; nobody else does until the end of the transaction. A name that
/// is free then stays so.
fn turn(tx: &Tx, workspace: WorkspaceId, channel: ChannelId) -> Result<()> {
    tx.run(
        "UPDATE channels SET files_changed_at = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &channel, &tx.now()],
    )?;
    Ok(())
}
