//! Messages: sending, changing, mentions, attachments, search, and the backlog of unread messages.

pub mod attachments;
pub mod editing;
pub mod mentions;
pub mod message;
pub mod search;
mod search_expression;
pub mod sending;
pub mod unread_backlog;
