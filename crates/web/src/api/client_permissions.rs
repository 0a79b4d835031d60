//! Client permissions for a folder, in the terms of the API.

pub(crate) fn client_permissions(is_read_only: bool) -> &'static str {
    if is_read_only { "read-only" } else { "read-write" }
}
