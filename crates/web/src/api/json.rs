//! Request bodies: strict where leniency could lead to misunderstandings, and errors name the field.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use domain::kernel::patch::Input;
use domain::kernel::strict_json::Strict;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::api::failure::Failure;
use crate::http::answers::Answer;
use crate::http::extractors;

/// Limit for a body: ten times what the longest message needs.
pub(crate) const BODY_BYTES: usize = 1024 * 1024;

/// A JSON object as the body of a call.
pub(crate) struct Body<T> {
    pub(crate) given: T,
    /// The body in a canonical form, to compare calls.
    pub(crate) canonical: Vec<u8>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Body<T>, Failure> {
        let value = required_object(request).await?;
        let canonical = value.to_string().into_bytes();
        Ok(Body { given: read(value)?, canonical })
    }
}

/// The body of a call that adds or replaces an object. Null says the same as leaving a field out, but for the required one.
pub(crate) struct WholeBody<T>(pub(crate) Body<T>);

impl<T: Input, S: Send + Sync> FromRequest<S> for WholeBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<WholeBody<T>, Failure> {
        let mut value = required_object(request).await?;
        let canonical = value.to_string().into_bytes();
        let fields = value.as_object_mut().into_iter();
        fields.for_each(|fields| fields.retain(|name, value| !value.is_null() || name == T::REQUIRED));
        Ok(WholeBody(Body { given: read(value)?, canonical }))
    }
}

/// For calls without input. Clients may still send a JSON object.
pub(crate) struct Nothing {
    /// The body in a canonical form, to compare calls.
    pub(crate) canonical: Vec<u8>,
}

impl<S: Send + Sync> FromRequest<S> for Nothing {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Nothing, Failure> {
        let value = object(request).await?.unwrap_or_else(|| Value::Object(Map::new()));
        Ok(Nothing { canonical: value.to_string().into_bytes() })
    }
}

async fn required_object(request: Request) -> Result<Value, Failure> {
    object(request).await?.ok_or_else(|| unreadable("Please send a JSON object."))
}

/// Reads the JSON object of a request; `None` if the body is empty.
async fn object(request: Request) -> Result<Option<Value>, Failure> {
    let is_json = is_json(request.headers());
    // Read in any case: a client that is still sending would not see the answer.
    let bytes = extractors::whole(request, BODY_BYTES).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if !is_json {
        let message = "Please send JSON in UTF-8: Content-Type: application/json.";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Failure::from(Answer::refused(status, "unsupportedMediaType", message)));
    }
    let Strict(value) = serde_json::from_slice(&bytes)
        .map_err(|error| unreadable(&format!("This is not good JSON: {error}")))?;
    if value.is_object() { Ok(Some(value)) } else { Err(unreadable("Please send a JSON object.")) }
}

/// RFC 8259 defines no charset; a given one must be UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let text =
        |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_ascii_lowercase();
    let kind = text(CONTENT_TYPE);
    let mut parts = kind.split(';').map(str::trim);
    let name = parts.next().unwrap_or("");
    let is_json = name == "application/json" || (name.starts_with("application/") && name.ends_with("+json"));
    let is_utf8 = parts
        .filter_map(|part| part.strip_prefix("charset="))
        .all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"));
    is_json && is_utf8 && matches!(text(CONTENT_ENCODING).as_str(), "" | "identity")
}

fn unreadable(message: &str) -> Failure {
    Failure::from(Answer::refused(StatusCode::BAD_REQUEST, "unreadable", message))
}

/// Deserializes an object. The error names the first invalid field.
fn read<T: DeserializeOwned>(value: Value) -> Result<T, Failure> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let message = error.inner().to_string();
        // For an item of a list, names the list.
        let path = error.path().to_string();
        let field = path.split('[').next().filter(|field| !matches!(*field, "" | ".")).map(str::to_string);
        // Serde names a missing field only in its message.
        match field.or_else(|| extractors::named(&message)) {
            Some(field) if message.starts_with("missing field") => {
                Failure::field(&field, "Please fill this in.")
            }
            Some(field) => Failure::field(&field, &format!("This cannot be taken: {message}.")),
            None => unreadable(&format!("This cannot be taken: {message}.")),
        }
    })
}

/// For objects that are optional but not nullable. Refuses a list, which serde would accept as the fields in order.
pub(crate) fn present_object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    struct Only<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Only<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(access))
        }
    }

    from.deserialize_map(Only(PhantomData)).map(Some)
}

/// An integer in any JSON notation, such as `60.0`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole(pub(crate) i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Whole, D::Error> {
        let number = Number::deserialize(from)?;
        // Beyond 2^53 not every integer is exact as a float (RFC 8259, 6).
        let as_fraction = number.as_f64().filter(|value| value.fract() == 0.0 && value.abs() < 9e15);
        let whole = number.as_i64().or(as_fraction.map(|value| value as i64));
        whole.map(Whole).ok_or_else(|| D::Error::custom("expected a whole number"))
    }
}

#[cfg(test)]
mod tests {
    use domain::kernel::patch::{Patch, clearable};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "only how it is read matters")]
    struct Given {
        text: String,
        #[serde(default)]
        given_name: Patch<String>,
        #[serde(default, deserialize_with = "clearable")]
        phone: Patch<String>,
        #[serde(default)]
        member_ids: Vec<uuid::Uuid>,
        #[serde(default)]
        custom_fields: domain::kernel::custom_fields::Fields,
    }

    fn parsed(text: &str) -> Result<Given, String> {
        let Strict(value) = serde_json::from_str(text).map_err(|error| format!("broken: {error}"))?;
        read::<Given>(value).map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn the_field_that_cannot_be_taken_is_named() {
        for (json, field) in [
            ("{}", "text"),
            (r#"{"text": null}"#, "text"),
            (r#"{"text": 5}"#, "text"),
            (r#"{"text": ["a"]}"#, "text"),
            (r#"{"text": "a", "givenName": null}"#, "givenName"),
            (r#"{"text": "a", "givenName": {}}"#, "givenName"),
            (r#"{"text": "a", "phone": 5}"#, "phone"),
            (r#"{"text": "a", "memberIds": "x"}"#, "memberIds"),
            (r#"{"text": "a", "memberIds": ["x"]}"#, "memberIds"),
            (r#"{"text": "a", "memberIds": null}"#, "memberIds"),
            (r#"{"text": "a", "customFields": []}"#, "customFields"),
            (r#"{"text": "a", "customFields": "x"}"#, "customFields"),
            (r#"{"text": "a", "customFields": 5}"#, "customFields"),
        ] {
            let failure = parsed(json).unwrap_err();
            assert!(failure.contains(&format!("Some(\"{field}\")")), "{json}: {failure}");
        }
    }

    #[test]
    fn what_may_be_left_out_or_null_may() {
        let given = parsed(r#"{"text": "a", "phone": null, "unknown": 1}"#).unwrap();
        assert_eq!((given.given_name, given.phone), (Patch::Keep, Patch::Set(String::new())));
        assert_eq!(parsed(r#"{"text": "a"}"#).unwrap().phone, Patch::Keep);
        for fields in [r#"{"a": {"b": [1, null]}}"#, r#""{\"a\": {\"b\": [1, null]}}""#] {
            let given = parsed(&format!(r#"{{"text": "a", "customFields": {fields}}}"#)).unwrap();
            assert_eq!(Value::Object(given.custom_fields.named), serde_json::json!({"a": {"b": [1, null]}}));
        }
    }

    #[test]
    fn json_that_could_be_understood_in_two_ways_is_broken() {
        for json in [
            r#"{"text": "a", "text": "b"}"#,
            r#"{"text": "a", "unknown": {"b": 1, "b": 2}}"#,
            r#"{"text": "\ud800"}"#,
            r#"{"text": "a", "unknown": "\udc00"}"#,
            r#"{"text": "a", "unknown": 1e999}"#,
            r#"{"text": "a"} x"#,
            r#"{"text": "a",}"#,
            &format!(r#"{{"text": "a", "unknown": {}{}}}"#, "[".repeat(200), "]".repeat(200)),
        ] {
            assert!(parsed(json).unwrap_err().starts_with("broken"), "{json}");
        }
    }

    #[test]
    fn json_is_utf_8_and_not_packed() {
        let sent = |kind: &'static str, encoding: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            encoding.map(|encoding| headers.insert(CONTENT_ENCODING, encoding.parse().unwrap()));
            is_json(&headers)
        };
        for kind in ["application/json", "Application/JSON; charset=UTF-8", "application/merge-patch+json"] {
            assert!(sent(kind, None), "{kind}");
        }
        for kind in ["text/plain", "application/jsonp", "application/json; charset=latin1", ""] {
            assert!(!sent(kind, None), "{kind}");
        }
        assert!(!sent("application/json", Some("gzip")));
    }
}
