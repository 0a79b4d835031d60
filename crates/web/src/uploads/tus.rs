//! Resumable uploads: tus protocol 1.0 (tus.io) with the extensions creation, creation-with-upload, termination and
//! expiration (F3). Forms without scripts send their files in the form (`form`); both use `receiving`.

use std::collections::HashMap;

use axum::body::{Body, HttpBody};
use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::files::uploads::{self, NewUpload, Purpose, Upload};
use domain::files::{entry, signed_urls};
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{ChannelId, FileId, UploadId};
use store::Time;

use crate::app::App;
use crate::http::answers::{self, Answer, Result};
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visitor::CurrentWorkspace;
use crate::uploads::completing::{discard, discard_all};
use crate::uploads::incoming::Incoming;
use crate::uploads::locks::{locked, wrong};
use crate::uploads::receiving::{Received, take};
use crate::uploads::uploader::Uploader;

const PATH: &str = "/uploads";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSION: HeaderName = HeaderName::from_static("tus-version");
const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");
const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const METHOD_OVERRIDE: HeaderName = HeaderName::from_static("x-http-method-override");
/// Our own header: the file that a finished upload became.
const FILE: HeaderName = HeaderName::from_static("portal-file");
const OFFSET_OCTETS: &str = "application/offset+octet-stream";
/// Limit for `Upload-Metadata`: a long name in base64, with room to spare.
const METADATA_CHARACTERS: usize = 8_000;

pub(crate) fn routes(routes: Routes) -> Routes {
    let tus = Routes::new()
        .options(PATH, options)
        .post(PATH, create)
        .post("/uploads/{id}", overridden)
        .head("/uploads/{id}", state)
        .patch("/uploads/{id}", go_on)
        .delete("/uploads/{id}", give_up);
    let routes = routes.put("/signed/{address}", signed);
    Routes {
        list: [routes.list, tus.list].concat(),
        router: routes.router.merge(tus.router.layer(map_response(say_version))),
    }
}

/// Every answer says the version, refusals too, and no cache keeps any (tus, core protocol).
async fn say_version(mut answer: Response) -> Response {
    answer.headers_mut().insert(RESUMABLE, HeaderValue::from_static("1.0.0"));
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// For clients that can only POST.
async fn overridden(
    app: State<App>,
    uploader: Uploader,
    id: PathParam<UploadId>,
    headers: HeaderMap,
    body: Body,
) -> Result {
    match headers.get(METHOD_OVERRIDE).map(HeaderValue::as_bytes) {
        Some(b"HEAD") => state(app, uploader, id, headers).await,
        Some(b"PATCH") => go_on(app, uploader, id, headers, body).await,
        Some(b"DELETE") => give_up(app, uploader, id, headers).await,
        _ => {
            let allowed = "DELETE, HEAD, PATCH";
            let refused = answers::not_this_way(Method::POST, Uri::default()).await;
            Err(refused.with(header::ALLOW, allowed))
        }
    }
}

async fn options(State(app): State<App>) -> Response {
    let most = app.web.room.file_max;
    let headers = [
        (VERSION, HeaderValue::from_static("1.0.0")),
        (EXTENSION, HeaderValue::from_static("creation,creation-with-upload,termination,expiration")),
        (MAX_SIZE, HeaderValue::from(most)),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Creates an upload, optionally with its first bytes. `Upload-Metadata` has `channel`, `filename` and, for a file that is
/// filed in a folder instead of sent with a message, `folder` (an id, or empty for the top level).
async fn create(State(app): State<App>, uploader: Uploader, headers: HeaderMap, body: Body) -> Result {
    understood(&headers)?;
    let size = number(&headers, &LENGTH)?;
    let size =
        size.ok_or_else(|| wrong("uploadLength", "Please say how many bytes will come (Upload-Length)."))?;
    let has_bytes = !body.is_end_stream();
    if has_bytes {
        are_octets(&headers)?;
        fits(&body, size)?;
    }
    let new = announced(&headers, size)?;
    uploader.may(new.channel)?;
    let (actor, room) = (uploader.actor, app.web.room);
    let upload = app.store().write(move |tx| uploads::begin(tx, &actor, &new, &room)).await?;
    let taken = if has_bytes || size == 0 {
        take(&app, actor, upload.id, 0, Incoming::Body(body)).await?
    } else {
        Received::default()
    };
    let mut answer = progress(StatusCode::CREATED, &taken, Some(expires_from(&app)));
    // A path with an id is always a valid header value.
    if let Ok(location) = HeaderValue::from_str(&format!("{PATH}/{}", upload.id)) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}

/// Reports the offset. Ends a connection that still writes: a client that asks has lost it.
async fn state(
    State(app): State<App>,
    uploader: Uploader,
    PathParam(id): PathParam<UploadId>,
    headers: HeaderMap,
) -> Result {
    understood(&headers)?;
    let _alone = match found(&app, &uploader, id).await {
        Ok(_) => app.upload_locks.alone(id).await.ok_or_else(locked)?,
        Err(none) => return finished(&app, &uploader, id).await.map_err(|_| none),
    };
    let upload = match found(&app, &uploader, id).await {
        Ok(upload) => upload,
        Err(none) => return finished(&app, &uploader, id).await.map_err(|_| none),
    };
    let taken = Received { offset: upload.received, file: None };
    let mut answer = progress(StatusCode::OK, &taken, Some(upload.expires_at));
    if let Some(size) = upload.size {
        answer.headers_mut().insert(LENGTH, HeaderValue::from(size));
    }
    if let Some(Ok(metadata)) = upload.metadata.map(HeaderValue::try_from) {
        answer.headers_mut().insert(METADATA, metadata);
    }
    Ok(answer)
}

/// The upload already became a file in a folder, but the client did not get that answer.
async fn finished(app: &App, uploader: &Uploader, id: UploadId) -> Result {
    let actor = uploader.actor;
    let file = app.store().read(move |reader| uploads::became(reader, &actor, id)).await?;
    uploader.may(file.channel)?;
    let size = file.stored.as_ref().map_or(0, |stored| stored.size);
    let mut answer = progress(StatusCode::OK, &Received { offset: size, file: Some(file.id) }, None);
    answer.headers_mut().insert(LENGTH, HeaderValue::from(size));
    Ok(answer)
}

async fn go_on(
    State(app): State<App>,
    uploader: Uploader,
    PathParam(id): PathParam<UploadId>,
    headers: HeaderMap,
    body: Body,
) -> Result {
    understood(&headers)?;
    are_octets(&headers)?;
    let offset = number(&headers, &OFFSET)?;
    let offset = offset
        .ok_or_else(|| wrong("uploadOffset", "Please say from where the bytes go on (Upload-Offset)."))?;
    let upload = found(&app, &uploader, id).await?;
    if let Some(size) = upload.size
        && offset == upload.received
    {
        fits(&body, size - offset)?;
    }
    match take(&app, uploader.actor, id, offset, Incoming::Body(body)).await {
        Ok(taken) => Ok(progress(StatusCode::NO_CONTENT, &taken, Some(expires_from(&app)))),
        Err(answer) if answer.status() == StatusCode::CONFLICT => {
            let received = found(&app, &uploader, id).await?.received;
            Ok(([(OFFSET, HeaderValue::from(received))], answer).into_response())
        }
        Err(answer) => Err(answer),
    }
}

async fn give_up(
    State(app): State<App>,
    uploader: Uploader,
    PathParam(id): PathParam<UploadId>,
    headers: HeaderMap,
) -> Result {
    understood(&headers)?;
    found(&app, &uploader, id).await?;
    let _alone = app.upload_locks.alone(id).await.ok_or_else(locked)?;
    let actor = uploader.actor;
    let staged = app.store().write(move |tx| uploads::abandon(tx, &actor, id)).await?;
    discard(&app, staged).await;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Uploads the content of a file created without one. The signed address is valid for 15 minutes (F2); it needs neither
/// session nor key, but current access is checked.
async fn signed(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    PathParam(address): PathParam<String>,
    headers: HeaderMap,
    body: Body,
) -> Result {
    let (id, room) = (workspace.id, app.web.room);
    let size = number(&headers, &header::CONTENT_LENGTH)?;
    let (actor, upload) = app
        .store()
        .write(move |tx| {
            let (actor, file) = signed_urls::check(tx, id, signed_urls::Purpose::Upload, &address)?;
            let entry = entry::find(tx, &actor, file)?;
            let (channel, purpose) = (entry.channel, Purpose::File(file));
            let new = NewUpload { channel, purpose, name: entry.name, size, metadata: None };
            Ok::<_, Error>((actor, uploads::begin(tx, &actor, &new, &room)?))
        })
        .await?;
    let id = upload.id;
    match take(&app, actor, id, 0, Incoming::Body(body)).await {
        Ok(Received { file: Some(_), .. }) => Ok(StatusCode::OK.into_response()),
        // This request cannot be resumed; the client must send the whole file again.
        outcome => {
            discard_all(&app, actor, id).await;
            Err(outcome.err().unwrap_or_else(|| wrong("brokenOff", "The request broke off.")))
        }
    }
}

async fn found(app: &App, uploader: &Uploader, id: UploadId) -> Result<Upload> {
    let actor = uploader.actor;
    let upload = app.store().read(move |reader| uploads::find(reader, &actor, id)).await?;
    uploader.may(upload.channel)?;
    Ok(upload)
}

/// Refuses clients of other protocol versions.
fn understood(headers: &HeaderMap) -> Result<()> {
    if headers.get(RESUMABLE).is_some_and(|version| version == "1.0.0") {
        return Ok(());
    }
    let message = "Please speak tus 1.0.0 (Tus-Resumable).";
    Err(Answer::refused(StatusCode::PRECONDITION_FAILED, "tusVersion", message).with(VERSION, "1.0.0"))
}

/// A header with a number of bytes.
fn number(headers: &HeaderMap, name: &HeaderName) -> Result<Option<i64>> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|text| text.parse().ok()) {
        Some(number) => Ok(Some(number)),
        None => Err(wrong("header", &format!("{name} must be a number of bytes."))),
    }
}

/// Refuses bytes of another type.
fn are_octets(headers: &HeaderMap) -> Result<()> {
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == OFFSET_OCTETS) {
        return Ok(());
    }
    let message = "Please send the bytes as application/offset+octet-stream.";
    Err(Answer::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupportedMediaType", message))
}

/// Refuses a body that is known to be longer than `most` before its first byte.
fn fits(body: &Body, most: i64) -> Result<()> {
    let count = body.size_hint().lower();
    if i64::try_from(count).is_ok_and(|count| count <= most) {
        return Ok(());
    }
    Err(Error::field("file", Problem::TooLarge(most)).into())
}

/// Parses `Upload-Metadata`: comma-separated pairs of a key and a base64 value.
fn announced(headers: &HeaderMap, size: i64) -> Result<NewUpload> {
    let unreadable =
        || wrong("uploadMetadata", "Upload-Metadata must be pairs of a key and a value in base64.");
    let text = headers.get(METADATA).map_or(Ok(""), HeaderValue::to_str).map_err(|_| unreadable())?;
    if text.len() > METADATA_CHARACTERS {
        return Err(unreadable());
    }
    let mut values = HashMap::new();
    for pair in text.split(',').map(str::trim).filter(|_| !text.is_empty()) {
        let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
        let value = STANDARD.decode(value.trim()).map_err(|_| unreadable())?;
        // Clients may send more, such as a type, but the content decides that.
        if key.is_empty() || values.insert(key, value).is_some() {
            return Err(unreadable());
        }
    }
    let mut value = |key| values.remove(key).map(String::from_utf8).transpose().map_err(|_| unreadable());
    let folder = match value("folder")? {
        None => None,
        Some(folder) if folder.is_empty() => Some(None),
        Some(folder) => Some(Some(folder.parse::<FileId>().map_err(|_| Answer::not_found())?)),
    };
    let channel = value("channel")?.ok_or(Error::field("channel", Problem::Empty))?;
    let channel = channel.parse::<ChannelId>().map_err(|_| Answer::not_found())?;
    let purpose = folder.map_or(Purpose::Message, Purpose::Folder);
    let name = value("filename")?.unwrap_or_default();
    Ok(NewUpload { channel, purpose, name, size: Some(size), metadata: Some(text.to_string()) })
}

/// When an upload expires to which nothing is added from now on.
fn expires_from(app: &App) -> Time {
    app.store().clock().now().after(uploads::LASTS)
}

fn progress(status: StatusCode, taken: &Received, expires: Option<Time>) -> Response {
    let mut answer = status.into_response();
    let headers = answer.headers_mut();
    headers.insert(OFFSET, HeaderValue::from(taken.offset));
    // RFC 9110, 5.6.7.
    if let Some(Ok(expires)) = expires.map(times::http_date).map(HeaderValue::try_from) {
        headers.insert(EXPIRES, expires);
    }
    if let Some(file) = taken.file
        && let Ok(file) = HeaderValue::from_str(&file.to_string())
    {
        headers.insert(FILE, file);
    }
    answer
}
