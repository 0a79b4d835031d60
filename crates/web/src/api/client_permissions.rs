//! The API's words for what client users may do in a folder.

pub(crate) fn client_permissions(is_read_only: bool) -> &'static str {
    if is_read_only { "read-only" } else { "read-write" }
}
