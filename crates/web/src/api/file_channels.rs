//! File channels, with the same calls as message channels. A file channel is the channel itself (F7).

use axum::Json;
use axum::extract::State;
use domain::channels::channel::{self, Channel};
use domain::channels::{list, members};
use domain::files::permissions;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, PersonId};
use serde::Serialize;
use store::{Reader, Tx};
use utoipa::ToSchema;

use crate::api::auth::ApiClient;
use crate::api::channels::{About, Filters, NewChannel};
use crate::api::client_permissions::client_permissions;
use crate::api::failure::Result;
use crate::api::idempotency::IdempotencyKey;
use crate::api::json::Body;
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::time;
use crate::api::schemas;
use crate::app::App;
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
    #[schema(value_type = schemas::Id)]
    id: ChannelId,
    object: &'static str,
    #[schema(value_type = schemas::Time)]
    created_at: String,
    #[schema(value_type = schemas::Time)]
    updated_at: String,
    #[serde(flatten)]
    about: About,
    /// Who is in it at present: client users first.
    #[schema(value_type = Vec<schemas::Id>)]
    member_ids: Vec<PersonId>,
    title: String,
    /// What client users may do in all of it: `read-write` or `read-only`.
    client_permissions: &'static str,
}

impl FileChannel {
    pub(crate) fn find(reader: &Reader, actor: &Actor, id: ChannelId) -> error::Result<FileChannel> {
        let channel = channel::find(reader, actor, id)?;
        FileChannel::read(reader, actor, channel)
    }

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
async fn make(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    Body { given, canonical }: Body<NewChannel>,
) -> Result {
    let actor = program.actor;
    let deed = move |tx: &mut Tx| given.make(tx, &actor);
    let show = move |reader: &Reader, id| FileChannel::find(reader, &actor, id);
    once.run(&app, &program, &canonical, deed, show).await
}

/// List file channels
///
/// The newest made first, archived ones too.
#[utoipa::path(get, path = "/v1/channels/files", tag = "File channels", params(Filters, PageQuery),
    responses((status = 200, body = List<FileChannel>)))]
async fn list(
    State(app): State<App>,
    program: ApiClient,
    Query(filters): Query<Filters>,
    page: Page,
) -> Result<Json<List<FileChannel>>> {
    let (search, actor) = (filters.search(&page)?, program.actor);
    let list = app.store().read_long(move |reader| {
        let found = list::newest(reader, &actor, &search, page.read())?;
        let place = |channel: &Channel| channel.id.0.as_bytes().to_vec();
        page.list(Of::Channels, found, place, |channel| FileChannel::read(reader, &actor, channel))
    });
    Ok(Json(list.await?))
}

/// Get a file channel
#[utoipa::path(get, path = "/v1/channels/files/{id}", tag = "File channels",
    responses((status = 200, body = FileChannel)))]
async fn show(
    State(app): State<App>,
    program: ApiClient,
    PathParam(id): PathParam<ChannelId>,
) -> Result<Json<FileChannel>> {
    let found = app.store().read(move |reader| FileChannel::find(reader, &program.actor, id));
    Ok(Json(found.await?))
}
