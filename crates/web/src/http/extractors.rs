//! Extractors for forms, JSON, paths and queries. Each refuses unreadable input with a clear message.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use axum::http::request::Parts;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use crate::http::answers::Answer;

/// A form (`application/x-www-form-urlencoded`), or the same fields as JSON.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Answer;

    async fn from_request(request: Request, _: &S) -> Result<Input<T>, Answer> {
        Sent::of(request).await?.read().map(Input)
    }
}

/// Like [`Input`], for two types that each read their own fields.
pub(crate) struct Inputs<T, U>(pub(crate) T, pub(crate) U);

impl<T: DeserializeOwned, U: DeserializeOwned, S: Send + Sync> FromRequest<S> for Inputs<T, U> {
    type Rejection = Answer;

    async fn from_request(request: Request, _: &S) -> Result<Inputs<T, U>, Answer> {
        let sent = Sent::of(request).await?;
        Ok(Inputs(sent.read()?, sent.read()?))
    }
}

struct Sent {
    is_json: bool,
    bytes: Bytes,
}

impl Sent {
    async fn of(request: Request) -> Result<Sent, Answer> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let is_json = kind == "application/json";
        if !is_json && kind != "application/x-www-form-urlencoded" && !kind.is_empty() {
            let message = "Please send a form or JSON.";
            return Err(Answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupportedMediaType", message));
        }
        let bytes = whole(request, FORM_BYTES).await?;
        if !is_json {
            readable_form(&bytes)?;
        }
        Ok(Sent { is_json, bytes })
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, Answer> {
        if self.is_json {
            serde_json::from_slice(&self.bytes).map_err(|error| unreadable(&error))
        } else {
            serde_html_form::from_bytes(&self.bytes).map_err(|error| unreadable(&error))
        }
    }
}

/// Limit for a form: many times what the longest one needs.
const FORM_BYTES: usize = 2 * 1024 * 1024;
/// How much of an oversized body is read and discarded: a client cut off while sending does not read the response.
const DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// The whole body of a request.
///
/// # Errors
/// 413 if it is longer than `most` bytes, 400 if it broke off.
pub(crate) async fn whole(request: Request, most: usize) -> Result<Bytes, Answer> {
    let too_large =
        || Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, "tooLarge", "This is too much at once.");
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let waits = request.headers().contains_key(EXPECT);
    // A client that waits for 100 Continue (RFC 9110, 10.1.1) need not send the body at all.
    if length.is_some_and(|length: usize| length > DRAINED_BYTES || (waits && length > most)) {
        return Err(too_large());
    }
    let mut body = request.into_body();
    let mut bytes = BytesMut::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let broken = |_| Answer::refused(StatusCode::BAD_REQUEST, "unreadable", "The request broke off.");
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= most {
            bytes.extend_from_slice(&data);
        } else if length > DRAINED_BYTES {
            break;
        }
    }
    if length <= most { Ok(bytes.freeze()) } else { Err(too_large()) }
}

/// The query string. Unknown parameters are ignored.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query<T>, Answer> {
        let query = parts.uri.query().unwrap_or("");
        readable_form(query.as_bytes())?;
        let asked = serde_html_form::Deserializer::from_bytes(query.as_bytes());
        serde_path_to_error::deserialize(asked).map(Query).map_err(|error| {
            let name = error.path().iter().next().map(ToString::to_string);
            match name.filter(|name| name != ".") {
                Some(name) => {
                    let message = format!("This could not be read: {}", error.inner());
                    Answer::at_field(StatusCode::BAD_REQUEST, "unreadable", &message, &name)
                }
                None => unreadable(error.inner()),
            }
        })
    }
}

/// Path parameters. A malformed id is answered with 404.
pub(crate) struct PathParam<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParam<T> {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<PathParam<T>, Answer> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(PathParam(named)),
            Err(_) => Err(Answer::not_found()),
        }
    }
}

fn unreadable(error: &dyn std::error::Error) -> Answer {
    // The parser's message has the place and the kind of mistake; it quotes field names at most.
    let text = error.to_string();
    let message = format!("This could not be read: {text}");
    match named(&text) {
        Some(field) => Answer::at_field(StatusCode::BAD_REQUEST, "unreadable", &message, &field),
        None => Answer::refused(StatusCode::BAD_REQUEST, "unreadable", &message),
    }
}

/// The field that an error of serde is about, as in "missing field `text`" or "duplicate field `text`". Serde names it only
/// in the message.
pub(crate) fn named(message: &str) -> Option<String> {
    let rest =
        ["missing field `", "duplicate field `"].iter().find_map(|begin| message.strip_prefix(begin))?;
    rest.split('`').next().map(str::to_string)
}

/// Forms are percent-encoded UTF-8. Invalid input is refused rather than silently changed.
fn readable_form(form: &[u8]) -> Result<(), Answer> {
    let mut decoded = Vec::with_capacity(form.len());
    let mut rest = form.iter();
    while let Some(&byte) = rest.next() {
        let digits = (byte == b'%').then(|| rest.as_slice().get(..2)).flatten();
        let value = digits
            .and_then(|two| std::str::from_utf8(two).ok())
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        if let Some(value) = value {
            decoded.push(value);
            rest.nth(1);
        } else {
            decoded.push(byte);
        }
    }
    if std::str::from_utf8(&decoded).is_ok() {
        Ok(())
    } else {
        Err(Answer::refused(StatusCode::BAD_REQUEST, "encoding", "This is not text in UTF-8."))
    }
}
