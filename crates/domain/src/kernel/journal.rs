//! The kinds of journal entries: what happened, by reference. They never contain a message's text. Live updates,
//! webhooks and the API's events are fed from them.

use serde::{Deserialize, Serialize};
use store::{Entry, Recorded, Tx};

use crate::kernel::ids::{
    ChannelId, CompanyId, DigestId, FileId, MessageId, PersonId, ProjectId, SessionId, WorkspaceId,
};
use crate::kernel::medium::Medium;

/// Something to be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Event {
    #[serde(rename = "message.sent")]
    MessageSent {
        channel: ChannelId,
        message: MessageId,
        /// Within the channel.
        position: i64,
        author: PersonId,
    },
    #[serde(rename = "message.updated")]
    MessageUpdated {
        channel: ChannelId,
        message: MessageId,
        /// Within the channel.
        position: i64,
    },
    /// A tombstone remains.
    #[serde(rename = "message.deleted")]
    MessageDeleted {
        channel: ChannelId,
        message: MessageId,
        /// Within the channel.
        position: i64,
    },
    /// A file, folder or link was added to a channel.
    #[serde(rename = "file.created")]
    FileCreated {
        /// Its file channel (F7).
        channel: ChannelId,
        file: FileId,
    },
    /// The name, place, bytes or permissions of a file, folder or link changed.
    #[serde(rename = "file.updated")]
    FileUpdated {
        /// Its file channel (F7).
        channel: ChannelId,
        file: FileId,
    },
    #[serde(rename = "file.deleted")]
    FileDeleted {
        /// Its file channel (F7).
        channel: ChannelId,
        file: FileId,
    },
    #[serde(rename = "channel.read")]
    ChannelRead {
        channel: ChannelId,
        /// Whose read position moved.
        person: PersonId,
        position: i64,
        /// The read position before. Older versions did not record it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<i64>,
    },
    #[serde(rename = "messageChannel.created")]
    ChannelCreated { channel: ChannelId },
    /// Recorded with [`Event::ChannelCreated`]: every channel is also a file channel (F7).
    #[serde(rename = "fileChannel.created")]
    FileChannelCreated { channel: ChannelId },
    /// A channel's title changed, or it was archived or restored.
    #[serde(rename = "messageChannel.updated")]
    ChannelUpdated { channel: ChannelId },
    #[serde(rename = "members.changed")]
    MembersChanged {
        channel: ChannelId,
        joined: Vec<PersonId>,
        /// People who lost access.
        left: Vec<PersonId>,
    },
    /// A digest was sent (N12): one entry for each of its channels.
    #[serde(rename = "notification.sent")]
    NotificationSent {
        channel: ChannelId,
        /// The recipient.
        person: PersonId,
        digest: DigestId,
        way: Medium,
    },
    /// A digest can no longer be delivered (N12): one entry for each of its channels.
    #[serde(rename = "notification.failed")]
    NotificationFailed {
        channel: ChannelId,
        /// The recipient.
        person: PersonId,
        digest: DigestId,
        way: Medium,
    },
    #[serde(rename = "notification.changed")]
    NotificationChanged {
        /// Where the delivery status of messages changed (N12, N14).
        channel: ChannelId,
        /// The recipient; `None` for all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<PersonId>,
        /// The messages: after the first position, up to the second. Older versions did not record them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        positions: Option<(i64, i64)>,
    },
    #[serde(rename = "access.changed")]
    AccessChanged {
        /// Who has to reload: what they may see changed in too many channels to list.
        person: PersonId,
    },
    #[serde(rename = "session.ended")]
    SessionEnded {
        session: SessionId,
        /// Who was signed in.
        person: PersonId,
    },
    #[serde(rename = "client.created")]
    ClientCreated { client: PersonId },
    #[serde(rename = "client.updated")]
    ClientUpdated { client: PersonId },
    /// A client user signed in for the first time.
    #[serde(rename = "client.activated")]
    ClientActivated { client: PersonId },
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
    /// The journal's name for it.
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

    /// The channel whose members are concerned; `None` for events that are not about one channel.
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
            | Event::NotificationChanged { channel, .. } => Some(*channel),
            _ => None,
        }
    }

    /// Whether only internal users may see it: delivery statuses (N12).
    pub fn is_internal(&self) -> bool {
        matches!(
            self,
            Event::NotificationSent { .. }
                | Event::NotificationFailed { .. }
                | Event::NotificationChanged { .. }
        )
    }

    /// `None` if a newer version wrote a kind that is unknown here.
    pub fn of(entry: &Recorded) -> Option<Event> {
        Event::read(&entry.payload)
    }

    /// `None` if the kind is unknown here.
    pub(crate) fn read(payload: &str) -> Option<Event> {
        serde_json::from_str(payload).ok()
    }
}

/// Publishes an event once the transaction is on disk.
pub(crate) fn record(tx: &mut Tx, workspace: WorkspaceId, event: &Event) {
    // Ids, numbers and lists of them always serialize.
    let payload = serde_json::to_string(event).expect("an event has a JSON form");
    tx.record(Entry {
        workspace: workspace.0,
        kind: event.kind(),
        channel: event.channel().map(|channel| channel.0),
        payload,
    });
}
