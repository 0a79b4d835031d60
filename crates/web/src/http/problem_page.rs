//! Renders errors: a page for people, JSON for API clients and scripts.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::http::answers::{Answer, Refusal};
use crate::http::brand::Brand;
use crate::http::response_format::ResponseFormat;
use crate::http::theme::Theme;

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage {
    look: Theme,
    brand: Brand,
    title: &'static str,
    message: String,
}

/// Whether the response will be an error page, which shows the brand.
pub(crate) fn is_problem(response: &Response, wanted: ResponseFormat) -> bool {
    let answer = response.extensions().get::<Answer>();
    wanted == ResponseFormat::Page && matches!(answer, Some(Answer::Refused(_)))
}

/// Writes the body of a refusal; other responses pass unchanged.
pub(crate) fn finish(mut response: Response, wanted: ResponseFormat, look: Theme, brand: Brand) -> Response {
    let refusal = match response.extensions_mut().remove::<Answer>() {
        None => return response,
        Some(Answer::SignIn(back)) if wanted == ResponseFormat::Page => {
            let back: String = form_encoded(&back);
            return Redirect::to(&format!("/sign-in?back={back}")).into_response();
        }
        Some(Answer::SignIn(_)) => Refusal {
            status: StatusCode::UNAUTHORIZED,
            code: "unauthorized",
            message: "Please sign in.".to_string(),
            field: None,
            retry_after: None,
            header: None,
        },
        Some(Answer::Refused(refusal)) => refusal,
    };
    let status = refusal.status;
    let retry_after = refusal.retry_after;
    let header = refusal.header.clone();
    let mut answer = match wanted {
        ResponseFormat::Json => (status, axum::Json(refusal)).into_response(),
        ResponseFormat::Page => {
            let page = ProblemPage { look, brand, title: title(status), message: refusal.message.clone() };
            match page.render() {
                Ok(page) => (status, Html(page)).into_response(),
                Err(_) => (status, refusal.message).into_response(),
            }
        }
    };
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some((name, value)) = header.map(|header| *header) {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // Keep headers such as `Allow`, `WWW-Authenticate` and the rate limits.
    for (name, value) in response.headers() {
        answer.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    answer
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "Nothing here",
        StatusCode::FORBIDDEN => "This is not open to you",
        StatusCode::TOO_MANY_REQUESTS => "Please wait a little",
        StatusCode::INSUFFICIENT_STORAGE => "No room left",
        status if status.is_server_error() => "Something went wrong",
        _ => "That did not work",
    }
}

fn form_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' => {
                encoded.push(char::from(byte))
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
