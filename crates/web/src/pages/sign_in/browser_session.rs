//! Signing a browser in and out.

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

/// Signs this browser in; a session that it had ends.
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
        // Ended on another device at the same moment.
        Ok(()) | Err(Error::NotFound) => Ok(()),
        Err(error) => Err(error),
    }
}

/// What the browser says it is.
pub(crate) fn agent(headers: &HeaderMap) -> String {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("").to_string()
}

/// Sends a browser on, signed in.
pub(crate) fn signed_in(app: &App, secret: &Secret, to: &str) -> Response {
    with_cookie(visitor::sign_in_cookie(app, secret), to)
}

pub(crate) fn with_cookie(cookie: HeaderValue, to: &str) -> Response {
    ([(SET_COOKIE, cookie)], redirect(to)).into_response()
}
