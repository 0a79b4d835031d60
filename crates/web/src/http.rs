//! What pages and API calls share: answers, extractors, forms, layout and the visitor of a request.

pub(crate) mod answers;
pub(crate) mod assets;
pub(crate) mod avatars;
pub(crate) mod brand;
pub(crate) mod cookies;
pub(crate) mod exports;
pub(crate) mod extractors;
pub(crate) mod forms;
pub(crate) mod known_paths;
pub(crate) mod layout;
pub(crate) mod paging;
pub(crate) mod problem_page;
pub(crate) mod response_format;
pub(crate) mod routes;
pub(crate) mod serve;
pub(crate) mod theme;
pub(crate) mod times;
pub(crate) mod undo;
pub(crate) mod unread_body;
pub(crate) mod visit;
pub(crate) mod visitor;
pub(crate) mod zip_archive;
