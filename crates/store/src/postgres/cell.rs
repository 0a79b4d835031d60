//! Values in PostgreSQL's types.

use bytes::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::error::{Error, Result};
use crate::value::Value;

/// A value in PostgreSQL's binary form.
#[derive(Debug)]
pub(super) struct Bound<'a>(pub(super) Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        to: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) if *to == Type::INT4 => i32::try_from(number)?.to_sql(to, out),
            Value::Integer(number) if *to == Type::INT8 => number.to_sql(to, out),
            Value::Text(text) if <&str as ToSql>::accepts(to) => text.to_sql(to, out),
            Value::Bytes(bytes) if *to == Type::BYTEA || (*to == Type::UUID && bytes.len() == 16) => {
                out.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            Value::Id(id) if *to == Type::UUID || *to == Type::BYTEA => {
                out.extend_from_slice(id.as_bytes());
                Ok(IsNull::No)
            }
            other => Err(format!("{} cannot stand where PostgreSQL wants {to}", other.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The value in column `index` of a row.
pub(crate) fn read(row: &tokio_postgres::Row, index: usize) -> Result<Value<'_>> {
    let unknown = |_| Error::Unexpected { column: index, found: "a type unknown here" };
    let column = row.columns().get(index).ok_or(Error::Unexpected { column: index, found: "no column" })?;
    let value = match *column.type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(index).map_err(unknown)?.map(Value::Integer),
        Type::INT4 => {
            row.try_get::<_, Option<i32>>(index).map_err(unknown)?.map(|number| Value::Integer(number.into()))
        }
        Type::BYTEA => row.try_get::<_, Option<&[u8]>>(index).map_err(unknown)?.map(Value::Bytes),
        Type::UUID => row.try_get::<_, Option<uuid::Uuid>>(index).map_err(unknown)?.map(Value::Id),
        _ => row.try_get::<_, Option<&str>>(index).map_err(unknown)?.map(Value::Text),
    };
    Ok(value.unwrap_or(Value::Null))
}
