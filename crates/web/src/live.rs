//! Live updates as server-sent events (WHATWG HTML, 9.2): one stream for all tabs of a browser, fed from the journal.
//!
//! [`Hub`] follows the journal by its numbers and hands every entry to the streams of the people who may see it:
//! written once (`events`), the same bytes for all, through a bounded queue each (`stream`). A signal only says that
//! it is worth looking; what counts is the number, so a lost signal loses nothing. Who may see what is kept by channel
//! and follows the journal too: losing access is an entry like any other, comes before everything that was written
//! after it, and closes the stream.

mod events;
pub(crate) mod hub;
mod stream;

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
    /// Whose page asks.
    person: Option<PersonId>,
}

/// The visitor's stream. `Last-Event-ID`, or `?after=` at first, says from where.
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
        // Proxies that buffer would hold events back.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    // A page of somebody who is signed in here no more gets nothing of who is now.
    if from.person.is_some_and(|person| person != visitor.actor.person) {
        return Ok((fixed, events::bare("signed-out")).into_response());
    }
    let body = app.hub.open(&visitor.actor, visitor.session, after).await?;
    Ok::<Response, Answer>((fixed, axum::body::Body::new(body)).into_response())
}
