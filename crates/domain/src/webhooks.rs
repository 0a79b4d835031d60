//! Webhooks: which exist, what they receive, and the history of their calls.

pub mod call_attempts;
pub mod call_history;
pub mod calls;
pub mod webhook;
