//! The workspace of a request, by its host, and the signed-in person, by the session cookie.

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::header::HeaderValue;
use axum::http::request::Parts;
use domain::identity::sessions::{self, SignedIn};
use domain::kernel::access::Actor;
use domain::kernel::ids::SessionId;
use domain::kernel::{limits, secrets};
use domain::tenant::workspaces::{self, Workspace};

use crate::app::App;
use crate::http::answers::Answer;
use crate::http::cookies::{cookie, host};
use crate::http::serve::Peer;
use crate::http::theme::Theme;

/// The workspace at the request's host.
#[derive(Clone)]
pub(crate) struct CurrentWorkspace(pub(crate) Workspace);

/// A signed-in person.
#[derive(Clone)]
pub(crate) struct Visitor {
    pub(crate) actor: Actor,
    pub(crate) session: SessionId,
    pub(crate) workspace: Workspace,
    pub(crate) look: Theme,
}

impl FromRequestParts<App> for CurrentWorkspace {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<CurrentWorkspace, Answer> {
        let host = host(&parts.headers);
        let found = app.store().read(move |reader| workspaces::by_host(reader, &host)).await?;
        found.map(CurrentWorkspace).ok_or_else(Answer::not_found)
    }
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Visitor, Answer> {
        match Option::<Visitor>::from_request_parts(parts, app).await? {
            Some(visitor) => Ok(visitor),
            None => {
                // Only a page that was being viewed is worth returning to.
                let path = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
                Err(Answer::SignIn(path.map_or("/", |path| path.as_str()).to_string()))
            }
        }
    }
}

impl axum::extract::OptionalFromRequestParts<App> for Visitor {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Option<Visitor>, Answer> {
        let Some(secret) = cookie(&parts.headers, cookie_name(app)) else { return Ok(None) };
        let host = host(&parts.headers);
        let found =
            app.store().read_one_unflushed(move |reader| sessions::of_secret(reader, &host, &secret)).await?;
        let Some(SignedIn { session, actor, workspace, is_stale }) = found else { return Ok(None) };
        if is_stale {
            let touched = app.store().write(move |tx| sessions::touch(tx, actor.workspace, session)).await;
            if let Err(error) = touched {
                error.log("a session's last use could not be noted");
            }
        }
        Ok(Some(Visitor { actor, session, workspace, look: Theme::of(&parts.headers) }))
    }
}

/// Browsers accept a `__Host-` cookie only over HTTPS and only for this host (RFC 6265bis).
fn cookie_name(app: &App) -> &'static str {
    if app.is_secure() { "__Host-portal" } else { "portal" }
}

/// The `Set-Cookie` header that signs a browser in.
pub(crate) fn sign_in_cookie(app: &App, secret: &secrets::Secret) -> HeaderValue {
    cookie_header(app, secret.reveal(), limits::SESSION_LASTS.as_secs())
}

/// The `Set-Cookie` header that signs a browser out.
pub(crate) fn sign_out_cookie(app: &App) -> HeaderValue {
    cookie_header(app, "", 0)
}

fn cookie_header(app: &App, value: &str, seconds: u64) -> HeaderValue {
    let secure = if app.is_secure() { "; Secure" } else { "" };
    let text =
        format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", cookie_name(app));
    // Names and secrets are ASCII letters and digits.
    HeaderValue::from_str(&text).expect("names and secrets are ASCII letters and digits")
}

/// The client's network address, for rate limits. Only a proxy on this machine may forward another address.
pub(crate) struct Sender(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Sender, Self::Rejection> {
        let Some(Peer(peer)) = parts.extensions.get::<Peer>() else {
            return Ok(Sender("unknown".to_string()));
        };
        let forwarded = parts
            .headers
            .get("x-forwarded-for")
            .filter(|_| peer.ip().is_loopback())
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.rsplit(',').next())
            .and_then(|address| address.trim().parse::<std::net::IpAddr>().ok());
        Ok(Sender(forwarded.unwrap_or(peer.ip()).to_string()))
    }
}
