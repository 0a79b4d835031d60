//! The channel list as a page, unread counts for open pages, and actions on a whole channel: mute, leave, join, add
//! members, archive (C8). Starting a channel is in [`super::new_channel`].

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::channels;
use domain::channels::unread_count;
use domain::channels::{channel, members};
use domain::kernel::ids::{ChannelId, PersonId};
use domain::kernel::{error, limits};
use domain::notify::muting;
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visitor::Visitor;
use crate::pages::messages::channel_list::{List, Listing};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/messages", index)
        .get("/messages/counts", counts)
        .post("/messages/{channel}/mute", mute)
        .post("/messages/{channel}/unmute", unmute)
        .post("/messages/{channel}/leave", leave)
        .post("/messages/{channel}/join", join)
        .post("/messages/{channel}/add", add)
        .post("/messages/{channel}/archive", archive)
        .post("/messages/{channel}/restore", restore)
}

/// Messages or Files with no channel open.
#[derive(Template)]
#[template(path = "messages/index.html")]
pub(crate) struct IndexPage {
    layout: Layout,
    list: List,
}

impl IndexPage {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        module: Module,
        listing: &Listing,
    ) -> error::Result<IndexPage> {
        let title = if module == Module::Files { "Files" } else { "Messages" };
        let layout = Layout::read(reader, visitor, module, title)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let list = List { is_page: true, ..List::of(reader, visitor, module, listing, None, &zone)? };
        Ok(IndexPage { layout, list })
    }
}

async fn index(State(app): State<App>, visitor: Visitor, Query(listing): Query<Listing>) -> Result {
    let found =
        app.store().read(move |reader| IndexPage::read(reader, &visitor, Module::Messages, &listing)).await?;
    page(StatusCode::OK, &found)
}

/// Unread counts, for open pages that may have missed events.
#[derive(Serialize)]
struct Counts {
    unread: i64,
    channels: Vec<Count>,
}

#[derive(Serialize)]
struct Count {
    id: ChannelId,
    unread: i64,
}

async fn counts(State(app): State<App>, visitor: Visitor) -> Result {
    let actor = visitor.actor;
    let counts = app
        .store()
        .read(move |reader| {
            let filter = channels::list::Filter { unread: true, ..channels::list::Filter::default() };
            let waiting = channels::list::list(reader, &actor, &filter, limits::PAGE_CHANNELS)?;
            let count = |listed: channels::list::Listed| Count {
                id: listed.channel.id,
                unread: listed.channel.unread,
            };
            Ok::<_, error::Error>(Counts {
                unread: unread_count::of_person(reader, &actor)?,
                channels: waiting.into_iter().map(count).collect(),
            })
        })
        .await?;
    Ok(axum::Json(counts).into_response())
}

/// Applies a change to a channel and redirects to its page.
async fn change(
    app: App,
    channel: ChannelId,
    change: impl FnOnce(&mut Tx) -> error::Result<()> + Clone + Send + 'static,
) -> Result {
    app.store().write(change).await?;
    Ok(redirect(&format!("/messages/{channel}")))
}

async fn mute(State(app): State<App>, visitor: Visitor, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(app, channel, move |tx| muting::mute(tx, &visitor.actor, channel, true)).await
}

async fn unmute(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
) -> Result {
    change(app, channel, move |tx| muting::mute(tx, &visitor.actor, channel, false)).await
}

async fn leave(State(app): State<App>, visitor: Visitor, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(app, channel, move |tx| members::leave(tx, &visitor.actor, channel)).await
}

async fn join(State(app): State<App>, visitor: Visitor, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(app, channel, move |tx| members::add(tx, &visitor.actor, channel, visitor.actor.person)).await
}

#[derive(Deserialize)]
struct Added {
    person: PersonId,
}

async fn add(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
    Input(added): Input<Added>,
) -> Result {
    change(app, channel, move |tx| members::add(tx, &visitor.actor, channel, added.person)).await
}

async fn archive(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
) -> Result {
    change(app, channel, move |tx| channel::archive(tx, &visitor.actor, channel, true)).await
}

async fn restore(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
) -> Result {
    change(app, channel, move |tx| channel::archive(tx, &visitor.actor, channel, false)).await
}
