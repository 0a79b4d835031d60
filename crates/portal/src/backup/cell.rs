//! A value in a backup: JSON's own numbers, texts and null, and `{"hex":"…"}` for bytes. Ids are bytes too, so that one
//! engine's backup is the other's.

use serde::{Deserialize, Serialize};
use store::{Param, Value};

use super::hexadecimal;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(String),
    /// Bytes, or an id.
    Bytes {
        #[serde(rename = "hex", with = "hexadecimal")]
        bytes: Vec<u8>,
    },
}

impl From<Value<'_>> for Cell {
    fn from(value: Value<'_>) -> Cell {
        match value {
            Value::Null => Cell::Null,
            Value::Integer(number) => Cell::Integer(number),
            Value::Text(text) => Cell::Text(text.to_string()),
            Value::Bytes(bytes) => Cell::Bytes { bytes: bytes.to_vec() },
            Value::Id(id) => Cell::Bytes { bytes: id.as_bytes().to_vec() },
        }
    }
}

impl Param for Cell {
    fn value(&self) -> Value<'_> {
        match self {
            Cell::Null => Value::Null,
            Cell::Integer(number) => Value::Integer(*number),
            Cell::Text(text) => Value::Text(text),
            Cell::Bytes { bytes } => Value::Bytes(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_as_it_went() {
        let cells = [
            Cell::Null,
            Cell::Integer(i64::MIN),
            Cell::Integer(i64::MAX),
            Cell::Text("a\n\"b\" 👩‍👩‍👧 \u{2028}".to_string()),
            Cell::Text("{\"hex\":\"00\"}".to_string()),
            Cell::Bytes { bytes: vec![0, 1, 0x7f, 0xff] },
            Cell::Bytes { bytes: Vec::new() },
        ];
        let text = serde_json::to_string(&cells).unwrap();
        assert!(text.contains(r#"{"hex":"00017fff"}"#) && !text.contains('\n'), "{text}");
        assert_eq!(serde_json::from_str::<Vec<Cell>>(&text).unwrap(), cells);
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for wrong in [
            "1.5",
            "true",
            "[1]",
            r#"{"hex":"0"}"#,
            r#"{"hex":"0g"}"#,
            r#"{"hex":"+1"}"#,
            r#"{"bytes":"00"}"#,
        ] {
            assert!(serde_json::from_str::<Cell>(wrong).is_err(), "{wrong}");
        }
    }
}
