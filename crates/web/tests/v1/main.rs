//! `/v1` as programs call it.

#![allow(missing_docs)]
#![allow(clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod authorization;
mod bad_input;
mod conversations;
mod events;
mod form;
mod notifications;
mod people;
#[path = "../support/mod.rs"]
mod support;
mod webhooks;
