//! The rules of the domain as its callers see them, on both engines. A single test binary, so that it is linked only once.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test ends where it cannot go on")]

#[macro_use]
mod support;

mod brand;
mod channels;
mod choices;
mod colleagues;
mod companies;
mod deliveries;
mod early_access;
mod every_query;
mod files;
mod following;
mod formatting;
mod imports;
mod keys;
mod links;
mod messages;
mod notices;
mod notifications;
mod people;
mod phones;
mod programs;
mod projects;
mod records;
mod search;
mod sessions;
mod sign_ins;
mod sign_ups;
mod team;
mod webhooks;
mod welcome;
mod workspaces;
