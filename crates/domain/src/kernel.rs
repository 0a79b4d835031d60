//! The base of every other floor: ids, errors, limits, access, the journal and the audit log. Imports nothing else
//! from this crate.

pub mod access;
pub mod audit_log;
pub(crate) mod columns;
pub mod custom_fields;
pub mod display;
pub mod error;
pub mod idempotency;
pub mod ids;
pub mod journal;
pub mod limits;
pub mod lock;
pub mod medium;
pub mod name;
pub mod patch;
pub mod random;
pub mod rate_limits;
pub mod secrets;
#[cfg(feature = "simulated")]
pub mod simulation;
pub mod strict_json;
pub mod time_zone;
pub mod web_address;
pub mod where_builder;
pub(crate) mod words;
