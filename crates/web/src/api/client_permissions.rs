//! What clients may do in a folder, in the words of the API.

/// What client users may do, as answers say it.
pub(crate) fn client_permissions(is_read_only: bool) -> &'static str {
    if is_read_only { "read-only" } else { "read-write" }
}
