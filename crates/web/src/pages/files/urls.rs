//! Addresses of folders.

use domain::kernel::ids::{ChannelId, FileId};

/// The address of a folder, or of the channel's top if `folder` is `None`.
pub(crate) fn address(channel: ChannelId, folder: Option<FileId>) -> String {
    match folder {
        Some(folder) => format!("/files/{channel}/{folder}"),
        None => format!("/files/{channel}"),
    }
}
