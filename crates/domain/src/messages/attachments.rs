//! Attachments of a message: finished uploads, which are filed at the top of the channel in the same transaction
//! (F1), or files that the channel already has.

use store::{Nullable, Reader, Tx};

use crate::files::content::Class;
use crate::files::creating::{NewEntry, insert};
use crate::files::entry::{Entry, Kind, Stored, find};
use crate::files::names::FileName;
use crate::files::uploads;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, MessageId, UploadId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::limits;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attached {
    /// A finished upload of the sender's. It becomes a file.
    Upload(UploadId),
    /// A file of the same channel. It is linked to the message; no second entry is created.
    File(FileId),
}

columns! {
    /// An attachment as everybody in the channel sees it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Attachment {
        pub file: FileId = "a.file",
        /// The file's name at the time of sending.
        pub name: String = "a.name",
        /// In bytes.
        pub size: i64 = "a.size",
        pub content_type: String = "a.content_type",
        pub state: State = Stored::COLUMNS => State::of,
    }
}

/// Whether an attachment can still be downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    There(Stored),
    /// Not available to anybody, with the reason: not scanned yet, or found to be harmful.
    HeldBack(String),
    /// The file was deleted (F5).
    Removed,
}

impl State {
    fn of(Nullable(stored): Nullable<Stored>) -> State {
        match stored {
            None => State::Removed,
            Some(Stored { held: Some(why), .. }) => State::HeldBack(why),
            Some(stored) => State::There(stored),
        }
    }
}

impl Attachment {
    pub fn class(&self) -> Class {
        Class::of(&self.content_type)
    }
}

/// An attachment that passed [`check`].
pub(crate) struct Ready {
    what: Attached,
    name: String,
    blob: BlobId,
    size: i64,
    content_type: String,
}

/// Validates the attachments before anything is written.
pub(crate) fn check(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    given: &[Attached],
) -> Result<Vec<Ready>> {
    if given.len() > limits::ATTACHMENTS {
        return Err(Error::field("attachmentIds", Problem::TooMany(limits::ATTACHMENTS)));
    }
    if !given.is_empty() {
        access::channel(reader, actor, channel)?;
    }
    let mut ready = Vec::with_capacity(given.len());
    for (place, attached) in given.iter().enumerate() {
        if given[..place].contains(attached) {
            continue;
        }
        let (name, blob) = match attached {
            Attached::Upload(id) => {
                uploads::for_message(reader, actor, channel, *id)?.map(|upload| (upload.name, upload.blob))
            }
            Attached::File(id) => file(reader, actor, channel, *id)?
                .map(|found| (found.name, found.stored.map(|stored| stored.blob))),
        }
        .ok_or_else(|| Error::field("attachmentIds", Problem::Unknown))?;
        let blob = blob.ok_or_else(|| Error::field("attachmentIds", Problem::Unfinished))?;
        let (size, content_type) = reader.one(
            "SELECT size, content_type FROM blobs WHERE workspace = $1 AND id = $2",
            &[&actor.workspace, &blob],
            |row| row.read(),
        )?;
        ready.push(Ready { what: *attached, name, blob, size, content_type });
    }
    Ok(ready)
}

/// Returns `None` if the id is not a file of this channel.
fn file(reader: &Reader, actor: &Actor, channel: ChannelId, id: FileId) -> Result<Option<Entry>> {
    match find(reader, actor, id) {
        Ok(found) => Ok(Some(found).filter(|found| found.channel == channel && found.kind == Kind::File)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Stores the attachments of a message and files the uploads among them.
pub(crate) fn attach(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    message: MessageId,
    ready: &[Ready],
) -> Result<()> {
    for (place, ready) in ready.iter().enumerate() {
        let file = match ready.what {
            Attached::Upload(id) => {
                uploads::used(tx, actor, id)?;
                filed(tx, actor, channel, &ready.name, ready.blob, message)?
            }
            Attached::File(id) => {
                // A file stays linked to the first message it was sent with.
                tx.run(
                    "UPDATE files SET message = coalesce(message, $3) WHERE workspace = $1 AND id = $2",
                    &[&actor.workspace, &id, &message],
                )?;
                journal::record(tx, actor.workspace, &Event::FileUpdated { channel, file: id });
                id
            }
        };
        let place = i64::try_from(place).expect("a list in memory has a length of 63 bits");
        tx.run(
            "INSERT INTO attachments (workspace, message, place, file, name, size, content_type) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            &[&actor.workspace, &message, &place, &file, &ready.name, &ready.size, &ready.content_type],
        )?;
    }
    Ok(())
}

/// Removes the attachments of a deleted message. The files stay (F5).
pub(crate) fn detach(tx: &Tx, workspace: WorkspaceId, message: MessageId) -> Result<()> {
    tx.run("DELETE FROM attachments WHERE workspace = $1 AND message = $2", &[&workspace, &message])?;
    Ok(())
}

/// The attachments of a message, in the sender's order.
pub(crate) fn of_message(
    reader: &Reader,
    workspace: WorkspaceId,
    message: MessageId,
) -> Result<Vec<Attachment>> {
    Ok(reader.all(
        constcat::concat!(
            "SELECT ",
            Attachment::COLUMNS,
            " FROM attachments a LEFT JOIN files f ON f.workspace = a.workspace AND f.id = a.file \
             AND f.deleted_at IS NULL LEFT JOIN blobs b ON b.workspace = f.workspace AND b.id = f.blob \
             LEFT JOIN previews v ON v.workspace = b.workspace AND v.blob = b.id AND v.made_at IS NOT NULL \
             WHERE a.workspace = $1 AND a.message = $2 ORDER BY a.place"
        ),
        &[&workspace, &message],
        |row| row.read(),
    )?)
}

/// Files an upload sent with a message at the top of the channel, for any sender (F1).
pub(crate) fn filed(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    name: &str,
    blob: BlobId,
    message: MessageId,
) -> Result<FileId> {
    let name = FileName::or("name", name, "file")?;
    let new = NewEntry { blob: Some(blob), message: Some(message), ..NewEntry::new(channel, None, name) };
    insert(tx, actor, &new)
}
