//! Editing and deleting one's own messages (M5).

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::IntoResponse;
use domain::channels::channel;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, MessageId};
use domain::messages::editing;
use domain::messages::message::{self, Message};
use serde::Deserialize;
use store::Reader;

use crate::http::answers::{Result, page, redirect};
use crate::http::extractors::{Input, PathParam};
use crate::http::layout::{Layout, Module};
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::messages::conversation::Written;
use crate::pages::messages::sending::answered;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/messages/{channel}/messages/{id}/edit", edit_form)
        .post("/messages/{channel}/messages/{id}/edit", edit)
        .post("/messages/{channel}/messages/{id}/delete", delete)
}

#[derive(Template)]
#[template(path = "messages/edit.html")]
struct EditPage {
    layout: Layout,
    channel: ChannelId,
    id: MessageId,
    title: String,
    text: String,
    problem: Option<String>,
}

/// Finds the actor's own message in this channel if it can still be edited.
fn own(reader: &Reader, actor: &Actor, channel: ChannelId, id: MessageId) -> error::Result<Message> {
    let found = message::find(reader, actor, id)?;
    if found.channel != channel {
        return Err(Error::NotFound);
    }
    if found.author != actor.person {
        return Err(Error::Forbidden);
    }
    if found.deleted_at.is_some() {
        return Err(Error::Conflict("This message was deleted."));
    }
    Ok(found)
}

fn edit_page(
    reader: &Reader,
    visitor: &Visitor,
    channel: ChannelId,
    id: MessageId,
    written: Option<Written>,
) -> error::Result<EditPage> {
    let message = own(reader, &visitor.actor, channel, id)?;
    let title = channel::find(reader, &visitor.actor, channel)?.title;
    let Written { text, problem, .. } =
        written.unwrap_or(Written { text: message.text, ..Written::default() });
    let layout = Layout::read(reader, visitor, Module::Messages, "Edit message")?;
    Ok(EditPage { layout, channel, id, title, text, problem })
}

async fn edit_form(
    visit: Visit,
    PathParam((channel, id)): PathParam<(ChannelId, MessageId)>,
    headers: HeaderMap,
) -> Result {
    if ResponseFormat::of(&headers) == ResponseFormat::Json {
        let store = visit.app.store().clone();
        let message = store.read(move |reader| own(reader, &visit.visitor.actor, channel, id)).await?;
        return Ok(axum::Json(serde_json::json!({ "id": id, "text": message.text })).into_response());
    }
    visit.show(move |reader, visitor| edit_page(reader, visitor, channel, id, None)).await
}

#[derive(Deserialize)]
struct Edited {
    text: String,
}

async fn edit(
    visit: Visit,
    PathParam((channel, id)): PathParam<(ChannelId, MessageId)>,
    headers: HeaderMap,
    Input(given): Input<Edited>,
) -> Result {
    let text = given.text.clone();
    let edited = visit.write(move |tx, actor| {
        own(tx, actor, channel, id)?;
        editing::edit(tx, actor, id, &text)
    });
    match (edited.await, ResponseFormat::of(&headers)) {
        (Ok(message), ResponseFormat::Json) => Ok(answered(&message)),
        (Ok(_), ResponseFormat::Page) => {
            Ok(redirect(&format!("/messages/{channel}?message={id}#message-{id}")))
        }
        (Err(Error::Field { problem, .. }), ResponseFormat::Page) => {
            let written =
                Written { text: given.text, problem: Some(problem.to_string()), ..Written::default() };
            let store = visit.app.store().clone();
            let read = move |reader: &Reader| edit_page(reader, &visit.visitor, channel, id, Some(written));
            page(StatusCode::BAD_REQUEST, &store.read(read).await?)
        }
        (Err(error), _) => Err(error.into()),
    }
}

async fn delete(
    visit: Visit,
    PathParam((channel, id)): PathParam<(ChannelId, MessageId)>,
    headers: HeaderMap,
) -> Result {
    let deleted = visit.write(move |tx, actor| {
        if message::find(tx, actor, id)?.channel != channel {
            return Err(Error::NotFound);
        }
        editing::delete(tx, actor, id)
    });
    let deleted = deleted.await?;
    Ok(match ResponseFormat::of(&headers) {
        ResponseFormat::Json => answered(&deleted),
        ResponseFormat::Page => redirect(&format!("/messages/{channel}")),
    })
}
