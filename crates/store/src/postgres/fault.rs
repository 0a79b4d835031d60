//! What a failed statement means for its connection, and for what was tried.

use std::error::Error as _;

use tokio_postgres::error::{DbError, Severity, SqlState};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Another transaction was in the way: run again, the closure sees what that one has done.
    Conflict,
    /// The connection has ended, and with it the transaction, which was not being committed.
    Lost,
    /// Nobody waits for it any more, or it took too long. Nothing is tried again.
    GivenUp,
    /// The statement was refused.
    Refused,
}

impl Fault {
    pub(super) fn of(error: &tokio_postgres::Error) -> Fault {
        match error.as_db_error() {
            Some(cause) if is_fatal(cause) => Fault::Lost,
            Some(cause) if is_conflict(cause) => Fault::Conflict,
            Some(_) => Fault::Refused,
            None if error.is_closed() => Fault::Lost,
            None if error.source().is_some_and(|cause| cause.is::<std::io::Error>()) => Fault::Lost,
            None => Fault::Refused,
        }
    }
}

/// The server closes the connection with this.
fn is_fatal(cause: &DbError) -> bool {
    matches!(cause.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
}

/// What cannot happen on SQLite, where one writes at a time: the same was inserted meanwhile, or two wait for each other.
fn is_conflict(cause: &DbError) -> bool {
    [
        SqlState::UNIQUE_VIOLATION,
        SqlState::FOREIGN_KEY_VIOLATION,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
    ]
    .contains(cause.code())
}
