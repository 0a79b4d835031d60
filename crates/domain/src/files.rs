//! Files and folders of a channel, uploads on their way, the bytes behind them and their previews.

pub mod blobs;
pub mod browsing;
pub mod changing;
pub mod content;
pub mod entry;
pub mod listing;
pub mod making;
pub mod names;
pub mod paths;
pub mod permissions;
pub mod previews;
pub mod signed;
pub mod uploads;
