//! PostgreSQL: the same closures, each on a thread that owns a connection.

pub(crate) mod cell;
pub(crate) mod connection;
mod fault;
mod opening;
pub(crate) mod pool;
pub(crate) mod queue;
mod worker;
