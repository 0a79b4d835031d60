//! `/v1` as API clients call it.

mod audit_actions;
mod authorization;
mod bad_input;
mod conversations;
mod events;
mod files;
mod form;
mod notifications;
mod people;
mod readers;
mod webhooks;
