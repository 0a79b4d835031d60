//! The page of a reply link.

pub(crate) mod reply_link;
pub(crate) mod reply_page;
