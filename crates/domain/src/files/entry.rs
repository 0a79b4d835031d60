//! Files: what lies in a file channel (F1, F2, F6). A file channel is the same row as the message channel of its subject:
//! one place with one set of members, so that who may see the one may see the other, by `access::channel`.
//!
//! Entries are files, folders and links to outside. A folder's contents name the folder; what lies at the top names the
//! channel. Lists are in `listing`, paths in `paths`, making is in `making`, renaming, moving and deleting in `changing`, who
//! may do so in `permissions`, what messages are sent with in `attachments`; the bytes are `blobs`, and how they come in is `uploads`.

use store::{Nullable, Reader, Time, Tx};
use uuid::Uuid;

use crate::files;
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, MessageId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::kernel::words::words;

/// Folders within folders.
pub const DEPTH_MAX: usize = 20;
/// Characters of a path that a program names; operating systems take hardly longer ones.
pub const PATH_CHARACTERS: usize = 4_000;

words! {
    /// What an entry is.
    pub enum Kind {
        File = "file",
        Folder = "folder",
        /// A link to outside.
        Link = "link",
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

columns! {
    /// The bytes of a file, as far as those who look at it need to know.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Stored {
        /// Their name in the store of blobs.
        pub blob: BlobId = "b.id",
        /// Bytes.
        pub size: i64 = "b.size",
        /// Found from the bytes.
        pub content_type: String = "b.content_type",
        /// Width and height of a picture that can be shown, upright.
        pub dimensions: Option<(i64, i64)> = "b.width, b.height" => both,
        /// Why they are handed to nobody; see [`crate::files::blobs`].
        pub held: Option<String> = "b.held_why",
        /// Width and height of the small version, where there is one.
        pub small: Option<(i64, i64)> = "v.width, v.height" => both,
    }
}

columns! {
    /// An entry of a file channel.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Entry {
        pub id: FileId = "f.id",
        /// Where it is.
        pub channel: ChannelId = "f.channel",
        /// The folder that it lies in; none at the top.
        pub folder: Option<FileId> = "f.folder" => |folder: FileId| (folder.0 != channel.0).then_some(folder),
        pub kind: Kind = "f.kind",
        /// Its name as it was given.
        pub name: String = "f.name",
        /// Its name as it stands in paths and is saved under; no other in the same folder has it.
        pub safe_name: String = "f.safe_name",
        /// The bytes of a file that have come.
        pub stored: Option<Stored> = Stored::COLUMNS => |Nullable(stored)| stored,
        /// Where a link leads.
        pub link_url: Option<String> = "f.link_url",
        /// Since when client users only look into this folder (F6).
        pub read_only_at: Option<Time> = "f.read_only_at",
        /// What it was sent with (F1).
        pub message: Option<MessageId> = "f.message",
        /// Who put it there.
        pub creator: PersonId = "f.creator",
        pub creator_name: Name = "p.given_name, p.family_name, p.email",
        /// Who last changed it.
        pub changed_by: PersonId = "f.changed_by",
        pub changed_by_role: Role = "q.role",
        /// When it was put there.
        pub created_at: Time = "f.created_at",
        /// When it was last changed.
        pub updated_at: Time = "f.updated_at",
    }
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

/// Width and height, where both are known.
fn both((width, height): (Option<i64>, Option<i64>)) -> Option<(i64, i64)> {
    width.zip(height)
}

/// The columns of [`Entry`], for the entry `f`.
pub(crate) const COLUMNS: &str = Entry::COLUMNS;

/// What [`COLUMNS`] are taken from.
pub(crate) const TABLES: &str = "files f \
     JOIN people p ON p.workspace = f.workspace AND p.id = f.creator \
     JOIN people q ON q.workspace = f.workspace AND q.id = f.changed_by \
     LEFT JOIN blobs b ON b.workspace = f.workspace AND b.id = f.blob \
     LEFT JOIN previews v ON v.workspace = b.workspace AND v.blob = b.id AND v.made_at IS NOT NULL";

/// The id that what lies in a folder names; at the top that is the channel's.
pub(crate) fn folder_key(channel: ChannelId, folder: Option<FileId>) -> Uuid {
    folder.map_or(channel.0, |folder| folder.0)
}

/// An entry that the one who asks may see.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, actor: &Actor, file: FileId) -> Result<Entry> {
    if actor.is_api_client() {
        return for_events(reader, actor.workspace, file)?.ok_or(Error::NotFound);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} \
         JOIN members s ON s.workspace = f.workspace AND s.channel = f.channel AND s.person = $2 \
         WHERE f.workspace = $1 AND f.id = $3 AND f.deleted_at IS NULL"
    );
    reader.first(&sql, &[&actor.workspace, &actor.person, &file], |row| row.read())?.ok_or(Error::NotFound)
}

/// An entry of a workspace for those who carry news of it; who hears of it is decided where it is routed. Nothing where
/// it was deleted.
pub fn for_events(reader: &Reader, workspace: WorkspaceId, file: FileId) -> Result<Option<Entry>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.id = $2 AND f.deleted_at IS NULL"
    );
    Ok(reader.first(&sql, &[&workspace, &file], |row| row.read())?)
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
pub(crate) fn lock_files(tx: &Tx, workspace: WorkspaceId, channel: ChannelId) -> Result<()> {
    tx.run(
        "UPDATE channels SET files_changed_at = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &channel, &tx.now()],
    )?;
    Ok(())
}
