//! Editing and deleting one's own messages (M5).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::IntoResponse;
use domain::channels::channel;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, MessageId};
use domain::messages::editing;
use domain::messages::message::{self, Message};
use serde::Deserialize;

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::extractors::{Input, PathParam};
use crate::http::layout::{Layout, Module};
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
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
fn own(
    reader: &store::Reader,
    visitor: &Visitor,
    channel: ChannelId,
    id: MessageId,
) -> error::Result<Message> {
    let found = message::find(reader, &visitor.actor, id)?;
    if found.channel != channel {
        return Err(Error::NotFound);
    }
    if found.author != visitor.actor.person {
        return Err(Error::Forbidden);
    }
    if found.deleted_at.is_some() {
        return Err(Error::Conflict("This message was deleted."));
    }
    Ok(found)
}

fn edit_page(
    reader: &store::Reader,
    visitor: &Visitor,
    channel: ChannelId,
    id: MessageId,
    written: Option<Written>,
) -> error::Result<EditPage> {
    let message = own(reader, visitor, channel, id)?;
    let title = channel::find(reader, &visitor.actor, channel)?.title;
    let Written { text, problem, .. } =
        written.unwrap_or(Written { text: message.text, ..Written::default() });
    let layout = Layout::read(reader, visitor, Module::Messages, "Edit message")?;
    Ok(EditPage { layout, channel, id, title, text, problem })
}

async fn edit_form(
    State(app): State<App>,
    visitor: Visitor,
    PathParam((channel, id)): PathParam<(ChannelId, MessageId)>,
    headers: HeaderMap,
) -> Result {
    if ResponseFormat::of(&headers) == ResponseFormat::Json {
        let message = app.store().read(move |reader| own(reader, &visitor, channel, id)).await?;
        return Ok(axum::Json(serde_json::json!({ "id": id, "text": message.text })).into_response());
    }
    let found = app.store().read(move |reader| edit_page(reader, &visitor, channel, id, None)).await?;
    page(StatusCode::OK, &found)
}

#[derive(Deserialize)]
struct Edited {
    text: String,
}

async fn edit(
    State(app): State<App>,
    visitor: Visitor,
    PathParam((channel, id)): PathParam<(ChannelId, MessageId)>,
    headers: HeaderMap,
    Input(given): Input<Edited>,
) -> Result {
    let (asking, text) = (visitor.clone(), given.text.clone());
    let edited = app
        .store()
        .write(move |tx| {
            own(tx, &asking, channel, id)?;
            editing::edit(tx, &asking.actor, id, &text)
        })
        .await;
    match (edited, ResponseFormat::of(&headers)) {
        (Ok(message), ResponseFormat::Json) => Ok(answered(&message)),
        (Ok(_), ResponseFormat::Page) => {
            Ok(redirect(&format!("/messages/{channel}?message={id}#message-{id}")))
        }
        (Err(Error::Field { problem, .. }), ResponseFormat::Page) => {
            let written =
                Written { text: given.text, problem: Some(problem.to_string()), ..Written::default() };
            let again = app
                .store()
                .read(move |reader| edit_page(reader, &visitor, channel, id, Some(written)))
                .await?;
            page(StatusCode::BAD_REQUEST, &again)
        }
        (Err(error), _) => Err(error.into()),
    }
}

async fn delete(
    State(app): State<App>,
    visitor: Visitor,
    PathParam((channel, id)): PathParam<(ChannelId, MessageId)>,
    headers: HeaderMap,
) -> Result {
    let deleted = app
        .store()
        .write(move |tx| {
            if message::find(tx, &visitor.actor, id)?.channel != channel {
                return Err(Error::NotFound);
            }
            editing::delete(tx, &visitor.actor, id)
        })
        .await?;
    Ok(match ResponseFormat::of(&headers) {
        ResponseFormat::Json => answered(&deleted),
        ResponseFormat::Page => redirect(&format!("/messages/{channel}")),
    })
}
