//! One entry of a conversation, as the template shows it.

use domain::kernel::ids::MessageId;

use crate::http::times::Shown;

/// A message with what differs between its viewers.
pub(crate) struct Entry {
    pub(crate) day: Option<Shown>,
    pub(crate) is_first_unread: bool,
    pub(crate) is_own: bool,
    pub(crate) is_run: bool,
    pub(crate) is_linked: bool,
    pub(crate) can_change: bool,
    pub(crate) id: MessageId,
    pub(crate) html: String,
    pub(crate) seen: Option<Seen>,
    /// Its delivery status as HTML; empty for client users.
    pub(crate) fates: String,
}

/// Who has seen everything up to here and nothing later.
pub(crate) struct Seen {
    pub(crate) names: String,
    pub(crate) at: Option<Shown>,
}
