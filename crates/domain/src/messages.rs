//! Messages: sending, changing, mentions, attachments, search, and which of them are still unread.

pub mod attachments;
pub mod editing;
pub mod mentions;
pub mod message;
pub mod search;
pub mod sending;
pub mod unread_backlog;
