//! `/v1` as programs call it.

mod authorization;
mod bad_input;
mod conversations;
mod events;
mod files;
mod form;
mod notifications;
mod people;
mod webhooks;
