//! What comes in: forms and JSON, addresses and questions, each refused with a clear answer where it cannot be read.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::answers::Answer;

/// A form of `application/x-www-form-urlencoded`, or the same fields as JSON.
pub(crate) struct Input<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Answer;

    async fn from_request(request: Request, state: &S) -> Result<Input<T>, Answer> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let kind = kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let is_json = kind == "application/json";
        if !is_json && kind != "application/x-www-form-urlencoded" && !kind.is_empty() {
            let message = "Please send a form or JSON.";
            return Err(Answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupportedMediaType", message));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|error| {
            let status = error.status();
            let message = if status == StatusCode::PAYLOAD_TOO_LARGE {
                "This is too much at once."
            } else {
                "The request broke off."
            };
            Answer::refused(status, "body", message)
        })?;
        if is_json {
            serde_json::from_slice(&bytes).map(Input).map_err(|error| unreadable(&error))
        } else {
            readable_form(&bytes)?;
            serde_html_form::from_bytes(&bytes).map(Input).map_err(|error| unreadable(&error))
        }
    }
}

/// The part of an address behind `?`. Parameters that are not known are ignored.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Asked<T>, Answer> {
        let query = parts.uri.query().unwrap_or("");
        readable_form(query.as_bytes())?;
        serde_html_form::from_str(query).map(Asked).map_err(|error| unreadable(&error))
    }
}

/// What an address names. An id that is none names nothing.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Named<T>, Answer> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(named)) => Ok(Named(named)),
            Err(_) => Err(Answer::not_found()),
        }
    }
}

fn unreadable(error: &dyn std::error::Error) -> Answer {
    // The parser's words name the place and the kind of mistake, and quote at most a field's name.
    let message = format!("This could not be read: {error}");
    Answer::refused(StatusCode::BAD_REQUEST, "unreadable", &message)
}

/// Forms carry text as percent-encoded UTF-8; what is not is refused rather than quietly changed.
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
