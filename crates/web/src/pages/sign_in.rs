//! Signing in, signing up and setting up.

pub(crate) mod browser_session;
pub(crate) mod code;
pub(crate) mod link;
pub(crate) mod set_up;
pub(crate) mod sign_up;
