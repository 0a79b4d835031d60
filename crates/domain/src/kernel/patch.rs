//! What an input says about each value of a noun: nothing, or what it becomes. To add one is to change a blank one.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::kernel::error::{Error, Problem, Result};

/// What is said about a noun, to add or to change one.
pub trait Input: DeserializeOwned {
    /// The field that a new one must have.
    const REQUIRED: &'static str;
}

/// Read from a form or from JSON. A value that is left out stays. Null is refused, unless the field is read with
/// [`clearable`] or [`clearable_id`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    #[default]
    Keep,
    Set(T),
}

impl<T> Patch<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Patch::Keep => None,
            Patch::Set(value) => Some(value),
        }
    }

    /// The value after the change.
    pub fn or<'a>(&'a self, before: &'a T) -> &'a T {
        self.value().unwrap_or(before)
    }

    /// The value after the change, with what is set checked and perhaps converted.
    pub(crate) fn checked<U>(&self, before: U, check: impl FnOnce(&T) -> Result<U>) -> Result<U> {
        self.value().map_or(Ok(before), check)
    }

    /// For a value that a new one must have.
    pub(crate) fn required(&self, field: &'static str) -> Result<&T> {
        self.value().ok_or(Error::field(field, Problem::Empty))
    }

    pub fn into_value(self) -> Option<T> {
        match self {
            Patch::Keep => None,
            Patch::Set(value) => Some(value),
        }
    }
}

impl<T: Default> Patch<T> {
    /// Clears a value that is left out.
    pub fn or_cleared(self) -> Patch<T> {
        Patch::Set(self.into_value().unwrap_or_default())
    }
}

impl<T> Patch<Vec<T>> {
    /// None if nothing is said about them.
    pub fn items(&self) -> &[T] {
        self.value().map_or(&[], Vec::as_slice)
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Patch<T> {
        Patch::Set(value)
    }
}

/// As a form shows it again.
impl<T: fmt::Display> fmt::Display for Patch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().map_or(Ok(()), |value| value.fmt(f))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Patch<T>, D::Error> {
        T::deserialize(from).map(Patch::Set)
    }
}

/// For values that null clears: it says the same as an empty one.
pub fn clearable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> std::result::Result<Patch<T>, D::Error> {
    Ok(Patch::Set(Option::deserialize(from)?.unwrap_or_default()))
}

/// For an id that null and an empty text clear.
pub(crate) fn clearable_id<'de, D: Deserializer<'de>, T: FromStr>(
    from: D,
) -> std::result::Result<Patch<Option<T>>, D::Error> {
    optional_id(from).map(Patch::Set)
}

/// An id; null and an empty text are none.
pub(crate) fn optional_id<'de, D: Deserializer<'de>, T: FromStr>(
    from: D,
) -> std::result::Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(from)?.filter(|text| !text.is_empty());
    text.map(|text| text.parse()).transpose().map_err(|_| D::Error::custom("expected an id"))
}
