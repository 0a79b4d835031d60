//! `/v1` as API clients call it.

mod authorization;
mod bad_input;
mod conversations;
mod deeds;
mod events;
mod files;
mod form;
mod notifications;
mod people;
mod readers;
mod webhooks;
