//! The rules of the domain as its callers see them, on both engines. A single test binary, so that it is linked only once.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test ends where it cannot go on")]

#[macro_use]
mod support;

mod api_clients;
mod api_keys;
mod at_once;
mod audit_log;
mod brand;
mod channels;
mod colleagues;
mod companies;
mod deliveries;
mod early_access;
mod every_query;
mod files;
mod formatting;
mod imports;
mod membership;
mod messages;
mod notification_history;
mod notification_preferences;
mod notifications;
mod people;
mod phones;
mod projects;
mod reply_links;
mod search;
mod sessions;
mod sign_ins;
mod sign_ups;
mod status_changes;
mod team;
mod webhooks;
mod welcome;
mod workspaces;
