//! Addresses of folders.

use domain::kernel::ids::{ChannelId, FileId};

/// The address of a folder; of the channel where it is none.
pub(crate) fn address(channel: ChannelId, folder: Option<FileId>) -> String {
    match folder {
        Some(folder) => format!("/files/{channel}/{folder}"),
        None => format!("/files/{channel}"),
    }
}
