//! Why settings are refused.

/// A message that begins with the name of the setting or file, and says what was given and what is expected. It never
/// repeats what may be a password.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Error(String);

impl Error {
    /// `name` is an option, a variable, a file, or a key and its file.
    pub(super) fn new(name: &str, reason: impl std::fmt::Display) -> Error {
        Error(format!("{name}: {reason}"))
    }

    pub(super) fn value(name: &str, given: &str, expected: &str) -> Error {
        Error::new(name, format!("given was `{given}`; expected is {expected}"))
    }
}
