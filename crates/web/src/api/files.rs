//! Files, folders and links as API objects. Their calls are in `file_calls` and `file_permissions`.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::files::entry::{self, Entry, Kind, Status};
use domain::files::paths::Surroundings;
use domain::files::signed_urls::{Purpose, Signer};
use domain::kernel::access::Role;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, FileId, MessageId, PersonId, WorkspaceId};
use domain::messages::attachments::{Attached, Attachment, State};
use domain::messages::message::Message;
use domain::tenant::workspaces;
use serde::Serialize;
use store::Reader;
use utoipa::ToSchema;

use crate::api::client_permissions::client_permissions;
use crate::api::objects::{Viewer, time};
use crate::api::schemas;

/// A file, a folder or a link.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct File {
    pub(crate) id: FileId,
    /// `file`, `folder` or `link`.
    pub(crate) object: &'static str,
    pub(crate) channel_id: ChannelId,
    /// From the top of the channel: `Contracts/2026/deed.pdf`.
    pub(crate) path: String,
    pub(crate) name: String,
    /// In bytes; of files.
    pub(crate) size: Option<i64>,
    pub(crate) content_type: Option<String>,
    /// `pending` until its bytes have come, then `completed`; `heldBack` where it is handed to nobody, and `removed` for what
    /// a message was sent with and was deleted since.
    pub(crate) status: &'static str,
    pub(crate) created_at: schemas::Time,
    pub(crate) updated_at: schemas::Time,
    pub(crate) creator_id: PersonId,
    pub(crate) last_modified_by: By,
    /// Where a link leads.
    pub(crate) link_url: Option<String>,
    /// Where the bytes are put, with PUT, for 15 minutes. Only in the answer that makes a file.
    pub(crate) upload_url: Option<String>,
    /// Where the bytes are, for 15 minutes and without a key. Null until they have come, and where they are handed to nobody.
    pub(crate) download_url: Option<String>,
    /// What client users may do in a folder: `read-write` or `read-only`.
    pub(crate) client_permissions: Option<&'static str>,
    /// What it was sent with.
    pub(crate) message_id: Option<MessageId>,
}

/// Who did something.
#[derive(Serialize, ToSchema)]
pub(crate) struct By {
    id: PersonId,
    /// `client` or `internalUser`.
    object: &'static str,
}

impl By {
    fn new(id: PersonId, role: Role) -> By {
        By { id, object: if role.is_internal() { "internalUser" } else { "client" } }
    }
}

/// Builds signed download and upload addresses, which need no key for 15 minutes (F2), and looks up where entries are.
pub(crate) struct Addresses {
    workspace: WorkspaceId,
    /// A cache: queried once per folder.
    around: RefCell<HashMap<(ChannelId, Option<FileId>), Surroundings>>,
    /// The base of the workspace's links.
    portal: String,
    signer: Signer,
}

impl Addresses {
    pub(crate) fn new(reader: &Reader, viewer: &Viewer) -> error::Result<Addresses> {
        let workspace = viewer.actor.workspace;
        Ok(Addresses {
            workspace,
            around: RefCell::default(),
            portal: workspaces::address_of(reader, workspace, &viewer.public_url)?,
            signer: Signer::new(reader, &viewer.actor)?,
        })
    }

    pub(crate) fn of(&self, file: FileId, purpose: Purpose) -> String {
        format!("{}/signed/{}", self.portal, self.signer.sign(purpose, file))
    }

    fn around(&self, reader: &Reader, entry: &Entry) -> error::Result<Surroundings> {
        let place = (entry.channel, entry.folder);
        if let Some(known) = self.around.borrow().get(&place) {
            return Ok(known.clone());
        }
        let found = Surroundings::of(reader, self.workspace, entry.channel, entry.folder)?;
        self.around.borrow_mut().insert(place, found.clone());
        Ok(found)
    }
}

impl File {
    pub(crate) fn read(reader: &Reader, addresses: &Addresses, entry: Entry) -> error::Result<File> {
        let is_folder = entry.kind == Kind::Folder;
        let is_there = entry.kind == Kind::File && entry.status() == Status::Completed;
        let around = addresses.around(reader, &entry)?;
        Ok(File {
            path: around.path(&entry),
            client_permissions: is_folder.then(|| client_permissions(around.is_read_only(&entry))),
            status: entry.status().word(),
            id: entry.id,
            object: entry.kind.word(),
            channel_id: entry.channel,
            name: entry.name,
            size: entry.stored.as_ref().map(|stored| stored.size),
            content_type: entry.stored.map(|stored| stored.content_type),
            created_at: time(entry.created_at),
            updated_at: time(entry.updated_at),
            creator_id: entry.creator,
            last_modified_by: By::new(entry.changed_by, entry.changed_by_role),
            link_url: entry.link_url,
            upload_url: None,
            download_url: is_there.then(|| addresses.of(entry.id, Purpose::Download)),
            message_id: entry.message,
        })
    }

    pub(crate) fn one(reader: &Reader, viewer: &Viewer, entry: Entry) -> error::Result<File> {
        File::read(reader, &Addresses::new(reader, viewer)?, entry)
    }

    /// A file that was sent and then deleted: only its name is left (F5).
    fn removed(message: &Message, attachment: &Attachment) -> File {
        File {
            id: attachment.file,
            object: Kind::File.word(),
            channel_id: message.channel,
            path: attachment.name.clone(),
            name: attachment.name.clone(),
            size: Some(attachment.size),
            content_type: Some(attachment.content_type.clone()),
            status: "removed",
            created_at: time(message.sent_at),
            updated_at: time(message.sent_at),
            creator_id: message.author,
            last_modified_by: By::new(message.author, message.author_role),
            link_url: None,
            upload_url: None,
            download_url: None,
            client_permissions: None,
            message_id: Some(message.id),
        }
    }
}

/// The attachments of a message.
pub(crate) fn attached(reader: &Reader, viewer: &Viewer, message: &Message) -> error::Result<Vec<File>> {
    if message.attachments.is_empty() {
        return Ok(Vec::new());
    }
    let addresses = Addresses::new(reader, viewer)?;
    let file = |attachment: &Attachment| {
        let found = match attachment.state {
            State::Removed => None,
            _ => entry::for_events(reader, viewer.actor.workspace, attachment.file)?,
        };
        match found {
            Some(entry) => File::read(reader, &addresses, entry),
            None => Ok(File::removed(message, attachment)),
        }
    };
    message.attachments.iter().map(file).collect()
}

pub(crate) fn find(reader: &Reader, viewer: &Viewer, id: FileId) -> error::Result<File> {
    File::one(reader, viewer, entry::find(reader, &viewer.actor, id)?)
}

/// Maps file ids to attachments of a message to send.
pub(crate) fn sent_with(ids: Vec<FileId>) -> Vec<Attached> {
    ids.into_iter().map(Attached::File).collect()
}
