//! What client users may do in a folder, or in a whole file channel.

use axum::Json;
use domain::files::{entry, permissions};
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{ChannelId, FileId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::channels::ChannelObject;
use crate::api::failure::{Result, named};
use crate::api::file_channels::FileChannel;
use crate::api::files::{File, find};
use crate::api::json::Body;
use crate::api::objects::Emptiable;
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.put("/v1/files/{id}/permissions/", of_folder).put("/v1/files/root/permissions/", of_root)
}

/// What client users may do in a folder or a channel. Answers have a hyphen in these words, which may also be sent.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
pub(crate) enum Permissions {
    #[serde(rename = "read_write", alias = "read-write")]
    ReadWrite,
    #[serde(rename = "read_only", alias = "read-only")]
    ReadOnly,
}

/// What client users may do in a folder from now on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangedPermissions {
    client_permissions: Permissions,
    /// The file channel, where the folder must lie. It may be left out.
    channel_id: Option<Emptiable<ChannelId>>,
}

/// Change what client users may do in a folder
///
/// In all folders in it too.
#[utoipa::path(put, path = "/v1/files/{id}/permissions/", tag = "Files", request_body = ChangedPermissions,
    responses((status = 200, body = File)))]
async fn of_folder(
    call: Call,
    PathParam(id): PathParam<FileId>,
    Body { given, .. }: Body<ChangedPermissions>,
) -> Result<Json<File>> {
    let viewer = call.viewer();
    call.write(move |tx, actor| {
        let channel = entry::find(tx, actor, id)?.channel;
        if given.channel_id.and_then(|id| id.0).is_some_and(|named| named != channel) {
            return Err(Error::field("channelId", Problem::Unknown));
        }
        permissions::set_read_only(tx, actor, id, given.client_permissions == Permissions::ReadOnly)?;
        find(tx, &viewer, id)
    })
    .await
}

/// What client users may do in a file channel from now on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangedRoot {
    client_permissions: Permissions,
    /// The file channel.
    channel_id: ChannelId,
}

/// Change what client users may do in a file channel
///
/// In all folders in it too. What they send in the conversation is filed all the same.
#[utoipa::path(put, path = "/v1/files/root/permissions/", tag = "Files", request_body = ChangedRoot,
    responses((status = 200, body = FileChannel)))]
async fn of_root(call: Call, Body { given, .. }: Body<ChangedRoot>) -> Result<Json<FileChannel>> {
    let channel = given.channel_id;
    let is_read_only = given.client_permissions == Permissions::ReadOnly;
    call.write(move |tx, actor| {
        named("channelId", permissions::set_channel_read_only(tx, actor, channel, is_read_only))?;
        FileChannel::find(tx, actor, channel)
    })
    .await
}
