//! Values on their way to and from SQL, alike on both engines.

use uuid::Uuid;

use crate::error::{Error, Result};

/// A value that both engines know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A 64-bit number; times too, as milliseconds.
    Integer(i64),
    /// Text, UTF-8.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// An id of 16 bytes.
    Id(Uuid),
}

impl Value<'_> {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Integer(_) => "a number",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Id(_) => "an id",
        }
    }
}

/// What may stand for a `$1` in a statement.
pub trait Param {
    /// The value that is bound.
    fn value(&self) -> Value<'_>;
}

impl Param for Value<'_> {
    fn value(&self) -> Value<'_> {
        *self
    }
}
impl Param for i64 {
    fn value(&self) -> Value<'_> {
        Value::Integer(*self)
    }
}
impl Param for str {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}
impl Param for String {
    fn value(&self) -> Value<'_> {
        Value::Text(self)
    }
}
impl Param for [u8] {
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}
impl<const N: usize> Param for [u8; N] {
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}
impl Param for Vec<u8> {
    fn value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}
impl Param for Uuid {
    fn value(&self) -> Value<'_> {
        Value::Id(*self)
    }
}
impl<T: Param> Param for Option<T> {
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Param::value)
    }
}
impl<T: Param + ?Sized> Param for &T {
    fn value(&self) -> Value<'_> {
        (**self).value()
    }
}

/// What a column can be read as.
pub trait FromValue: Sized {
    /// The value, or nothing where it is of another kind.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

impl FromValue for i64 {
    fn from_value(value: Value<'_>) -> Option<i64> {
        match value {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }
}
impl FromValue for String {
    fn from_value(value: Value<'_>) -> Option<String> {
        match value {
            Value::Text(text) => Some(text.to_string()),
            _ => None,
        }
    }
}
impl FromValue for Vec<u8> {
    fn from_value(value: Value<'_>) -> Option<Vec<u8>> {
        match value {
            Value::Bytes(bytes) => Some(bytes.to_vec()),
            _ => None,
        }
    }
}
impl FromValue for Uuid {
    fn from_value(value: Value<'_>) -> Option<Uuid> {
        match value {
            Value::Id(id) => Some(id),
            Value::Bytes(bytes) => Uuid::from_slice(bytes).ok(),
            _ => None,
        }
    }
}
impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Option<Option<T>> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

/// One row of an answer, valid while it is looked at.
pub struct Row<'a>(pub(crate) Cells<'a>);

pub(crate) enum Cells<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    #[cfg(feature = "cluster")]
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// The value of column `index`, counted from 0, as a `T`.
    ///
    /// # Errors
    /// [`Error::Unexpected`] where the column holds another kind of value or there is no such column.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T> {
        let value = self.value(index)?;
        T::from_value(value).ok_or(Error::Unexpected { column: index, found: value.kind() })
    }

    /// The value of column `index` as the engine holds it.
    ///
    /// # Errors
    /// [`Error::Unexpected`] where there is no such column or its type is unknown here.
    pub fn value(&self, index: usize) -> Result<Value<'_>> {
        match &self.0 {
            Cells::Sqlite(row) => crate::sqlite::cell(row, index),
            #[cfg(feature = "cluster")]
            Cells::Postgres(row) => crate::postgres::cell(row, index),
        }
    }
}
