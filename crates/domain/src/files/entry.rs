//! Files: what lies in a file channel (F1, F2, F6). A file channel is the same row as the message channel of its subject:
//! one place with one set of members, so that who may see the one may see the other, by `access::channel`.
//!
//! Entries are files, folders and links to outside. A folder's contents name the folder; what lies at the top names the
//! channel. Lists are in `listing`, paths in `paths`, making is in `making`, renaming, moving and deleting in `changing`, who
//! may do so in `permissions`, what messages are sent with in `attachments`; the bytes are `blobs`, and how they come in is `uploads`.

use store::{FromValue, Reader, Row, Time, Tx, Value};
use uuid::Uuid;

use crate::files;
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, MessageId, PersonId, WorkspaceId};
use crate::kernel::name::Name;

/// Folders within folders.
pub const DEPTH_MAX: usize = 20;
/// Characters of a path that a program names; operating systems take hardly longer ones.
pub const PATH_CHARACTERS: usize = 4_000;

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
    /// Why they are handed to nobody; see [`crate::files::blobs`].
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
    pub fn class(&self) -> files::content::Class {
        self.stored
            .as_ref()
            .map_or(files::content::Class::Other, |stored| files::content::Class::of(&stored.content_type))
    }
}

/// The columns of [`Entry`], for the entry `f`.
pub(crate) const COLUMNS: &str = "f.id, f.channel, f.folder, f.kind, f.name, f.safe_name, f.link_url, f.read_only_at, f.message, \
     f.creator, p.given_name, p.family_name, p.email, f.changed_by, q.role, f.created_at, f.updated_at, \
     b.id, b.size, b.content_type, b.width, b.height, b.held_why, v.width, v.height";

/// What [`COLUMNS`] are taken from.
pub(crate) const TABLES: &str = "files f \
     JOIN people p ON p.workspace = f.workspace AND p.id = f.creator \
     JOIN people q ON q.workspace = f.workspace AND q.id = f.changed_by \
     LEFT JOIN blobs b ON b.workspace = f.workspace AND b.id = f.blob \
     LEFT JOIN previews v ON v.workspace = b.workspace AND v.blob = b.id AND v.made_at IS NOT NULL";

pub(crate) fn read(row: &Row<'_>) -> store::Result<Entry> {
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
pub(crate) fn stored(row: &Row<'_>, at: usize) -> store::Result<Option<Stored>> {
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
pub(crate) fn folder_key(channel: ChannelId, folder: Option<FileId>) -> Uuid {
    folder.map_or(channel.0, |folder| folder.0)
}

/// An entry that the one who asks may see.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, actor: &Actor, file: FileId) -> Result<Entry> {
    if actor.is_program() {
        return as_told(reader, actor.workspace, file)?.ok_or(Error::NotFound);
    }
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

/// Waits until nobody else changes the files of a channel; nobody else does until the end of the transaction. A name that
/// is free then stays so.
pub(crate) fn turn(tx: &Tx, workspace: WorkspaceId, channel: ChannelId) -> Result<()> {
    tx.run(
        "UPDATE channels SET files_changed_at = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &channel, &tx.now()],
    )?;
    Ok(())
}
