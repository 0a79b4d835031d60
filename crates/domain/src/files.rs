//! Files and folders of a channel, unfinished uploads, the stored bytes and their previews.

pub mod blobs;
pub mod browsing;
pub mod changing;
pub mod content;
pub mod creating;
pub mod entry;
pub mod listing;
pub mod names;
pub mod paths;
pub mod permissions;
pub mod previews;
pub mod signed_urls;
pub mod upload_leases;
pub mod uploads;
