//! Files: file channels, folders, the page of a file, and serving their bytes.

pub(crate) mod attached;
pub(crate) mod changing;
pub(crate) mod editing;
pub(crate) mod entries;
pub(crate) mod file_page;
pub(crate) mod folder;
pub(crate) mod index;
pub(crate) mod moving;
mod ranges;
pub(crate) mod search;
pub(crate) mod serving;
pub(crate) mod urls;
pub(crate) mod zip_download;
