//! Reading SQLite's columns.

use rusqlite::types::ValueRef;

use crate::error::{Error, Result};
use crate::value::Value;

/// The value in column `index` of a row.
pub(crate) fn read<'a>(row: &'a rusqlite::Row<'_>, index: usize) -> Result<Value<'a>> {
    Ok(match row.get_ref(index)? {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => Value::Text(
            std::str::from_utf8(text)
                .map_err(|_| Error::Unexpected { column: index, found: "broken text" })?,
        ),
        ValueRef::Blob(bytes) => Value::Bytes(bytes),
        ValueRef::Real(_) => return Err(Error::Unexpected { column: index, found: "a fraction" }),
    })
}
