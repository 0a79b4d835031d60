//! Rows of a result, alike on both engines, and what is read from them.

use crate::error::{Error, Result};
use crate::value::{FromValue, Value};

/// One row of a result, valid while it is visited.
pub struct Row<'a>(pub(crate) DriverRow<'a>);

/// The row as its driver has it: an enum, so that reading a column is a branch and not a virtual call.
pub(crate) enum DriverRow<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    #[cfg(feature = "cluster")]
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// A `T` from the row's first columns.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn read<T: FromRow>(&self) -> Result<T> {
        self.columns().next()
    }

    /// The columns, to be read from left to right.
    pub fn columns(&self) -> Columns<'_> {
        Columns { row: self, next: 0 }
    }

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
            DriverRow::Sqlite(row) => crate::sqlite::cell::read(row, index),
            #[cfg(feature = "cluster")]
            DriverRow::Postgres(row) => crate::postgres::cell::read(row, index),
        }
    }
}

/// The columns of a row, read from left to right.
pub struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl<'r> Columns<'r> {
    /// A `T` from the next columns.
    ///
    /// # Errors
    /// As [`Row::get`].
    #[allow(clippy::should_implement_trait, reason = "each column has a type of its own")]
    pub fn next<T: FromRow>(&mut self) -> Result<T> {
        T::from_row(self)
    }

    /// The error for the column read last.
    pub fn unexpected(&self, found: &'static str) -> Error {
        Error::Unexpected { column: self.next.saturating_sub(1), found }
    }

    /// Passes over the next `count` columns, which can be read from the result.
    pub fn skip(&mut self, count: usize) -> Columns<'r> {
        let skipped = Columns { row: self.row, next: self.next };
        self.next += count;
        skipped
    }
}

/// A value read from one or more adjacent columns.
pub trait FromRow: Sized {
    /// How many columns these are.
    const WIDTH: usize;

    /// Reads the next columns.
    ///
    /// # Errors
    /// As [`Row::get`].
    fn from_row(columns: &mut Columns<'_>) -> Result<Self>;
}

impl<T: FromValue> FromRow for T {
    const WIDTH: usize = 1;

    fn from_row(columns: &mut Columns<'_>) -> Result<T> {
        let index = columns.next;
        columns.next += 1;
        columns.row.get(index)
    }
}

/// Something of several columns that may be missing (LEFT JOIN): `None` if its first column is NULL.
pub struct Nullable<T>(pub Option<T>);

impl<T: FromRow> FromRow for Nullable<T> {
    const WIDTH: usize = T::WIDTH;

    fn from_row(columns: &mut Columns<'_>) -> Result<Nullable<T>> {
        let mut own = columns.skip(T::WIDTH);
        let is_missing = matches!(own.row.value(own.next)?, Value::Null);
        Ok(Nullable(if is_missing { None } else { Some(own.next()?) }))
    }
}

macro_rules! tuples {
    ($(($($part:ident)+))+) => {$(
        impl<$($part: FromRow),+> FromRow for ($($part,)+) {
            const WIDTH: usize = 0 $(+ $part::WIDTH)+;

            fn from_row(columns: &mut Columns<'_>) -> Result<Self> {
                Ok(($(columns.next::<$part>()?,)+))
            }
        }
    )+};
}

tuples! { (A B) (A B C) (A B C D) (A B C D E) (A B C D E F) }
