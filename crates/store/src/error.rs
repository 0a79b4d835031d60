//! Errors of the store.

use std::fmt::Display;
use std::time::Instant;

use crate::log_limit::LogLimit;

/// Every request meets these errors while they last.
static LASTING: LogLimit = LogLimit::new();

/// A result of the store.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong in the store, with its cause.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, or the store is stopping.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The disk is full or may only be read. Nothing was written; later writes succeed once there is room.
    #[error("the disk takes no more: {0}")]
    StorageFull(String),
    /// A write or a flush failed. Nothing is written any more until the program has started again.
    #[error("the disk does not keep what is written: {0}")]
    DiskFailed(String),
    /// The engine refused a statement: a mistake in the program, or a broken constraint.
    #[error("the database refused a statement: {0}")]
    Refused(String),
    /// A column has a value of a kind that the program does not expect.
    #[error("column {column} holds {found}, which was not expected there")]
    Unexpected {
        /// The column's position in the row, from 0.
        column: usize,
        /// The kind of value found.
        found: &'static str,
    },
    /// A row that must be there is not.
    #[error("a row that must be there is missing")]
    Missing,
    /// The closure panicked; what it had written is undone.
    #[error("the program made a mistake while writing; nothing of it was kept")]
    Panicked,
    /// A migration could not be applied.
    #[error("migration {number} ({name}) failed: {cause}")]
    Migration {
        /// Its number.
        number: i64,
        /// Its name.
        name: String,
        /// What the engine said.
        cause: String,
    },
    /// The database was written by a newer program.
    #[error(
        "the database was written by a newer program (migration {found}; this one knows {known}): install that version"
    )]
    Newer {
        /// The newest migration in the database.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
}

impl Error {
    pub(crate) fn closed() -> Error {
        Error::Unavailable("the store is closed".to_string())
    }

    /// Logs `what` it led to: once a minute where every request fails alike.
    pub fn log(&self, what: impl Display) {
        match self.lasting().map(|reason| LASTING.admit(reason, Instant::now())) {
            None | Some(Some(0)) => tracing::error!(error = %self, "{what}"),
            Some(Some(left_out)) => tracing::error!(error = %self, left_out, "{what}"),
            Some(None) => {}
        }
    }

    /// The reason, if it lasts.
    fn lasting(&self) -> Option<&'static str> {
        match self {
            Error::Unavailable(_) => Some("unavailable"),
            Error::StorageFull(_) => Some("full"),
            Error::DiskFailed(_) => Some("failed"),
            _ => None,
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        use rusqlite::ErrorCode;
        use rusqlite::ffi;
        // A failure to read harms nothing; after one of these nobody knows what is on the disk.
        if let Some(
            ffi::SQLITE_IOERR
            | ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_TRUNCATE
            | ffi::SQLITE_IOERR_DELETE
            | ffi::SQLITE_IOERR_SHMSIZE
            | ffi::SQLITE_IOERR_CORRUPTFS,
        ) = error.sqlite_error().map(|error| error.extended_code)
        {
            return Error::DiskFailed(error.to_string());
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull | ErrorCode::ReadOnly) => Error::StorageFull(error.to_string()),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::NotADatabase
                | ErrorCode::DatabaseCorrupt,
            ) => Error::Unavailable(error.to_string()),
            _ => Error::Refused(error.to_string()),
        }
    }
}

#[cfg(feature = "cluster")]
impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Error {
        use tokio_postgres::error::SqlState;
        match error.as_db_error() {
            Some(cause) if *cause.code() == SqlState::DISK_FULL => {
                Error::StorageFull(cause.message().to_string())
            }
            Some(cause) if !is_passing(cause.code().code()) => {
                Error::Refused(format!("{}: {}", cause.code().code(), cause.message()))
            }
            Some(cause) => Error::Unavailable(cause.message().to_string()),
            None => Error::Unavailable(describe(&error)),
        }
    }
}

/// Whether it is about the moment, not about the statement (PostgreSQL, Appendix A): connection, resources, shutdown, system;
/// conflicts between transactions, a lock that was not free in time, a transaction that stood still for too long.
#[cfg(feature = "cluster")]
fn is_passing(code: &str) -> bool {
    matches!(&code[..2], "08" | "40" | "53" | "57" | "58") || matches!(code, "55P03" | "25P03")
}

/// An error with its causes, on one line.
#[cfg(feature = "cluster")]
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    text
}
