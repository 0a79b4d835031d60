//! Why a command failed, as one line for the person who gave it.

use domain::kernel::error;
use std::io;

/// The exit status after the disk has failed (EX_IOERR of sysexits.h): the program should be started again.
pub(crate) const DISK_FAILED: u8 = 74;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Setting(#[from] crate::settings::Error),
    /// A rule of the product forbids it, or the database failed.
    #[error(transparent)]
    Domain(#[from] error::Error),
    #[error(transparent)]
    Blobs(#[from] outbound::blobs::BlobError),
    /// The operating system refused something.
    #[error("{doing}: {cause}")]
    Machine { doing: String, cause: io::Error },
    #[error("{0}")]
    Refused(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Error {
        Error::Domain(error.into())
    }
}

impl Error {
    /// For `map_err`: an error of the operating system while `doing` something.
    pub(crate) fn machine(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        let doing = doing.into();
        move |cause| Error::Machine { doing, cause }
    }

    pub(crate) fn refused(why: impl Into<String>) -> Error {
        Error::Refused(why.into())
    }

    /// The exit status: 2 for a wrong setting, as for a wrong option, otherwise 1, unless the disk failed.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Error::Setting(_) => 2,
            Error::Domain(error::Error::Store(store::Error::DiskFailed(_))) => DISK_FAILED,
            _ => 1,
        }
    }
}
