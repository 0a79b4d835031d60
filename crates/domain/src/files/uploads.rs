//! Uploads: bytes on their way in (F3). An upload is announced, takes what comes, and is done when all of it is in the store
//! of blobs. What it is for is settled when it is announced: to lie in a folder, to fill a file that waits for its bytes,
//! or to wait until its sender sends it with a message. What is never finished or never used goes by itself.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::files::blobs::{self, ReceivedBlob};
use crate::files::creating::{self, Making, insert, may_make};
use crate::files::entry::{self, Entry};
use crate::files::names::FileName;
use crate::files::permissions;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{BlobId, ChannelId, FileId, PersonId, UploadId, WorkspaceId};
use crate::tenant::settings;

/// An upload that becomes a file in a folder where the one who asks may put it. The file has the upload's id, so that who did
/// not hear that it is done finds out.
pub(crate) fn file_at(
    tx: &mut Tx,
    actor: &Actor,
    upload: &Upload,
    inside: Option<FileId>,
    blob: BlobId,
) -> Result<FileId> {
    let name = FileName::or("name", &upload.name, "file")?;
    may_make(tx, actor, upload.channel, inside)?;
    let making = Making {
        id: Some(FileId(upload.id.0)),
        blob: Some(blob),
        ..Making::new(upload.channel, inside, name)
    };
    insert(tx, actor, &creating)
}

/// An upload that nothing comes for, or that nobody uses, is kept this long.
pub const LASTS: Duration = Duration::from_secs(24 * 3600);
/// An upload that nothing has come for so long has lost its connection. It is kept, and is not in the way of others.
pub const QUIET: Duration = Duration::from_secs(120);
/// Uploads that one person has open at once: a folder of photographs, and some.
pub const OPEN_MAX: i64 = 200;
/// Rows that one sweep takes at most, so that nobody waits for it.
const SWEPT_AT_ONCE: i64 = 200;

/// How much may come in, as the program is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageLimits {
    /// Most bytes of one file; a workspace may set less.
    pub file_max: i64,
    /// Most bytes of all files of a workspace.
    pub workspace_max: i64,
}

/// What an upload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It waits to be sent with a message.
    Message,
    /// It becomes a file in this folder, or at the top.
    Folder(Option<FileId>),
    /// It fills a file that waits for its bytes.
    File(FileId),
}

impl Purpose {
    /// From the folder (the channel's id at the top) and the file that the database has.
    fn of(channel: ChannelId, place: (Option<FileId>, Option<FileId>)) -> Purpose {
        match place {
            (_, Some(file)) => Purpose::File(file),
            (Some(folder), None) => Purpose::Folder((folder.0 != channel.0).then_some(folder)),
            (None, None) => Purpose::Message,
        }
    }
}

/// An upload that is announced.
#[derive(Clone, Debug)]
pub struct NewUpload {
    pub channel: ChannelId,
    pub purpose: Purpose,
    /// What the file is called.
    pub name: String,
    /// How many bytes will come; none where that is not known before they have.
    pub size: Option<i64>,
}

columns! {
    /// An upload.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Upload {
        pub id: UploadId = "id",
        pub channel: ChannelId = "channel",
        pub purpose: Purpose = "folder, file" => |place| Purpose::of(channel, place),
        /// What the file is called, as it was given.
        pub name: String = "name",
        /// How many bytes will come, where that is known.
        pub size: Option<i64> = "size",
        /// How many have come and are on disk.
        pub received: i64 = "received",
        /// The bytes, once all of them have come.
        pub blob: Option<BlobId> = "blob",
        /// Until when it is kept where nothing happens.
        pub expires_at: Time = "expires_at",
    }
}

/// How many bytes one file may have in a workspace.
///
/// # Errors
/// `NotFound` where there is no such workspace.
pub fn file_max(reader: &Reader, workspace: WorkspaceId, room: &StorageLimits) -> Result<i64> {
    Ok(settings::file_limit(reader, workspace)?.unwrap_or(i64::MAX).min(room.file_max))
}

/// Announces an upload. Everything that speaks against it is said now: access, size, room.
///
/// # Errors
/// `NotFound`; `Forbidden` where the one who asks only looks (F6) or has left; `Field` for a size over the limit, a full
/// workspace or a name; `Conflict` for too many open uploads, or a file that has its bytes.
pub fn begin(tx: &mut Tx, actor: &Actor, new: &NewUpload, room: &StorageLimits) -> Result<Upload> {
    let name = FileName::or("name", &new.name, "file")?.given;
    access::channel(tx, actor, new.channel)?;
    let (folder, file) = place(tx, actor, new)?;
    let file_max = file_max(tx, actor.workspace, room)?;
    if new.size.is_some_and(|size| size > file_max) {
        return Err(Error::field("file", Problem::TooLarge(file_max)));
    }
    if new.size.is_some_and(|size| size < 0) {
        return Err(Error::field("file", Problem::Empty));
    }
    let now = tx.now();
    // StorageLimits is held for what is coming; of what has lost its connection only what is there needs any.
    let (open, coming): (i64, i64) = tx.one(
        "SELECT (SELECT count(*) FROM uploads WHERE workspace = $1 AND person = $2 AND expires_at > $3), \
         CAST(coalesce(sum(CASE WHEN expires_at > $4 THEN coalesce(size, received) ELSE received END), 0) AS BIGINT) \
         FROM uploads WHERE workspace = $1 AND blob IS NULL",
        &[&actor.workspace, &actor.person, &now, &now.after(LASTS).before(QUIET)],
        |row| row.read(),
    )?;
    if open >= OPEN_MAX && !make_way(tx, actor)? {
        return Err(Error::Conflict("There are too many uploads at once. Please wait for some to finish."));
    }
    let stored = blobs::stored(tx, actor.workspace)?;
    if stored.saturating_add(coming).saturating_add(new.size.unwrap_or(1)) > room.workspace_max {
        return Err(Error::field("file", Problem::StorageFull));
    }
    let id = UploadId::new(now);
    tx.run(
        "INSERT INTO uploads (workspace, id, person, channel, folder, file, name, size, received, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10)",
        &[
            &actor.workspace,
            &id,
            &actor.person,
            &new.channel,
            &folder,
            &file,
            &name,
            &new.size,
            &now,
            &now.after(LASTS),
        ],
    )?;
    find(tx, actor, id)
}

/// Ends the upload of this person that has been without a connection for longest, where there is one: whoever often loses
/// theirs is not locked out by what is left of it.
fn make_way(tx: &Tx, actor: &Actor) -> Result<bool> {
    let now = tx.now();
    let ended = tx.run(
        "UPDATE uploads SET expires_at = $3 WHERE (workspace, id) IN \
         (SELECT workspace, id FROM uploads WHERE workspace = $1 AND person = $2 AND blob IS NULL \
         AND expires_at > $3 AND expires_at <= $4 ORDER BY expires_at LIMIT 1)",
        &[&actor.workspace, &actor.person, &now, &now.after(LASTS).before(QUIET)],
    )?;
    Ok(ended > 0)
}

/// Where an upload is to lie, as the database keeps it: the folder (the channel's id at the top), the file.
fn place(reader: &Reader, actor: &Actor, new: &NewUpload) -> Result<(Option<uuid::Uuid>, Option<FileId>)> {
    let may = |inside| permissions::may_change(reader, actor, new.channel, inside);
    let is_open = match new.purpose {
        // A file that is sent is filed at the top, whatever is read-only; who has left writes nothing.
        Purpose::Message => permissions::may_send(reader, actor, new.channel)?,
        Purpose::Folder(folder) => {
            entry::folder(reader, actor, new.channel, folder)?;
            may(folder)?
        }
        Purpose::File(file) => {
            let found = entry::find(reader, actor, file)?;
            if found.channel != new.channel || found.kind != entry::Kind::File {
                return Err(Error::NotFound);
            }
            if found.stored.is_some() {
                return Err(Error::Conflict("This file has its bytes already."));
            }
            may(found.folder)?
        }
    };
    if !is_open {
        return Err(Error::Forbidden);
    }
    Ok(match new.purpose {
        Purpose::Message => (None, None),
        Purpose::Folder(folder) => (Some(folder.map_or(new.channel.0, |folder| folder.0)), None),
        Purpose::File(file) => (None, Some(file)),
    })
}

const COLUMNS: &str = Upload::COLUMNS;

/// An upload of the one who asks, to a channel that they still see.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, actor: &Actor, upload: UploadId) -> Result<Upload> {
    let sql = format!(
        "SELECT {COLUMNS} FROM uploads WHERE workspace = $1 AND id = $2 AND person = $3 AND expires_at > $4"
    );
    let found =
        reader.first(&sql, &[&actor.workspace, &upload, &actor.person, &reader.now()], |row| row.read())?;
    let found: Upload = found.ok_or(Error::NotFound)?;
    access::channel(reader, actor, found.channel)?;
    Ok(found)
}

/// An upload of the sender's that waits to be sent in this channel.
pub(crate) fn for_message(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    upload: UploadId,
) -> Result<Option<Upload>> {
    let found = match find(reader, actor, upload) {
        Err(Error::NotFound) => return Ok(None),
        found => found?,
    };
    Ok(Some(found).filter(|found| found.channel == channel && found.purpose == Purpose::Message))
}

/// Notes that everything up to `received` is on disk, and keeps the upload for another while.
///
/// # Errors
/// `NotFound`.
pub fn received(tx: &mut Tx, actor: &Actor, upload: UploadId, received: i64) -> Result<()> {
    let known = tx.run(
        "UPDATE uploads SET received = $4, expires_at = $5 \
         WHERE workspace = $1 AND id = $2 AND person = $3 AND blob IS NULL",
        &[&actor.workspace, &upload, &actor.person, &received, &tx.now().after(LASTS)],
    )?;
    if known > 0 { Ok(()) } else { Err(Error::NotFound) }
}

/// All of an upload is in the store of blobs: it becomes what it was announced for. Answers the file, where it is one now.
/// An upload for a message waits to be sent.
///
/// # Errors
/// `NotFound`; `Forbidden` where the one who asks may no longer change the folder; `Field` where the workspace is full or
/// the file larger than announced or allowed. The bytes count for nothing then.
pub fn complete(
    tx: &mut Tx,
    actor: &Actor,
    upload: UploadId,
    arrived: &ReceivedBlob,
    room: &StorageLimits,
) -> Result<Option<FileId>> {
    let found = find(tx, actor, upload)?;
    if found.blob.is_some() {
        return Err(Error::Conflict("This upload is complete already."));
    }
    let most = found.size.unwrap_or(file_max(tx, actor.workspace, room)?);
    if arrived.size > most {
        return Err(Error::field("file", Problem::TooLarge(most)));
    }
    let new = NewUpload {
        channel: found.channel,
        purpose: found.purpose,
        name: found.name.clone(),
        size: found.size,
    };
    place(tx, actor, &new)?;
    let blob = blobs::insert(tx, actor.workspace, arrived, room.workspace_max)?;
    match found.purpose {
        Purpose::Message => {
            tx.run(
                "UPDATE uploads SET blob = $3, received = $4, expires_at = $5 WHERE workspace = $1 AND id = $2",
                &[&actor.workspace, &upload, &blob, &arrived.size, &tx.now().after(LASTS)],
            )?;
            Ok(None)
        }
        Purpose::Folder(folder) => {
            used(tx, actor, upload)?;
            file_at(tx, actor, &found, folder, blob).map(Some)
        }
        Purpose::File(file) => {
            used(tx, actor, upload)?;
            creating::fill(tx, actor, file, blob)?;
            Ok(Some(file))
        }
    }
}

/// The file that an upload of the one who asks has become in its folder, with its bytes: for those who did not hear that it
/// is done.
///
/// # Errors
/// `NotFound`.
pub fn became(reader: &Reader, actor: &Actor, upload: UploadId) -> Result<Entry> {
    let file = entry::find(reader, actor, FileId(upload.0))?;
    if file.creator == actor.person { Ok(file) } else { Err(Error::NotFound) }
}

/// An upload is what it was to become: there is nothing left of it.
pub(crate) fn used(tx: &Tx, actor: &Actor, upload: UploadId) -> Result<()> {
    let gone = tx.run(
        "DELETE FROM uploads WHERE workspace = $1 AND id = $2 AND person = $3",
        &[&actor.workspace, &upload, &actor.person],
    )?;
    if gone > 0 { Ok(()) } else { Err(Error::NotFound) }
}

/// Gives an upload up: its sender has thought better of it.
///
/// # Errors
/// `NotFound`.
pub fn abandon(tx: &mut Tx, actor: &Actor, upload: UploadId) -> Result<()> {
    let found = find(tx, actor, upload)?;
    used(tx, actor, upload)?;
    match found.blob {
        Some(blob) => blobs::release(tx, actor.workspace, blob),
        None => Ok(()),
    }
}

/// Removes some uploads that were never finished or never used, and answers them: what has come of them is to be removed
/// from the store.
pub fn sweep(tx: &Tx) -> Result<Vec<UploadId>> {
    let gone = tx.all(
        "DELETE FROM uploads WHERE (workspace, id) IN \
         (SELECT workspace, id FROM uploads WHERE expires_at <= $1 LIMIT $2) RETURNING workspace, id, blob",
        &[&tx.now(), &SWEPT_AT_ONCE],
        |row| row.read::<((WorkspaceId, UploadId), Option<BlobId>)>(),
    )?;
    for ((workspace, _), blob) in &gone {
        if let Some(blob) = blob {
            blobs::release(tx, *workspace, *blob)?;
        }
    }
    Ok(gone.into_iter().map(|((_, upload), _)| upload).collect())
}

/// Whether an upload is still on its way, whoever's it is: what has come of any other is swept from the store.
pub fn is_open(reader: &Reader, upload: UploadId) -> Result<bool> {
    // Its id alone names it: the store's staging place knows no workspaces.
    let open =
        reader.first("SELECT person FROM uploads WHERE id = $1", &[&upload], |row| row.get::<PersonId>(0))?;
    Ok(open.is_some())
}
