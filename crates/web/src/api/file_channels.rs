//! File channels, with the same calls as message channels. A file channel is the channel itself (F7).

use axum::Json;
use domain::channels::channel::Channel;
use domain::channels::members;
use domain::files::permissions;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, PersonId};
use serde::Serialize;
use store::Reader;
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::channels::{About, ChannelObject, Filters, NewChannel, list_channels, make_channel};
use crate::api::client_permissions::client_permissions;
use crate::api::failure::Result;
use crate::api::json::Body;
use crate::api::list::{List, Page, PageQuery};
use crate::api::objects::time;
use crate::api::schemas;
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/channels/files", make)
        .get("/v1/channels/files", list)
        .get("/v1/channels/files/{id}", show)
}

/// A file channel: the folder tree of a client user, a company, a project or a group. It is the same row as the message
/// channel of that subject, and has its id.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileChannel {
    id: ChannelId,
    object: &'static str,
    created_at: schemas::Time,
    updated_at: schemas::Time,
    #[serde(flatten)]
    about: About,
    /// Who is in it at present: client users first.
    member_ids: Vec<PersonId>,
    title: String,
    /// What client users may do in all of it: `read-write` or `read-only`.
    client_permissions: &'static str,
}

impl ChannelObject for FileChannel {
    fn read(reader: &Reader, actor: &Actor, channel: Channel) -> error::Result<FileChannel> {
        let is_read_only = permissions::is_channel_read_only(reader, actor.workspace, channel.id)?;
        Ok(FileChannel {
            id: channel.id,
            object: "fileChannel",
            created_at: time(channel.created_at),
            updated_at: time(channel.updated_at),
            about: About::new(&channel),
            member_ids: members::present(reader, actor.workspace, channel.id)?,
            title: channel.title,
            client_permissions: client_permissions(is_read_only),
        })
    }
}

/// Make a file channel
///
/// Making one that is there already answers that one. Title and members come by themselves.
#[utoipa::path(post, path = "/v1/channels/files", tag = "File channels", request_body = NewChannel,
    responses((status = 200, body = FileChannel)))]
async fn make(call: Call, Body { given, canonical }: Body<NewChannel>) -> Result {
    make_channel::<FileChannel>(call, given, &canonical).await
}

/// List file channels
///
/// The newest made first, archived ones too.
#[utoipa::path(get, path = "/v1/channels/files", tag = "File channels", params(Filters, PageQuery),
    responses((status = 200, body = List<FileChannel>)))]
async fn list(call: Call, Query(filters): Query<Filters>, page: Page) -> Result<Json<List<FileChannel>>> {
    list_channels(call, filters, page).await
}

/// Get a file channel
#[utoipa::path(get, path = "/v1/channels/files/{id}", tag = "File channels",
    responses((status = 200, body = FileChannel)))]
async fn show(call: Call, PathParam(id): PathParam<ChannelId>) -> Result<Json<FileChannel>> {
    call.read(move |reader, actor| FileChannel::find(reader, actor, id)).await
}
