//! The workers as the outside meets them: mails, texts and calls that leave, and what time does to rows.
//! One program for all of them: it is linked once.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test ends where it cannot go on")]

#[allow(dead_code, reason = "a part of it is used here")]
#[path = "../../../outbound/tests/all/server.rs"]
mod server;

mod deliveries;
mod digests;
mod files;
mod indexer;
mod mail;
mod mail_snapshots;
mod smtp;
mod support;
mod sweeper;
mod webhooks;
