//! Why a command was not done, as one line for the person who gave it.

use domain::kernel::error;
use std::io;

/// A result of the program.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A setting cannot be taken.
    #[error(transparent)]
    Setting(#[from] crate::settings::Error),
    /// A rule of the product speaks against it, or its database failed.
    #[error(transparent)]
    Domain(#[from] error::Error),
    /// The place of files failed.
    #[error(transparent)]
    Blobs(#[from] outbound::blobs::BlobError),
    /// A file or an address of the machine cannot be used.
    #[error("{doing}: {cause}")]
    Machine {
        /// What was being done, and with what.
        doing: String,
        /// What the system says.
        cause: io::Error,
    },
    /// The way things stand speaks against it.
    #[error("{0}")]
    Refused(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        Error::Domain(error.into())
    }
}

impl Error {
    /// What to make of an error of the system while `doing` something.
    pub(crate) fn machine(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let doing = doing.into();
        move |cause| Error::Machine { doing, cause }
    }

    /// A refusal.
    pub(crate) fn refused(why: impl Into<String>) -> Error {
        Error::Refused(why.into())
    }

    /// What the program ends with: 2 for what was written wrongly, as for options, else 1.
    pub(crate) fn status(&self) -> u8 {
        if matches!(self, Error::Setting(_)) { 2 } else { 1 }
    }
}
