//! A row of a result, alike on both engines.

use crate::error::{Error, Result};
use crate::value::{FromValue, Value};

/// One row of a result, valid while it is visited.
pub struct Row<'a>(pub(crate) Cells<'a>);

/// The row as its driver has it: an enum, so that reading a column is a branch and not a virtual call.
pub(crate) enum Cells<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    #[cfg(feature = "cluster")]
    Postgres(&'a postgres::Row),
}

impl Row<'_> {
    /// The value of column `index`, counted from 0, as a `T`.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if the column has a value of another kind or there is no such column.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T> {
        let value = self.value(index)?;
        T::from_value(value).ok_or(Error::Unexpected { column: index, found: value.kind() })
    }

    /// The value of column `index` as the engine has it.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if there is no such column or its type is not supported.
    pub fn value(&self, index: usize) -> Result<Value<'_>> {
        match &self.0 {
            Cells::Sqlite(row) => crate::sqlite::cell::read(row, index),
            #[cfg(feature = "cluster")]
            Cells::Postgres(row) => crate::postgres::cell::read(row, index),
        }
    }
}
