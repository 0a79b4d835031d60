//! Authentication and rate limits for every API call. Cookies are ignored here.

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::kernel::access::Actor;
use domain::kernel::error::Error;
use domain::kernel::ids::{KeyId, WorkspaceId};
use domain::tenant::{api_keys, workspaces};

use crate::api::seal::Seal;
use crate::app::App;
use crate::http::answers::Answer;
use crate::http::cookies;

/// Public addresses.
const OPEN: [&str; 2] = ["/v1/openapi.json", "/v1/docs"];

/// The client of a call, known by its API key.
#[derive(Clone)]
pub(crate) struct ApiClient {
    /// The admin who created the key, with the access of an API client (D2).
    pub(crate) actor: Actor,
    pub(crate) key: KeyId,
    /// Encrypts the answers kept for idempotent calls.
    pub(crate) seal: Seal,
}

impl<S: Send + Sync> FromRequestParts<S> for ApiClient {
    type Rejection = Answer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<ApiClient, Answer> {
        parts.extensions.get::<ApiClient>().cloned().ok_or_else(no_key)
    }
}

/// Answers the call if its key is valid and within its rate limit.
pub(crate) async fn authenticate(app: &App, mut request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    // Unknown addresses are a 404 for everybody.
    if route.is_none_or(|route| OPEN.contains(&route)) {
        return next.run(request).await;
    }
    let api_client = match api_client(app, request.headers()).await {
        Ok(api_client) => api_client,
        Err(answer) => {
            let mut response = answer.into_response();
            // RFC 9110, 11.6.1: a 401 names the scheme to use.
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            return response;
        }
    };
    let rate = app.rates.count(api_client.key, app.store().clock().now());
    let mut response = if rate.is_over {
        Answer::from(Error::TooMany(rate.wait())).into_response()
    } else {
        request.extensions_mut().insert(api_client);
        next.run(request).await
    };
    rate.tell(response.headers_mut());
    response
}

async fn api_client(app: &App, headers: &HeaderMap) -> Result<ApiClient, Answer> {
    let given = given(headers).ok_or_else(no_key)?;
    let (workspace, secret) = parts(&given);
    let seal = Seal::new(secret);
    let (secret, host) = (secret.to_string(), cookies::host(headers));
    let found = app.store().read_unflushed(move |reader| {
        let found = api_keys::of_secret(reader, &secret)?;
        let here = workspaces::by_host(reader, &host)?;
        // A key is invalid at the host of another firm (B4).
        Ok::<_, Error>(found.filter(|(actor, ..)| here.is_none_or(|here| here.id == actor.workspace)))
    });
    let found = found.await?;
    let (actor, key, is_stale) = found.ok_or_else(no_key)?;
    if workspace.is_some_and(|workspace| workspace != Some(actor.workspace)) {
        return Err(no_key());
    }
    if is_stale {
        let touched = app.store().write(move |tx| api_keys::touch(tx, &actor, key)).await;
        if let Err(error) = touched {
            error.log("a key's last use could not be noted");
        }
    }
    Ok(ApiClient { actor, key, seal })
}

/// The key as sent: `X-API-Key`, or `Authorization: Bearer` (RFC 6750, 2.1).
fn given(headers: &HeaderMap) -> Option<String> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok().map(|key| key.trim().to_string());
    }
    let (scheme, key) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_string())
}

/// Splits a key into workspace and secret. Clients built for a single firm send the secret alone; clients built for many
/// send `WORKSPACE/KEY` or `WORKSPACE/KEY/MORE`. An unreadable workspace is `Some(None)`, which matches none.
fn parts(given: &str) -> (Option<Option<WorkspaceId>>, &str) {
    match given.split_once('/') {
        None => (None, given),
        Some((workspace, rest)) => {
            (Some(workspace.parse().ok()), rest.split_once('/').map_or(rest, |(key, _)| key))
        }
    }
}

fn no_key() -> Answer {
    let message = "Please send a good key, as X-API-Key or as Authorization: Bearer.";
    Answer::refused(StatusCode::UNAUTHORIZED, "unauthorized", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::known_paths::is_api;

    #[test]
    fn a_key_may_stand_between_a_workspace_and_more() {
        let id = "019b8d62-7a80-7708-aed8-f33a0ce336e7";
        let workspace: WorkspaceId = id.parse().unwrap();
        assert_eq!(parts("abc"), (None, "abc"));
        assert_eq!(parts(&format!("{id}/abc")), (Some(Some(workspace)), "abc"));
        assert_eq!(parts(&format!("{id}/abc/token")), (Some(Some(workspace)), "abc"));
        assert_eq!(parts("nobody/abc"), (Some(None), "abc"));
    }

    #[test]
    fn a_key_comes_in_one_of_two_headers() {
        let sent = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static(value));
            given(&headers)
        };
        assert_eq!(sent("x-api-key", " abc ").as_deref(), Some("abc"));
        assert_eq!(sent("authorization", "bearer abc").as_deref(), Some("abc"));
        for (name, value) in
            [("authorization", "Basic abc"), ("authorization", "abc"), ("cookie", "portal=abc")]
        {
            assert_eq!(sent(name, value), None, "{name}: {value}");
        }
    }

    #[test]
    fn only_what_begins_with_it_is_here() {
        assert!(is_api("/v1/messages") && is_api("/v1") && is_api("/v1/"));
        assert!(!is_api("/v10") && !is_api("/messages") && !is_api("/"));
    }
}
