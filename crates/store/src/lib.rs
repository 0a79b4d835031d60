//! The engines under the product: SQLite inside the program, PostgreSQL when one machine is too small.
//!
//! [`Store::read`] and [`Store::write`] are the whole interface: they take a closure of plain synchronous code, run
//! it on a snapshot or in a transaction, and come back when it is done, a write not before it is on disk. The
//! same SQL text (`$1` placeholders, 64-bit milliseconds for times, 16-byte ids) runs on both engines. This crate
//! knows no noun of the product; it relies on `rusqlite` and, with the feature `cluster`, on `postgres`.

mod clock;
mod connection;
mod engine;
mod error;
mod journal;
mod migrations;
#[cfg(feature = "cluster")]
mod postgres;
mod sqlite;
mod value;
mod work;

pub use clock::{Clock, Time};
pub use connection::{Reader, Tx};
pub use engine::{Engine, Setting, Store};
pub use error::{Error, Result};
pub use journal::{Entry, Recorded};
pub use migrations::Migration;
#[cfg(feature = "faults")]
pub use sqlite::Held;
pub use value::{FromValue, Param, Row, Value};
