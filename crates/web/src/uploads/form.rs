//! Forms with files (RFC 7578), as browsers send them without scripts. Text fields are collected in memory; files are
//! streamed to the blob store.

use std::collections::HashMap;
use std::str::FromStr;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use domain::files::uploads::{self, NewUpload, Purpose};
use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{ChannelId, UploadId};
use domain::kernel::limits;
use multer::Multipart;

use crate::app::App;
use crate::http::answers::{Answer, Result};
use crate::uploads::completing::discard_all;
use crate::uploads::incoming::Incoming;
use crate::uploads::paced_body::{PacedBody, Unread};
use crate::uploads::receiving::take_here;

/// Bytes of one text field: the longest message at four bytes a character, with room to spare.
const TEXT_BYTES: u64 = 64 * 1024;
/// Text fields in one form.
const TEXTS_MAX: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Form {
    /// The text fields by name. If a name repeats, the last value counts.
    pub(crate) texts: HashMap<String, String>,
    /// The values of the `attachments` fields.
    pub(crate) attachments: Vec<UploadId>,
    /// Completed uploads, in the order of the form. Empty if the files were filed directly.
    pub(crate) uploads: Vec<UploadId>,
    /// Number of files sent, including refused ones.
    pub(crate) files: usize,
    /// Why the first refused file was refused. Text fields after it were still read.
    pub(crate) refused: Option<Answer>,
}

impl Form {
    /// A text field; empty if absent.
    pub(crate) fn text(&self, name: &str) -> String {
        self.texts.get(name).cloned().unwrap_or_default()
    }

    /// A parsed field; `None` if absent.
    pub(crate) fn read<T: FromStr>(&self, name: &'static str) -> Result<Option<T>> {
        match self.texts.get(name).map(|text| text.trim()) {
            None | Some("") => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| Error::field(name, Problem::NoChoice).into()),
        }
    }
}

fn boundary(request: &Request) -> Option<String> {
    let kind = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    multer::parse_boundary(kind).ok()
}

/// Reads a form with files for a channel. Without `place`, files are skipped. Gives the request back if it is not such
/// a form. Runs in its own task, so that received bytes are saved properly even if the connection is lost.
pub(crate) async fn read(
    app: &App,
    place: Option<(Actor, ChannelId)>,
    purpose: Purpose,
    request: Request,
) -> std::result::Result<Result<Form>, Request> {
    let Some(boundary) = boundary(&request) else { return Err(request) };
    let app = app.clone();
    let work = tokio::spawn(async move { read_here(&app, place, purpose, request, boundary).await });
    Ok(work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a form broke off");
        Err(broken())
    }))
}

async fn read_here(
    app: &App,
    place: Option<(Actor, ChannelId)>,
    purpose: Purpose,
    request: Request,
    boundary: String,
) -> Result<Form> {
    let unread = Unread::default();
    let sips = PacedBody::new(request.into_body().into_data_stream(), unread.clone());
    let mut parts = Multipart::new(sips, boundary);
    let mut form = Form::default();
    while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
        unread.reset();
        let name = unescaped(part.name().unwrap_or(""));
        match part.file_name().map(unescaped) {
            // A file input without a selection.
            Some(file) if file.is_empty() => {}
            Some(file) => {
                form.files += 1;
                let incoming = Incoming::Field(Box::new(part), unread.clone());
                let stored = match place {
                    Some(place) if form.refused.is_none() => {
                        store(app, place, purpose, &file, incoming, form.files).await
                    }
                    _ => {
                        incoming.skip().await?;
                        continue;
                    }
                };
                match stored {
                    Ok(upload) => form.uploads.extend(upload),
                    Err(answer) => form.refused = Some(answer),
                }
            }
            None => {
                let text = text(part).await?;
                if name == "attachments" {
                    form.attachments.extend(text.parse::<UploadId>().ok());
                } else if form.texts.len() < TEXTS_MAX {
                    form.texts.insert(name, text);
                }
            }
        }
    }
    Ok(form)
}

/// Stores one file. Returns its upload, or `None` if it became a file directly.
async fn store(
    app: &App,
    (actor, channel): (Actor, ChannelId),
    purpose: Purpose,
    name: &str,
    incoming: Incoming<'_>,
    count: usize,
) -> Result<Option<UploadId>> {
    if purpose == Purpose::Message && count > limits::ATTACHMENTS {
        return Err(Error::field("attachmentIds", Problem::TooMany(limits::ATTACHMENTS)).into());
    }
    let new = NewUpload { channel, purpose, name: name.to_string(), size: None, metadata: None };
    let room = app.web.room;
    let upload = app.store().write(move |tx| uploads::begin(tx, &actor, &new, &room)).await?;
    match take_here(app, actor, upload.id, 0, incoming).await {
        Ok(taken) => Ok(taken.file.is_none().then_some(upload.id)),
        Err(answer) => {
            // Clients cannot resume a form.
            discard_all(app, actor, upload.id).await;
            Err(answer)
        }
    }
}

/// Browsers percent-encode only quotes and line breaks in names (HTML, 4.10.21.8).
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

async fn text(mut part: multer::Field<'_>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|_| broken())? {
        if bytes.len() + chunk.len() > TEXT_BYTES as usize {
            return Err(Answer::refused(StatusCode::PAYLOAD_TOO_LARGE, "body", "This is too much at once."));
        }
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8(bytes)
        .map_err(|_| Answer::refused(StatusCode::BAD_REQUEST, "encoding", "This is not text in UTF-8."))
}

fn broken() -> Answer {
    Answer::refused(StatusCode::BAD_REQUEST, "body", "The form could not be read, or broke off.")
}
