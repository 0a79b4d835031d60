//! A value in a backup: JSON's own numbers, texts and null, and `{"hex":"…"}` for bytes. Ids are bytes too, so that one
//! engine's backup is the other's.

use serde::{Deserialize, Serialize};
use store::{Param, Value};

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(String),
    /// Bytes, or an id.
    Bytes {
        #[serde(rename = "hex", with = "digits")]
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

/// Two digits for each byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

mod digits {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::hexadecimal(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits: Option<Vec<u8>> =
            text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        match digits {
            Some(digits) if digits.len() % 2 == 0 => {
                Ok(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
            }
            _ => Err(D::Error::custom("bytes are written as pairs of hexadecimal digits")),
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
