//! Live updates as server-sent events (WHATWG HTML, 9.2), fed from the journal: one stream for all tabs of a browser, and
//! the streams of API clients.
//!
//! [`Hub`] follows the journal by entry number and sends each entry to the streams of the people who may see it. An
//! entry is serialized once for pages (`events`) and once for API clients; all streams share its bytes through bounded
//! queues (`stream`). The store's signal is only a hint to look; the entry number decides, so a lost signal loses
//! nothing. Access of pages is kept by channel and follows the journal too: losing access is an entry like any other. It
//! is handled before every later entry and closes the stream. Access of API clients is checked in the view of the
//! database in which an entry is read (`api_stream`).

pub(crate) mod api_stream;
mod batch;
mod events;
pub(crate) mod hub;
mod opening;
mod stream;
mod streams;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use domain::kernel::ids::PersonId;
use serde::Deserialize;

use crate::app::App;
use crate::http::answers::{Answer, Result};
use crate::http::extractors::Query;
use crate::http::routes::Routes;
use crate::http::visitor::Visitor;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/live", live)
}

#[derive(Deserialize)]
struct From {
    after: Option<String>,
    /// The person whose page opens the stream.
    person: Option<PersonId>,
}

/// Starts after `Last-Event-ID`, or after `?after=` on the first connection.
async fn live(
    State(app): State<App>,
    visitor: Visitor,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result {
    let last = headers.get("last-event-id").map(|id| id.to_str().unwrap_or("").to_string());
    let after = match last.or(from.after) {
        None => None,
        Some(text) => Some(text.trim().parse::<i64>().ok().filter(|seq| *seq >= 0).ok_or_else(|| {
            Answer::refused(
                StatusCode::BAD_REQUEST,
                "invalid",
                "Last-Event-ID must be the number of an event.",
            )
        })?),
    };
    let fixed = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Without this, buffering proxies would delay events.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    // The page belongs to somebody who has signed out; it must not receive events of the person signed in now.
    if from.person.is_some_and(|person| person != visitor.actor.person) {
        return Ok((fixed, events::bare("signed-out")).into_response());
    }
    let body = app.hub.open(&visitor.actor, visitor.session, after).await?;
    Ok::<Response, Answer>((fixed, axum::body::Body::new(body)).into_response())
}
