//! The kinds of journal entries: what happened, by reference. A message's text is never in them.

use serde::{Deserialize, Serialize};
use store::{Entry, Recorded, Tx};

use crate::kernel::ids::{
    ChannelId, CompanyId, DigestId, FileId, MessageId, PersonId, ProjectId, SessionId, WorkspaceId,
};
use crate::kernel::medium::Medium;

/// Something that somebody may have to hear of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    #[serde(rename = "message.sent")]
    MessageSent {
        /// Where.
        channel: ChannelId,
        message: MessageId,
        /// Its place in the channel.
        position: i64,
        author: PersonId,
    },
    /// A message's text was changed.
    #[serde(rename = "message.updated")]
    MessageUpdated {
        /// Where.
        channel: ChannelId,
        message: MessageId,
        /// Its place in the channel.
        position: i64,
    },
    /// A message was deleted; a tombstone stays.
    #[serde(rename = "message.deleted")]
    MessageDeleted {
        /// Where.
        channel: ChannelId,
        message: MessageId,
        /// Its place in the channel.
        position: i64,
    },
    /// A file, a folder or a link was put into a channel's files.
    #[serde(rename = "file.created")]
    FileCreated {
        /// Where.
        channel: ChannelId,
        file: FileId,
    },
    /// Something about a file, a folder or a link changed: its name, its place, its bytes, who may change it.
    #[serde(rename = "file.updated")]
    FileUpdated {
        /// Where.
        channel: ChannelId,
        file: FileId,
    },
    /// A file, a folder or a link was deleted.
    #[serde(rename = "file.deleted")]
    FileDeleted {
        /// Where.
        channel: ChannelId,
        file: FileId,
    },
    /// Somebody's read position moved.
    #[serde(rename = "channel.read")]
    ChannelRead {
        /// Where.
        channel: ChannelId,
        /// Whose.
        person: PersonId,
        position: i64,
    },
    #[serde(rename = "messageChannel.created")]
    ChannelCreated { channel: ChannelId },
    /// A channel was made, and so a place for its files.
    #[serde(rename = "fileChannel.created")]
    FileChannelCreated { channel: ChannelId },
    /// A channel's title changed, or it was archived or brought back.
    #[serde(rename = "messageChannel.updated")]
    ChannelUpdated { channel: ChannelId },
    /// People joined a channel or lost access to it.
    #[serde(rename = "members.changed")]
    MembersChanged {
        channel: ChannelId,
        /// Who came.
        joined: Vec<PersonId>,
        /// Who can see it no more.
        left: Vec<PersonId>,
    },
    /// A notice of missed messages has left (N12): one entry for each channel that it is about.
    #[serde(rename = "notification.sent")]
    NotificationSent {
        channel: ChannelId,
        /// To whom.
        person: PersonId,
        /// What it says, and more about it.
        digest: DigestId,
        way: Medium,
    },
    /// A notice of missed messages will never arrive (N12): one entry for each channel that it is about.
    #[serde(rename = "notification.failed")]
    NotificationFailed {
        channel: ChannelId,
        /// To whom.
        person: PersonId,
        /// What it would have said, and why it failed.
        digest: DigestId,
        way: Medium,
    },
    /// When, or whether, somebody is told of what was written in a channel is another than it was (N12, N14).
    #[serde(rename = "notification.changed")]
    NotificationChanged {
        /// Where.
        channel: ChannelId,
    },
    /// What somebody may see changed in more than a few places: they have to look anew.
    #[serde(rename = "access.changed")]
    AccessChanged {
        /// Whose.
        person: PersonId,
    },
    /// A signed-in browser was signed out.
    #[serde(rename = "session.ended")]
    SessionEnded {
        session: SessionId,
        /// Whose.
        person: PersonId,
    },
    /// A client user was made.
    #[serde(rename = "client.created")]
    ClientCreated { client: PersonId },
    /// A client user changed.
    #[serde(rename = "client.updated")]
    ClientUpdated { client: PersonId },
    /// A client user signed in for the first time.
    #[serde(rename = "client.activated")]
    ClientActivated { client: PersonId },
    /// A client user was deleted.
    #[serde(rename = "client.deleted")]
    ClientDeleted { client: PersonId },
    #[serde(rename = "company.created")]
    CompanyCreated { company: CompanyId },
    #[serde(rename = "company.updated")]
    CompanyUpdated { company: CompanyId },
    #[serde(rename = "company.deleted")]
    CompanyDeleted { company: CompanyId },
    #[serde(rename = "project.created")]
    ProjectCreated { project: ProjectId },
    #[serde(rename = "project.updated")]
    ProjectUpdated { project: ProjectId },
    #[serde(rename = "project.deleted")]
    ProjectDeleted { project: ProjectId },
}

impl Event {
    /// The name under which the journal keeps it.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::MessageSent { .. } => "message.sent",
            Event::MessageUpdated { .. } => "message.updated",
            Event::MessageDeleted { .. } => "message.deleted",
            Event::FileCreated { .. } => "file.created",
            Event::FileUpdated { .. } => "file.updated",
            Event::FileDeleted { .. } => "file.deleted",
            Event::ChannelRead { .. } => "channel.read",
            Event::ChannelCreated { .. } => "messageChannel.created",
            Event::FileChannelCreated { .. } => "fileChannel.created",
            Event::ChannelUpdated { .. } => "messageChannel.updated",
            Event::MembersChanged { .. } => "members.changed",
            Event::NotificationSent { .. } => "notification.sent",
            Event::NotificationFailed { .. } => "notification.failed",
            Event::NotificationChanged { .. } => "notification.changed",
            Event::AccessChanged { .. } => "access.changed",
            Event::SessionEnded { .. } => "session.ended",
            Event::ClientCreated { .. } => "client.created",
            Event::ClientUpdated { .. } => "client.updated",
            Event::ClientActivated { .. } => "client.activated",
            Event::ClientDeleted { .. } => "client.deleted",
            Event::CompanyCreated { .. } => "company.created",
            Event::CompanyUpdated { .. } => "company.updated",
            Event::CompanyDeleted { .. } => "company.deleted",
            Event::ProjectCreated { .. } => "project.created",
            Event::ProjectUpdated { .. } => "project.updated",
            Event::ProjectDeleted { .. } => "project.deleted",
        }
    }

    /// The channel whose people are concerned, where it is one channel's matter.
    pub fn channel(&self) -> Option<ChannelId> {
        match self {
            Event::MessageSent { channel, .. }
            | Event::MessageUpdated { channel, .. }
            | Event::MessageDeleted { channel, .. }
            | Event::FileCreated { channel, .. }
            | Event::FileUpdated { channel, .. }
            | Event::FileDeleted { channel, .. }
            | Event::ChannelRead { channel, .. }
            | Event::ChannelCreated { channel }
            | Event::FileChannelCreated { channel }
            | Event::ChannelUpdated { channel }
            | Event::MembersChanged { channel, .. }
            | Event::NotificationSent { channel, .. }
            | Event::NotificationFailed { channel, .. }
            | Event::NotificationChanged { channel } => Some(*channel),
            _ => None,
        }
    }

    /// Whether it is for internal users alone: what becomes of a message outside the portal (N12).
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            Event::NotificationSent { .. }
                | Event::NotificationFailed { .. }
                | Event::NotificationChanged { .. }
        )
    }

    /// The event of a journal entry; nothing where a newer program wrote a kind unknown here.
    pub fn of(entry: &Recorded) -> Option<Event> {
        Event::read(&entry.payload)
    }

    /// The event of an entry's payload; nothing where it is unknown here.
    pub(crate) fn read(payload: &str) -> Option<Event> {
        serde_json::from_str(payload).ok()
    }
}

/// Tells everybody concerned, once the transaction is on disk.
pub(crate) fn record(tx: &mut Tx, workspace: WorkspaceId, event: &Event) {
    // Ids, numbers and lists of them always have a JSON form.
    let payload = serde_json::to_string(event).unwrap_or_default();
    tx.record(Entry {
        workspace: workspace.0,
        kind: event.kind(),
        channel: event.channel().map(|channel| channel.0),
        payload,
    });
}
