//! Entries of the journal: before they are written, and as they are read back.

use uuid::Uuid;

use crate::time::Time;

/// A change that subscribers may need to know about. It refers to what changed and never repeats a message's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The workspace in which the change happened.
    pub workspace: Uuid,
    /// The event's name, for instance `message.sent`.
    pub kind: &'static str,
    /// The channel whose readers are concerned, if the change belongs to one.
    pub channel: Option<Uuid>,
    /// References to what changed, as JSON.
    pub payload: String,
}

/// A journal entry that has its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The position in the workspace's journal: from 1, without gaps.
    pub seq: i64,
    /// The time of the transaction.
    pub at: Time,
    /// The event's name.
    pub kind: String,
    /// The channel whose readers are concerned, if the change belongs to one.
    pub channel: Option<Uuid>,
    /// References to what changed, as JSON.
    pub payload: String,
}
