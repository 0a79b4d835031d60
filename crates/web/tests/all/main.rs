//! Tests of the pages and the API over HTTP only, without calling anything inside.
//! One binary, so that it is linked once.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod api_keys;
mod audit_log;
mod authorization;
mod bad_input;
mod bounces;
mod brand;
mod connections;
mod damage;
mod delivery_status;
mod disk;
mod early_access;
mod folders;
mod hosts;
mod joining;
mod lists;
mod live;
mod notification_preferences;
mod people_pages;
mod reply;
mod serving;
mod sessions;
mod settings;
mod sign_in;
mod sign_up;
mod support;
mod team_pages;
mod texts;
mod tus;
mod upload_nodes;
mod uploads;
mod v1;
mod webhooks;
