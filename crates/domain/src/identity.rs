//! Who somebody is: sessions, sign-in requests and links, sign-ups.

pub mod sessions;
pub mod sign_in_links;
pub mod sign_in_requests;
pub mod sign_ups;
