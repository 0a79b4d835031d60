//! Addresses that the middleware and answers must know.

/// Where mail programs send their POST, without saying that it comes from a page of ours.
pub(crate) const UNSUBSCRIBE: &str = "/unsubscribe/";

/// What begins like this is an address with a signature of its own; no cookie counts there.
pub(crate) const SIGNED: &str = "/signed/";

/// What all addresses of programs begin with.
const BEGIN: &str = "/v1/";

/// Whether an address is one of these.
pub(crate) fn is_api(path: &str) -> bool {
    path.starts_with(BEGIN) || path == BEGIN.trim_end_matches('/')
}
