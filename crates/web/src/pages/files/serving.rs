//! Serving the bytes of files. Access is checked at each request (F2), ranges are supported (RFC 9110, 14), and nothing
//! uploaded runs in the portal's own origin (F4): each answer carries a policy that allows nothing, and types that
//! browsers would run are sent as downloads. Damaged bytes are never sent as if they were whole (F16).

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::IntoResponse;
use domain::files::blobs;
use domain::files::content::{self, Class};
use domain::files::entry::{self, Entry, Stored};
use domain::files::signed_urls::{self, Purpose};
use domain::kernel::error::Error;
use domain::kernel::ids::{BlobId, ChannelId, FileId, WorkspaceId};
use futures_util::stream;
use outbound::blobs::{BlobError, Content, Form, Reading};

use crate::app::App;
use crate::http::answers::{Answer, Result};
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;
use crate::http::visitor::{CurrentWorkspace, Visitor};
use crate::pages::files::ranges::byte_range;

/// A document under this policy has no origin, runs nothing and loads nothing.
const POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src 'self'; \
     form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

const DAMAGED: &str = "This file was damaged where it is stored and cannot be opened. It has been noted; \
     sending it again helps.";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/files/{channel}/{file}/content", whole)
        .get("/files/{channel}/{file}/small", small)
        .get("/files/{channel}/{file}/download", download)
        .get("/signed/{address}", signed_download)
}

/// How a file is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rendition {
    /// Shown or played in place if that is safe.
    InPlace,
    /// The small version.
    Small,
    Saved,
}

async fn whole(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(place): PathParam<(ChannelId, FileId)>,
    method: Method,
    headers: HeaderMap,
) -> Result {
    of_visitor(&app, &visitor, place, Rendition::InPlace, &method, &headers).await
}

async fn small(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(place): PathParam<(ChannelId, FileId)>,
    method: Method,
    headers: HeaderMap,
) -> Result {
    of_visitor(&app, &visitor, place, Rendition::Small, &method, &headers).await
}

async fn download(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(place): PathParam<(ChannelId, FileId)>,
    method: Method,
    headers: HeaderMap,
) -> Result {
    of_visitor(&app, &visitor, place, Rendition::Saved, &method, &headers).await
}

async fn of_visitor(
    app: &App,
    visitor: &Visitor,
    (channel, file): (ChannelId, FileId),
    way: Rendition,
    method: &Method,
    headers: &HeaderMap,
) -> Result {
    let actor = visitor.actor;
    let entry = app.store().read(move |reader| entry::find(reader, &actor, file)).await?;
    if entry.channel != channel {
        return Err(Answer::not_found());
    }
    serve(app, actor.workspace, &entry, way, method, headers).await
}

/// A signed address, valid for 15 minutes. It needs neither session nor key but is checked against current access (F2).
async fn signed_download(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    PathParam(address): PathParam<String>,
    method: Method,
    headers: HeaderMap,
) -> Result {
    let id = workspace.id;
    let entry = app
        .store()
        .read(move |reader| {
            let (actor, file) = signed_urls::check(reader, id, Purpose::Download, &address)?;
            entry::find(reader, &actor, file)
        })
        .await?;
    let mut answer = serve(&app, id, &entry, Rendition::Saved, &method, &headers).await?;
    // The address works like a key until it expires.
    answer.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(answer)
}

/// Serves a file. The caller must have checked read access.
pub(crate) async fn serve(
    app: &App,
    workspace: WorkspaceId,
    entry: &Entry,
    way: Rendition,
    method: &Method,
    asked: &HeaderMap,
) -> Result {
    let stored = entry.stored.as_ref().ok_or(Error::NotFound)?;
    if stored.held.is_some() {
        return Err(Answer::refused(StatusCode::FORBIDDEN, "heldBack", held_back(stored)));
    }
    let (form, content_type, name) = match way {
        Rendition::Small if stored.small.is_none() => return Err(Answer::not_found()),
        Rendition::Small => (Form::Small, "image/*", "small"),
        Rendition::InPlace | Rendition::Saved => {
            (Form::Whole, stored.content_type.as_str(), entry.safe_name.as_str())
        }
    };
    let content = Content::new(workspace.0, stored.blob.0, stored.size, stored.hash);
    let blobs = &app.web.blobs;
    let size = match form {
        Form::Whole => content.size,
        Form::Small => blobs.size(content.name, form).await.map_err(|error| unread(stored, error))?,
    };
    let tag = format!("\"{}{}\"", stored.blob.0.simple(), if form == Form::Small { "s" } else { "" });
    let in_place =
        way != Rendition::Saved && (form == Form::Small || Class::of(content_type).opens_in_place());
    let mut headers = fixed(&tag);
    let disposition = if in_place { disposition("inline", name) } else { disposition("attachment", name) };
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    if asked.get_all(header::IF_NONE_MATCH).iter().any(|value| is_named(value, &tag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let Ok(range) = byte_range(asked, &tag, size) else {
        headers.insert(header::CONTENT_RANGE, value(&format!("bytes */{size}")));
        return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
    };
    let (status, range) = match range {
        Some(range) => {
            let words = format!("bytes {}-{}/{size}", range.start, range.end.saturating_sub(1));
            headers.insert(header::CONTENT_RANGE, value(&words));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        None => (StatusCode::OK, 0..size),
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if *method == Method::HEAD {
        if form == Form::Whole {
            // Bytes that are missing are not announced either. Whether they are right is seen when they are read.
            blobs.check_size(content).await.map_err(|error| unread(stored, error))?;
        }
        let content_type = if form == Form::Small { "image/jpeg" } else { content::served_as(content_type) };
        headers.insert(header::CONTENT_TYPE, value(content_type));
        return Ok((status, headers).into_response());
    }
    let reading = match form {
        Form::Small => blobs.read(content.name, form, range).await,
        Form::Whole if range == (0..size) => blobs.read_whole(content).await,
        Form::Whole => blobs.read_part(content, range).await,
    };
    let mut reading = reading.map_err(|error| unread(stored, error))?;
    let first = reading.next().await.map_err(|error| unread(stored, error))?.unwrap_or_default();
    let content_type = match form {
        // We create small versions ourselves, in one of two formats.
        Form::Small if first.starts_with(b"\x89PNG") => "image/png",
        Form::Small => "image/jpeg",
        Form::Whole => content::served_as(content_type),
    };
    headers.insert(header::CONTENT_TYPE, value(content_type));
    Ok((status, headers, body(stored.blob, first, reading)).into_response())
}

/// Why a file is held back, in words for people.
pub(crate) fn held_back(stored: &Stored) -> &'static str {
    match stored.held.as_deref() {
        Some(blobs::UNCHECKED) => "This file is still being checked. Please try again in a moment.",
        Some(blobs::TOO_LARGE) => "This file is held back: it is too large to be checked.",
        Some(blobs::DAMAGED) => DAMAGED,
        _ => "This file is held back: it may be harmful.",
    }
}

/// The headers of every file.
fn fixed(tag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::ACCEPT_RANGES, "bytes"),
        // Browsers may cache it but must revalidate each time, so that losing access takes effect.
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    for (name, fixed) in fixed {
        headers.insert(name, HeaderValue::from_static(fixed));
    }
    headers.insert(header::ETAG, value(tag));
    headers
}

fn value(text: &str) -> HeaderValue {
    // Built here from ASCII letters, digits and punctuation.
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

/// `Content-Disposition` with the name in ASCII and in full, for every browser (RFC 6266, RFC 8187).
pub(crate) fn disposition(kind: &str, name: &str) -> HeaderValue {
    let plain =
        |c: char| if c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ' { c } else { '_' };
    let ascii: String = name.chars().map(plain).collect();
    let mut full = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            full.push(char::from(byte));
        } else {
            full.push_str(&format!("%{byte:02X}"));
        }
    }
    value(&format!("{kind}; filename=\"{ascii}\"; filename*=UTF-8''{full}"))
}

/// Whether `If-None-Match` names the tag, by weak comparison (RFC 9110, 13.1.2).
fn is_named(given: &HeaderValue, tag: &str) -> bool {
    let Ok(given) = given.to_str() else { return false };
    given.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

/// The bytes as a body. Only one buffer is read ahead of the connection, never the whole file. If they turn out to be damaged,
/// the last ones are missing, so that nobody takes them for the file.
fn body(blob: BlobId, first: axum::body::Bytes, reading: Reading) -> Body {
    let rest = stream::unfold(Some(reading), move |reading| async move {
        let mut reading = reading?;
        match reading.next().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(reading))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%blob, %error, "a file broke off while it was sent");
                Some((Err(error), None))
            }
        }
    });
    let first = stream::iter(Some(first).filter(|bytes| !bytes.is_empty()).map(Ok::<_, BlobError>));
    Body::from_stream(futures_util::StreamExt::chain(first, rest))
}

fn unread(stored: &Stored, error: BlobError) -> Answer {
    let blob = stored.blob;
    tracing::error!(%blob, %error, "a file cannot be read");
    match error {
        BlobError::Damaged(_) => Answer::refused(StatusCode::INTERNAL_SERVER_ERROR, "fileDamaged", DAMAGED),
        _ => Answer::refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "failed",
            "This file cannot be read at the moment. It has been noted; please try again.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f12_names_stand_safely_in_headers() {
        let shown = |name: &str| disposition("attachment", name).to_str().unwrap().to_string();
        assert_eq!(
            shown("Übersicht \"2026\".pdf"),
            "attachment; filename=\"_bersicht _2026_.pdf\"; filename*=UTF-8''%C3%9Cbersicht%20%222026%22.pdf"
        );
        let hostile = shown("a\r\nSet-Cookie: x=1;\\ %41.txt");
        assert!(!hostile.contains(['\r', '\n', '\\']), "{hostile}");
    }

    #[test]
    fn a_tag_is_found_among_others() {
        let named = |given: &'static str| is_named(&HeaderValue::from_static(given), "\"abc\"");
        assert!(named("\"abc\"") && named("W/\"abc\"") && named("\"x\", \"abc\"") && named("*"));
        assert!(!named("\"ab\"") && !named("abc") && !named(""));
    }
}
