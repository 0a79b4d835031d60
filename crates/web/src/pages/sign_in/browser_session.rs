//! Signing a browser in and out: the session and its cookie.

use axum::http::HeaderValue;
use axum::http::header::{HeaderMap, SET_COOKIE, USER_AGENT};
use axum::response::{IntoResponse, Response};
use domain::identity::sessions;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{PersonId, WorkspaceId};
use domain::kernel::secrets::Secret;
use store::Tx;

use crate::app::App;
use crate::http::answers::redirect;
use crate::http::visitor::{self, Visitor};

/// Starts a session for this browser and ends the one that it had.
pub(crate) fn start(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
    agent: &str,
    replaced: Option<&Visitor>,
) -> error::Result<Secret> {
    if let Some(visitor) = replaced {
        end(tx, visitor)?;
    }
    sessions::start(tx, workspace, person, agent)
}

pub(crate) fn end(tx: &mut Tx, visitor: &Visitor) -> error::Result<()> {
    match sessions::end(tx, &visitor.actor, visitor.session) {
        // It was already ended on another device.
        Ok(()) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The browser's `User-Agent`.
pub(crate) fn agent(headers: &HeaderMap) -> String {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("").to_string()
}

/// Sets the session cookie and redirects.
pub(crate) fn signed_in(app: &App, secret: &Secret, to: &str) -> Response {
    with_cookie(visitor::sign_in_cookie(app, secret), to)
}

pub(crate) fn with_cookie(cookie: HeaderValue, to: &str) -> Response {
    ([(SET_COOKIE, cookie)], redirect(to)).into_response()
}
