//! Members of a message channel: internal users mute it, leave it and are added again (C8). Client users are members
//! through their client, company or project.

use axum::Json;
use domain::channels::acting_as;
use domain::channels::members::{self, Member as Found};
use domain::kernel::access::{self, Actor};
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, PersonId};
use domain::notify::muting;
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::failure::{Result, named};
use crate::api::json::Body;
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::schemas;
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/v1/message-channels/{id}/members", list)
        .post("/v1/message-channels/{id}/members", add)
        .patch("/v1/message-channels/{id}/members/{member}", change)
        .delete("/v1/message-channels/{id}/members/{member}", leave)
}

/// A person in a message channel.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ChannelMember {
    /// The person's.
    id: PersonId,
    object: &'static str,
    channel_id: ChannelId,
    /// `client` or `internalUser`.
    member_type: &'static str,
    /// Since when they are in it.
    created_at: schemas::Time,
    /// When they last had something new of it on screen.
    read_at: Option<schemas::Time>,
    /// Since when an internal user has muted it.
    muted_at: Option<schemas::Time>,
    /// Since when an internal user has left it. They can still look at it and come back.
    left_at: Option<schemas::Time>,
}

impl ChannelMember {
    fn new(channel: ChannelId, found: Found) -> ChannelMember {
        ChannelMember {
            id: found.person,
            object: "channelMember",
            channel_id: channel,
            member_type: if found.role.is_internal() { "internalUser" } else { "client" },
            created_at: time(found.joined_at),
            read_at: found.read_at.map(time),
            muted_at: found.muted_at.map(time),
            left_at: found.left_at.map(time),
        }
    }

    fn find(
        reader: &Reader,
        actor: &Actor,
        channel: ChannelId,
        person: PersonId,
    ) -> error::Result<ChannelMember> {
        Ok(ChannelMember::new(channel, members::find(reader, actor, channel, person)?))
    }
}

/// List the people of a message channel
///
/// Internal users who left it by choice too.
#[utoipa::path(get, path = "/v1/message-channels/{id}/members", tag = "Message channels", params(PageQuery),
    responses((status = 200, body = List<ChannelMember>)))]
async fn list(
    call: Call,
    PathParam(id): PathParam<ChannelId>,
    page: Page,
) -> Result<Json<List<ChannelMember>>> {
    let find = move |reader: &Reader, actor: &Actor, before, rows| {
        acting_as::newest(reader, actor, id, before, rows)
    };
    let show = move |_: &Reader, _: &Actor, found| Ok(ChannelMember::new(id, found));
    call.list(Of::Members, page, find, |member| member.person.0, show).await
}

/// Who is put into a channel.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewMember {
    /// An internal user who has access to what the channel is about.
    member_id: PersonId,
}

/// Put an internal user into a message channel
///
/// Back into it, where they have left it: what was written meanwhile is open to them and does not wait. Who is in it stays.
#[utoipa::path(post, path = "/v1/message-channels/{id}/members", tag = "Message channels", request_body = NewMember,
    responses((status = 200, body = ChannelMember)))]
async fn add(
    call: Call,
    PathParam(id): PathParam<ChannelId>,
    Body { given, canonical }: Body<NewMember>,
) -> Result {
    let person = given.member_id;
    let change = move |tx: &mut Tx, actor: &Actor| {
        access::channel(tx, actor, id)?;
        named("memberId", members::add(tx, actor, id, person))
    };
    let show = move |reader: &Reader, actor: &Actor, ()| ChannelMember::find(reader, actor, id, person);
    call.run(&canonical, change, show).await
}

/// What changes about somebody in a channel.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangedMember {
    /// Mutes the channel for this internal user, or unmutes it.
    is_muted: bool,
}

/// Mute a message channel for an internal user
///
/// Or unmute it. What comes meanwhile stays unread, and they are never told of it outside the portal.
#[utoipa::path(patch, path = "/v1/message-channels/{id}/members/{member}", tag = "Message channels",
    params(("member" = schemas::Id, Path, description = "The internal user.")),
    request_body = ChangedMember, responses((status = 200, body = ChannelMember)))]
async fn change(
    call: Call,
    PathParam((id, person)): PathParam<(ChannelId, PersonId)>,
    Body { given, .. }: Body<ChangedMember>,
) -> Result<Json<ChannelMember>> {
    call.write(move |tx, actor| {
        let member = acting_as::act_as(tx, actor, id, person)?;
        muting::mute(tx, &member, id, given.is_muted)?;
        ChannelMember::find(tx, actor, id, person)
    })
    .await
}

/// Take an internal user out of a message channel
///
/// They can still look at it and come back.
#[utoipa::path(delete, path = "/v1/message-channels/{id}/members/{member}", tag = "Message channels",
    params(("member" = schemas::Id, Path, description = "The internal user.")),
    responses((status = 200, body = Deleted)))]
async fn leave(
    call: Call,
    PathParam((id, person)): PathParam<(ChannelId, PersonId)>,
) -> Result<Json<Deleted>> {
    let leave = move |tx: &mut Tx, actor: &Actor| {
        let member = acting_as::act_as(tx, actor, id, person)?;
        members::leave(tx, &member, id)
    };
    call.delete(person.0, "channelMember", leave).await
}
