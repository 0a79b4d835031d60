//! Entries of a file channel (F1, F2, F6). A file channel is the message channel itself (F7), with the same
//! members, so [`access::channel`] covers both.
//!
//! Entries are files, folders and links. Each names its folder; at the top it names the channel. The bytes are in
//! [`crate::files::blobs`], how they arrive in [`crate::files::uploads`].

use store::{Nullable, Reader, Time, Tx};
use uuid::Uuid;

use crate::files;
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, MessageId, PersonId, WorkspaceId};
use crate::kernel::name::Name;
use crate::kernel::words::words;

/// The deepest nesting of folders.
pub const DEPTH_MAX: usize = 20;
/// Characters of a path in the API; operating systems hardly take longer ones.
pub const PATH_CHARACTERS: usize = 4_000;

words! {
    pub enum Kind {
        File = "file",
        Folder = "folder",
        /// A link to a web address.
        Link = "link",
    }
}

/// The progress of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A file whose bytes have not arrived.
    Pending,
    Completed,
    /// A file that is not served: not scanned yet, or found to be harmful.
    HeldBack,
}

impl Status {
    /// The name used in the API.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Completed => "completed",
            Status::HeldBack => "heldBack",
        }
    }
}

columns! {
    /// The bytes of a file, as shown to its readers.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Stored {
        pub blob: BlobId = "b.id",
        /// In bytes.
        pub size: i64 = "b.size",
        /// SHA-256.
        pub hash: [u8; 32] = "b.hash",
        /// Detected from the bytes.
        pub content_type: String = "b.content_type",
        /// Width and height of a picture that can be shown, after rotation.
        pub dimensions: Option<(i64, i64)> = "b.width, b.height" => both,
        /// Why they are held back; see [`crate::files::blobs`].
        pub held: Option<String> = "b.held_why",
        /// Width and height of the preview, if there is one.
        pub small: Option<(i64, i64)> = "v.width, v.height" => both,
    }
}

columns! {
    /// An entry of a file channel.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Entry {
        pub id: FileId = "f.id",
        pub channel: ChannelId = "f.channel",
        /// `None` at the top.
        pub folder: Option<FileId> = "f.folder" => |folder: FileId| (folder.0 != channel.0).then_some(folder),
        pub kind: Kind = "f.kind",
        /// The name as given.
        pub name: String = "f.name",
        /// The name used in paths and for saving (F12); unique in its folder.
        pub safe_name: String = "f.safe_name",
        /// The bytes of a file, once they have arrived.
        pub stored: Option<Stored> = Stored::COLUMNS => |Nullable(stored)| stored,
        /// The target of a link.
        pub link_url: Option<String> = "f.link_url",
        /// Since when this folder is read-only for client users (F6).
        pub read_only_at: Option<Time> = "f.read_only_at",
        /// The message that it was sent with (F1).
        pub message: Option<MessageId> = "f.message",
        pub creator: PersonId = "f.creator",
        pub creator_name: Name = "p.given_name, p.family_name, p.email",
        pub changed_by: PersonId = "f.changed_by",
        pub changed_by_role: Role = "q.role",
        pub created_at: Time = "f.created_at",
        pub updated_at: Time = "f.updated_at",
    }
}

impl Entry {
    pub fn status(&self) -> Status {
        match (&self.stored, self.kind) {
            (None, Kind::File) => Status::Pending,
            (Some(stored), _) if stored.held.is_some() => Status::HeldBack,
            _ => Status::Completed,
        }
    }

    pub fn class(&self) -> files::content::Class {
        self.stored
            .as_ref()
            .map_or(files::content::Class::Other, |stored| files::content::Class::of(&stored.content_type))
    }
}

fn both((width, height): (Option<i64>, Option<i64>)) -> Option<(i64, i64)> {
    width.zip(height)
}

/// The columns of [`Entry`]; `f` is the entry.
pub(crate) const COLUMNS: &str = Entry::COLUMNS;

/// The joined tables that [`COLUMNS`] refer to.
pub(crate) const TABLES: &str = "files f \
     JOIN people p ON p.workspace = f.workspace AND p.id = f.creator \
     JOIN people q ON q.workspace = f.workspace AND q.id = f.changed_by \
     LEFT JOIN blobs b ON b.workspace = f.workspace AND b.id = f.blob \
     LEFT JOIN previews v ON v.workspace = b.workspace AND v.blob = b.id AND v.made_at IS NOT NULL";

/// The id that entries of a folder refer to; at the top, the channel's.
pub(crate) fn folder_key(channel: ChannelId, folder: Option<FileId>) -> Uuid {
    folder.map_or(channel.0, |folder| folder.0)
}

/// Finds an entry that the requester may see.
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

/// Finds an entry without an access check: events are filtered where they are routed. `None` if it was deleted.
pub fn for_events(reader: &Reader, workspace: WorkspaceId, file: FileId) -> Result<Option<Entry>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.id = $2 AND f.deleted_at IS NULL"
    );
    Ok(reader.first(&sql, &[&workspace, &file], |row| row.read())?)
}

/// A folder of a channel that the requester may see. `None` is the top.
///
/// # Errors
/// `NotFound` also for what is not a folder of this channel.
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

/// Locks the files of a channel until the end of the transaction, so that a name found free stays free.
pub(crate) fn lock_files(tx: &Tx, workspace: WorkspaceId, channel: ChannelId) -> Result<()> {
    tx.run(
        "UPDATE channels SET files_changed_at = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &channel, &tx.now()],
    )?;
    Ok(())
}
