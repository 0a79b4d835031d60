//! The page of a reply link.

pub(crate) mod reply;
pub(crate) mod reply_page;
