//! Calls of programs: which webhooks there are, what they are to be told, and how each call went.

pub mod call_attempts;
pub mod call_history;
pub mod calls;
pub mod webhook;
