//! The bytes of a request, whatever the protocol.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use http_body_util::BodyExt;

use crate::http::answers::{Answer, Result};
use crate::uploads::paced_body::Unread;

/// A connection that sends nothing for this long is closed.
pub(crate) const SILENT_MAX: Duration = Duration::from_secs(90);

pub(crate) enum Incoming<'a> {
    /// The whole body of a request.
    Body(Body),
    /// A file in a form, with the form's count of unparsed bytes.
    Field(Box<multer::Field<'a>>, Unread),
}

/// The connection was lost or replaced by another.
pub(crate) struct BrokenOff;

impl Incoming<'_> {
    /// The next bytes; `None` at the end.
    pub(crate) async fn next(&mut self) -> std::result::Result<Option<Bytes>, BrokenOff> {
        match self {
            Incoming::Field(field, unread) => {
                unread.reset();
                field.chunk().await.map_err(|_| BrokenOff)
            }
            Incoming::Body(body) => loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Err(_)) => return Err(BrokenOff),
                    // Trailers are ignored.
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            return Ok(Some(bytes));
                        }
                    }
                }
            },
        }
    }

    /// Reads and discards the rest.
    pub(crate) async fn skip(mut self) -> Result<()> {
        loop {
            match tokio::time::timeout(SILENT_MAX, self.next()).await {
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(BrokenOff)) | Err(_) => return Err(broken_off()),
            }
        }
    }
}

pub(crate) fn broken_off() -> Answer {
    Answer::refused(StatusCode::BAD_REQUEST, "brokenOff", "The request broke off.")
}
