//! Files and folders of a channel, uploads on their way, the bytes behind them and their previews.

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
pub mod uploads;
