//! Helpers for files: uploading, sending and listing folders as a person would.

use domain::files::blobs::ReceivedBlob;
use domain::files::changing::{self, Contents, Deletion};
use domain::files::entry::{self, Entry};
use domain::files::upload_leases::{self, Asked, LEASE, Lease};
use domain::files::uploads::{self, NewUpload, Purpose, StorageLimits, Upload};
use domain::files::{content, creating, listing, paths, permissions};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{BlobId, ChannelId, FileId, UploadId};
use domain::messages::attachments::Attached;
use domain::messages::message::Message;
use domain::messages::sending::Draft;
use sha2::{Digest, Sha256};

use super::Office;

/// Limits that are never reached, for tests of something else.
pub const ROOM: StorageLimits = StorageLimits { file_max: 100_000_000, workspace_max: 1_000_000_000 };

impl Office {
    /// Bytes as received into the blob store.
    pub fn arrived(&self, bytes: &[u8], name: &str) -> ReceivedBlob {
        let content_type = content::content_type(bytes, name).to_string();
        let dimensions = content_type.starts_with("image/").then_some((640, 480));
        ReceivedBlob {
            id: BlobId::new(self.now()),
            hash: Sha256::digest(bytes).into(),
            size: bytes.len() as i64,
            content_type,
            dimensions,
            is_unchecked: false,
        }
    }

    pub fn announces(
        &self,
        who: Actor,
        channel: ChannelId,
        purpose: Purpose,
        name: &str,
        size: Option<i64>,
        room: StorageLimits,
    ) -> error::Result<Upload> {
        let new = NewUpload { channel, purpose, name: name.to_string(), size, metadata: None };
        self.write(move |tx| uploads::begin(tx, &who, &new, &room))
    }

    /// Asks for the right to add bytes from `offset` on.
    pub fn asks(&self, who: Actor, upload: UploadId, offset: i64) -> error::Result<Asked> {
        self.write(move |tx| upload_leases::take(tx, &who, upload, offset, LEASE))
    }

    pub fn leases(&self, who: Actor, upload: UploadId, offset: i64) -> Lease {
        match self.asks(who, upload, offset) {
            Ok(Asked::Leased(_, lease)) => lease,
            other => panic!("no lease: {other:?}"),
        }
    }

    /// Bytes arrive over a connection of their own.
    pub fn brings(&self, who: Actor, upload: UploadId, from: i64, to: i64) -> error::Result<()> {
        let lease = self.leases(who, upload, from);
        self.write(move |tx| upload_leases::give_back(tx, &who, &lease, to))
    }

    pub fn completes(
        &self,
        who: Actor,
        upload: UploadId,
        arrived: &ReceivedBlob,
        room: StorageLimits,
    ) -> error::Result<Option<FileId>> {
        let arrived = arrived.clone();
        self.write(move |tx| uploads::complete(tx, &who, upload, &arrived, &room))
    }

    /// A complete upload.
    pub fn uploads(
        &self,
        who: Actor,
        channel: ChannelId,
        purpose: Purpose,
        name: &str,
        bytes: &[u8],
    ) -> error::Result<(UploadId, Option<FileId>)> {
        let upload = self.announces(who, channel, purpose, name, Some(bytes.len() as i64), ROOM)?;
        let file = self.completes(who, upload.id, &self.arrived(bytes, name), ROOM)?;
        Ok((upload.id, file))
    }

    /// A complete upload to be sent with a message.
    pub fn ready(&self, who: Actor, channel: ChannelId, name: &str, bytes: &[u8]) -> Attached {
        let ready = self.uploads(who, channel, Purpose::Message, name, bytes);
        Attached::Upload(ready.expect("an upload").0)
    }

    /// Adds a file to a folder.
    pub fn puts(
        &self,
        who: Actor,
        channel: ChannelId,
        folder: Option<FileId>,
        name: &str,
    ) -> error::Result<FileId> {
        let file = self.uploads(who, channel, Purpose::Folder(folder), name, name.as_bytes())?.1;
        Ok(file.expect("a file"))
    }

    pub fn sends_files(
        &self,
        who: Actor,
        channel: ChannelId,
        text: &str,
        attachments: &[Attached],
    ) -> error::Result<Message> {
        let draft = Draft { attachments: attachments.to_vec(), ..self.draft(channel, text, None) };
        self.sends(who, &draft)
    }

    pub fn folder(
        &self,
        who: Actor,
        channel: ChannelId,
        inside: Option<FileId>,
        name: &str,
    ) -> error::Result<FileId> {
        let name = name.to_string();
        self.write(move |tx| creating::make_folder(tx, &who, channel, inside, &name))
    }

    pub fn link(&self, who: Actor, channel: ChannelId, name: &str, url: &str) -> error::Result<FileId> {
        let (name, url) = (name.to_string(), url.to_string());
        self.write(move |tx| creating::make_link(tx, &who, channel, None, &name, &url))
    }

    pub fn file(&self, who: Actor, file: FileId) -> error::Result<Entry> {
        self.read(move |reader| entry::find(reader, &who, file))
    }

    pub fn path(&self, who: Actor, file: FileId) -> String {
        self.read(move |reader| {
            let entry = entry::find(reader, &who, file)?;
            let around = paths::Surroundings::of(reader, who.workspace, entry.channel, entry.folder)?;
            Ok::<_, error::Error>(around.path(&entry))
        })
        .expect("a path")
    }

    /// The names in a folder, in the order listed.
    pub fn names(&self, who: Actor, channel: ChannelId, inside: Option<FileId>) -> Vec<String> {
        let found = self.read(move |reader| listing::in_folder(reader, &who, channel, inside, None, 1000));
        found.expect("a folder").into_iter().map(|entry| entry.name).collect()
    }

    pub fn renames(&self, who: Actor, file: FileId, name: &str) -> error::Result<()> {
        let name = name.to_string();
        self.write(move |tx| changing::rename(tx, &who, file, &name))
    }

    pub fn moves(
        &self,
        who: Actor,
        channel: ChannelId,
        moved: &[FileId],
        into: Option<FileId>,
    ) -> error::Result<()> {
        let moved = moved.to_vec();
        self.write(move |tx| changing::move_to(tx, &who, channel, &moved, into))
    }

    pub fn removes(&self, who: Actor, channel: ChannelId, removed: &[FileId]) -> error::Result<Deletion> {
        let removed = removed.to_vec();
        self.write(move |tx| changing::delete(tx, &who, channel, &removed, Contents::GoToo))
    }

    pub fn brings_back(&self, who: Actor, channel: ChannelId, deletion: Deletion) -> error::Result<()> {
        self.write(move |tx| changing::restore(tx, &who, channel, deletion))
    }

    pub fn closes(&self, who: Actor, folder: FileId, read_only: bool) -> error::Result<()> {
        self.write(move |tx| permissions::set_read_only(tx, &who, folder, read_only))
    }

    pub fn closes_all(&self, who: Actor, channel: ChannelId, read_only: bool) -> error::Result<()> {
        self.write(move |tx| permissions::set_channel_read_only(tx, &who, channel, read_only))
    }

    /// The number of rows in a table.
    pub fn rows(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.read(move |reader| Ok(reader.one(&sql, &[], |row| row.get(0))?)).expect("a count")
    }
}
