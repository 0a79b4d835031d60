//! SQLite: one writer thread with group commit, pooled readers, and checkpoints off the writer.

pub(crate) mod cell;
pub(crate) mod connection;
pub(crate) mod database;
mod disk;
pub(crate) mod log;
#[cfg(test)]
mod tests;
mod writer;
