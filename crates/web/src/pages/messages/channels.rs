//! The channel list as a page, unread counts for open pages, and actions on a whole channel: mute, leave, join, add
//! members, archive (C8). Starting a channel is in [`super::new_channel`].

use askama::Template;
use axum::response::IntoResponse;
use domain::channels;
use domain::channels::unread_count;
use domain::channels::{channel, members};
use domain::kernel::access::Actor;
use domain::kernel::ids::{ChannelId, PersonId};
use domain::kernel::{error, limits};
use domain::notify::muting;
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};

use crate::http::answers::Result;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visit::Visit;
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

async fn index(visit: Visit, Query(listing): Query<Listing>) -> Result {
    visit.show(move |reader, visitor| IndexPage::read(reader, visitor, Module::Messages, &listing)).await
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

async fn counts(visit: Visit) -> Result {
    let actor = visit.actor();
    let read = move |reader: &Reader| {
        let filter = channels::list::Filter { unread: true, ..channels::list::Filter::default() };
        let waiting = channels::list::list(reader, &actor, &filter, limits::PAGE_CHANNELS)?;
        let count =
            |listed: channels::list::Listed| Count { id: listed.channel.id, unread: listed.channel.unread };
        Ok::<_, error::Error>(Counts {
            unread: unread_count::of_person(reader, &actor)?,
            channels: waiting.into_iter().map(count).collect(),
        })
    };
    Ok(axum::Json(visit.app.store().read(read).await?).into_response())
}

/// Applies a change to a channel and redirects to its page.
async fn change(
    visit: Visit,
    channel: ChannelId,
    change: impl FnOnce(&mut Tx, &Actor, ChannelId) -> error::Result<()> + Clone + Send + 'static,
) -> Result {
    visit.change(&format!("/messages/{channel}"), move |tx, actor| change(tx, actor, channel)).await
}

async fn mute(visit: Visit, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(visit, channel, |tx, actor, channel| muting::mute(tx, actor, channel, true)).await
}

async fn unmute(visit: Visit, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(visit, channel, |tx, actor, channel| muting::mute(tx, actor, channel, false)).await
}

async fn leave(visit: Visit, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(visit, channel, members::leave).await
}

async fn join(visit: Visit, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(visit, channel, |tx, actor, channel| members::add(tx, actor, channel, actor.person)).await
}

#[derive(Deserialize)]
struct Added {
    person: PersonId,
}

async fn add(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(Added { person }): Input<Added>,
) -> Result {
    change(visit, channel, move |tx, actor, channel| members::add(tx, actor, channel, person)).await
}

async fn archive(visit: Visit, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(visit, channel, |tx, actor, channel| channel::archive(tx, actor, channel, true)).await
}

async fn restore(visit: Visit, PathParam(channel): PathParam<ChannelId>) -> Result {
    change(visit, channel, |tx, actor, channel| channel::archive(tx, actor, channel, false)).await
}
