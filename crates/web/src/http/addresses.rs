//! Address prefixes that the middleware and answers need to know.

/// One-click unsubscribe: mail clients send their POST here, without a same-origin header.
pub(crate) const UNSUBSCRIBE: &str = "/unsubscribe/";

/// Signed addresses: the signature authenticates, and cookies are ignored.
pub(crate) const SIGNED: &str = "/signed/";

const BEGIN: &str = "/v1/";

pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with(BEGIN) || path == BEGIN.trim_end_matches('/')
}
