//! The page of a reply link (N8).

pub(crate) mod reply_link;
pub(crate) mod reply_page;
