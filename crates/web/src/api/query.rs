//! Filters in the query string. Each may be left out or empty, which means no filter.

use std::str::FromStr;

use jiff::Timestamp;
use store::Time;

use crate::api::failure::{Failure, Result};

/// Limit for a filter, longer than any value it could match.
pub(crate) const CHARACTERS: usize = 4_000;

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// A text to match exactly.
///
/// # Errors
/// 400 for control characters and for texts beyond [`CHARACTERS`].
pub(crate) fn text(field: &str, text: &Option<String>) -> Result<Option<String>> {
    match given(text) {
        Some(text) if text.chars().any(char::is_control) => {
            Err(Failure::field(field, "Please leave out control characters."))
        }
        Some(text) if text.chars().count() > CHARACTERS => {
            Err(Failure::field(field, &format!("Please use at most {CHARACTERS} characters.")))
        }
        text => Ok(text.map(str::to_string)),
    }
}

pub(crate) fn id<T: FromStr>(field: &str, text: &Option<String>) -> Result<Option<T>> {
    let id = |text: &str| text.parse().map_err(|_| Failure::field(field, "This is not a valid id."));
    given(text).map(id).transpose()
}

pub(crate) fn flag(field: &str, text: &Option<String>) -> Result<Option<bool>> {
    let flag = |text: &str| text.parse().map_err(|_| Failure::field(field, "Please say true or false."));
    given(text).map(flag).transpose()
}

/// A time (RFC 3339).
///
/// # Errors
/// 400 for what is none.
pub(crate) fn time(field: &str, text: &Option<String>) -> Result<Option<Time>> {
    let none = |_| Failure::field(field, "Please give a time such as 2026-01-31T09:00:00Z.");
    let time = |text: &str| text.parse().map(|at: Timestamp| Time(at.as_millisecond())).map_err(none);
    given(text).map(time).transpose()
}

pub(crate) fn word<T>(
    field: &str,
    text: &Option<String>,
    meaning: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>> {
    let word = |text: &str| {
        meaning(text).ok_or_else(|| Failure::field(field, "Please choose one of the offered values."))
    };
    given(text).map(word).transpose()
}
