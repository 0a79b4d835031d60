//! The ways out, each against a server of its own on loopback.
//! One program for all of them: it is linked once.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test ends where it cannot go on")]

mod blobs;
mod bounce;
#[cfg(feature = "cluster")]
mod buckets;
mod damage;
mod dkim;
mod mailers;
mod message;
mod pictures;
mod provider;
mod scanner;
mod server;
mod smtp;
mod texters;
mod webhooks;
