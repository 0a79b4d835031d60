//! The engines under the product: SQLite inside the program, PostgreSQL when one machine is too small.
//!
//! [`Store::read`] and [`Store::write`] are the whole interface: they take a closure of plain synchronous code, run
//! it on a snapshot or in a transaction, and return its result, a write's once it is on disk. The
//! same SQL text (`$1` placeholders, 64-bit milliseconds for times, 16-byte ids) runs on both engines. This crate
//! knows nothing of the product; it relies on `rusqlite` and, with the feature `cluster`, on `tokio-postgres`.

#![warn(missing_docs)]

mod clock;
mod connection;
mod dialect;
mod engine;
mod error;
mod journal;
mod journal_entry;
mod log_limit;
mod migrations;
mod mutex;
#[cfg(feature = "cluster")]
mod postgres;
mod reader;
mod row;
mod settled_time;
mod sqlite;
mod store;
mod text_query;
mod time;
mod transaction;
mod value;
mod work;

pub use clock::Clock;
pub use dialect::TextIndex;
pub use engine::Engine;
pub use error::{Error, Result};
pub use journal_entry::{Entry, Recorded};
pub use migrations::Migration;
pub use reader::Reader;
pub use row::{Columns, FromRow, Nullable, Row};
#[cfg(feature = "faults")]
pub use sqlite::log::HeldDisk;
pub use store::{Setting, Store};
pub use text_query::TextQuery;
pub use time::Time;
pub use transaction::Tx;
pub use value::{FromValue, Param, Value};
