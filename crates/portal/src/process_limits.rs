//! Limits that the operating system sets for this process.

use std::io;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

/// What macOS takes at most where it says that there is no limit (OPEN_MAX).
const WITHOUT_LIMIT: u64 = 10_240;

/// How many files may be open at once. Each connection needs one.
pub(crate) fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// How far [`raise_open_files`] may raise it.
pub(crate) fn open_files_max() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// Raises the soft limit of open files to the hard one: many systems start programs with 1,024.
pub(crate) fn raise_open_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.unwrap_or(WITHOUT_LIMIT);
    if current.is_some_and(|current| current < wanted)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum })
    {
        tracing::warn!(%error, ?current, "the limit of open files cannot be raised");
    }
}

/// A file that reaches the limit for its size is then an error of that write, and no longer the end of the process. Must be
/// called in the runtime; the handler stays.
pub(crate) fn survive_file_size_limit() -> io::Result<()> {
    signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map(drop)
}
