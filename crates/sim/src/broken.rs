//! A broken rule.

use std::fmt;

/// A rule that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Broken {
        Broken(format!("no rule allows an error here: {error}"))
    }
}

pub(crate) fn broken<T>(what: String) -> Result<T, Broken> {
    Err(Broken(what))
}
