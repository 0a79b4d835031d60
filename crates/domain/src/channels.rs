//! Channels: subjects, members, read positions, lists, in-product notifications. Relies on `directory` for subjects.

pub mod acting_as;
pub mod channel;
pub mod list;
pub mod members;
pub mod notification_id;
pub mod notification_marks;
pub mod notifications;
pub mod starting;
pub mod unread_count;
