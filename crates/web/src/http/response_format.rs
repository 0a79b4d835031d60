//! Whether a request wants a page or JSON.

use axum::http::header::{self, HeaderMap, HeaderName};

use crate::http::addresses;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseFormat {
    Page,
    Json,
}

impl ResponseFormat {
    /// API addresses always answer JSON. Signed addresses, which API clients may pass to browsers, answer JSON unless a page
    /// is accepted.
    pub(crate) fn by(path: &str, headers: &HeaderMap) -> ResponseFormat {
        let is_signed = path.starts_with(addresses::SIGNED) && !says(headers, header::ACCEPT, "text/html");
        if addresses::is_api(path) || is_signed { ResponseFormat::Json } else { ResponseFormat::of(headers) }
    }

    pub(crate) fn of(headers: &HeaderMap) -> ResponseFormat {
        if says(headers, header::ACCEPT, "text/html") {
            ResponseFormat::Page
        } else if says(headers, header::ACCEPT, "json")
            || says(headers, header::CONTENT_TYPE, "json")
            || headers.contains_key("x-api-key")
        {
            ResponseFormat::Json
        } else {
            ResponseFormat::Page
        }
    }
}

fn says(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains(word))
}
