//! PostgreSQL: the same closures, each on a thread that owns a connection.

pub(crate) mod cell;
pub(crate) mod connection;
pub(crate) mod pool;
mod worker;
