//! Wraps every request: same-origin check, API authentication, error responses, security headers and metrics.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::auth;
use crate::app::App;
use crate::http::answers::Answer;
use crate::http::brand::Brand;
use crate::http::response_format::ResponseFormat;
use crate::http::theme::Theme;
use crate::http::{cookies, known_paths, problem_page};

/// Only the portal's own files load or run; no inline scripts or styles.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     connect-src 'self'; font-src 'self'; manifest-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Prefixes of addresses that other services call. Cookies are ignored there: each call carries its own secret.
const CALLED_BY_OTHERS: [&str; 3] = [known_paths::UNSUBSCRIBE, "/hooks/", known_paths::SIGNED];

pub(crate) async fn check_request(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let wanted = ResponseFormat::by(request.uri().path(), request.headers());
    let look = Theme::of(request.headers());
    let host = (wanted == ResponseFormat::Page).then(|| cookies::host(request.headers()));
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_string());
    let is_open = CALLED_BY_OTHERS.iter().any(|begin| request.uri().path().starts_with(begin));
    let answer = if known_paths::is_api(request.uri().path()) {
        auth::authenticate(&app, request, next).await
    } else if is_open || may_change(&app, &method, request.headers()) {
        next.run(request).await
    } else {
        Answer::refused(
            StatusCode::FORBIDDEN,
            "crossOrigin",
            "This request did not come from a page of the portal.",
        )
        .into_response()
    };
    let brand = match host.filter(|_| problem_page::is_problem(&answer, wanted)) {
        Some(host) => Brand::at(&app, host).await,
        None => Brand::product(),
    };
    let mut answer = problem_page::finish(answer, wanted, look, brand);
    add_headers(answer.headers_mut());
    let route = route.unwrap_or_else(|| "none".to_string());
    let status = answer.status().as_u16().to_string();
    metrics::counter!("portal_requests_total", "method" => method.to_string(), "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("portal_request_seconds", "route" => route).record(started.elapsed().as_secs_f64());
    answer
}

/// Whether a request may change something. Browsers state the origin of a request, which must be the portal's own
/// (Fetch Metadata; RFC 6454).
fn may_change(app: &App, method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else {
        return false;
    };
    if app.web.public_url == origin {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let origin_host = origin.split_once("://").map(|(_, host)| host);
    host.is_some() && host == origin_host
}

fn add_headers(headers: &mut HeaderMap) {
    let everywhere = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        // Answers are personal, so shared caches must not keep them. Assets set their own header.
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    // These only apply to documents. An open stream would keep the extra headers in memory.
    let documents = [
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    let is_document =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    for (name, value) in everywhere.into_iter().chain(documents.into_iter().filter(|_| is_document)) {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
