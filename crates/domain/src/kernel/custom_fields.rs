//! Custom fields that API clients attach to client users and companies. The portal stores and returns them without
//! interpreting them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};
use store::{FromValue, Param, Value};

use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::limits;
use crate::kernel::patch::Patch;
use crate::kernel::strict_json::Strict;

/// Per client user or company: more than any form asks for.
pub const FIELDS_MAX: usize = 100;
pub const NAME_CHARACTERS: usize = 100;
/// Of all fields together, as JSON: a row stays a row.
pub const BYTES_MAX: usize = 64 * 1024;
/// Nesting of a value: an address has parts, and parts of parts are rare.
pub const DEPTH_MAX: usize = 5;

const FIELD: &str = "customFields";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomFields {
    /// Empty if there are none; otherwise a JSON object with at least one field.
    json: String,
}

/// Custom fields as they are sent: an object, or a string with its JSON. Null removes all there are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fields {
    pub named: Map<String, Json>,
    /// Whether all others are removed.
    pub only: bool,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Fields, D::Error> {
        let sent = match Strict::deserialize(from)?.0 {
            Json::Null => return Ok(Fields { only: true, ..Fields::default() }),
            Json::String(text) => serde_json::from_str::<Strict>(&text).map_or(Json::Null, |sent| sent.0),
            sent => sent,
        };
        match sent {
            Json::Object(named) => Ok(Fields { named, only: false }),
            _ => Err(D::Error::custom("expected an object")),
        }
    }
}

impl Patch<Fields> {
    pub(crate) fn only(self) -> Patch<Fields> {
        Patch::Set(Fields { only: true, ..self.into_value().unwrap_or_default() })
    }
}

impl CustomFields {
    pub(crate) fn changed(self, change: &Patch<Fields>) -> Result<CustomFields> {
        match change {
            Patch::Keep => Ok(self),
            Patch::Set(fields) if fields.only => CustomFields::default().with(&fields.named),
            Patch::Set(fields) => self.with(&fields.named),
        }
    }

    pub fn to_map(&self) -> Map<String, Json> {
        // `json` is only ever written from a map.
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// These fields with `changes` applied: named fields are replaced, or removed if the new value is empty (null,
    /// empty text or list); all others stay.
    ///
    /// # Errors
    /// `Field` for too many or too large fields, too deep nesting, or text with control characters.
    pub fn with(&self, changes: &Map<String, Json>) -> Result<CustomFields> {
        let mut fields = self.to_map();
        for (name, value) in changes {
            check_name(name)?;
            let value = checked(value, 1)?;
            if is_empty(&value) {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), value);
            }
        }
        if fields.is_empty() {
            return Ok(CustomFields::default());
        }
        if fields.len() > FIELDS_MAX {
            return Err(Error::field(FIELD, Problem::TooMany(FIELDS_MAX)));
        }
        let json = Json::Object(fields).to_string();
        if json.len() > BYTES_MAX {
            return Err(Error::field(FIELD, Problem::TooLong(BYTES_MAX)));
        }
        Ok(CustomFields { json })
    }
}

fn check_name(name: &str) -> Result<()> {
    // `validate_line` trims what it checks, but a name is kept untrimmed.
    if name.chars().any(char::is_control) {
        return Err(Error::field(FIELD, Problem::ControlCharacters));
    }
    limits::validate_line(FIELD, name, NAME_CHARACTERS).map(|_| ())
}

/// The value to store: line ends become LF, as in a message.
fn checked(value: &Json, depth: usize) -> Result<Json> {
    Ok(match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => value.clone(),
        Json::String(text) => Json::String(limits::text(FIELD, text)?),
        _ if depth >= DEPTH_MAX => return Err(Error::field(FIELD, Problem::TooDeep(DEPTH_MAX))),
        Json::Array(values) => {
            Json::Array(values.iter().map(|value| checked(value, depth + 1)).collect::<Result<_>>()?)
        }
        Json::Object(fields) => Json::Object(
            fields
                .iter()
                .map(|(name, value)| {
                    check_name(name)?;
                    Ok((name.clone(), checked(value, depth + 1)?))
                })
                .collect::<Result<_>>()?,
        ),
    })
}

fn is_empty(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.is_empty(),
        Json::Array(values) => values.is_empty(),
        _ => false,
    }
}

impl Param for CustomFields {
    fn value(&self) -> Value<'_> {
        Value::Text(if self.json.is_empty() { "{}" } else { &self.json })
    }
}

impl FromValue for CustomFields {
    fn from_value(value: Value<'_>) -> Option<CustomFields> {
        match value {
            Value::Text("{}") => Some(CustomFields::default()),
            Value::Text(json) => Some(CustomFields { json: json.to_string() }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: Json) -> Map<String, Json> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_is_named_is_replaced_what_is_empty_is_gone_and_the_rest_stays() {
        let before = CustomFields::default()
            .with(&map(json!({"tags": ["a", "b"], "phone": "+44", "address": {"city": "Porto"}, "n": 1.5})))
            .unwrap();
        let after = before.with(&map(json!({"tags": ["c"], "phone": "", "n": null, "new": false}))).unwrap();
        let expected = json!({"tags": ["c"], "address": {"city": "Porto"}, "new": false});
        assert_eq!(Json::Object(after.to_map()), expected);
        let none = after.with(&map(json!({"tags": [], "address": null, "new": ""}))).unwrap();
        assert_eq!(none, CustomFields::default());
        assert_eq!(none.value(), Value::Text("{}"));
        assert_eq!(CustomFields::from_value(before.value()), Some(before));
    }

    #[test]
    fn too_much_too_deep_and_hostile_text_are_refused() {
        let many: Map<String, Json> =
            (0..=FIELDS_MAX).map(|number| (format!("f{number}"), json!(1))).collect();
        for (refused, problem) in [
            (many, Problem::TooMany(FIELDS_MAX)),
            (map(json!({"a": "x".repeat(BYTES_MAX)})), Problem::TooLong(BYTES_MAX)),
            (map(json!({"a": [[[[[1]]]]]})), Problem::TooDeep(DEPTH_MAX)),
            (map(json!({"a": "x\u{0}y"})), Problem::ControlCharacters),
            (map(json!({"a": {"b\n": 1}})), Problem::ControlCharacters),
            (map(json!({"": 1})), Problem::Empty),
            (map(json!({"a".repeat(101): 1})), Problem::TooLong(NAME_CHARACTERS)),
        ] {
            let outcome = CustomFields::default().with(&refused);
            assert!(
                matches!(outcome, Err(Error::Field { field: FIELD, problem: found }) if found == problem),
                "{problem:?}"
            );
        }
        let kept = CustomFields::default().with(&map(json!({"a": [[[[1]]]], "b": "x\r\n\ty"}))).unwrap();
        assert_eq!(Json::Object(kept.to_map()), json!({"a": [[[[1]]]], "b": "x\n\ty"}));
    }
}
