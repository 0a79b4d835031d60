//! Messages: the page of a conversation, sending, editing, deleting, reading and typing.
//!
//! A message is written once, by [`fragment`], the same for everybody who may see it: on pages, in live updates and
//! in answers to scripts. What differs between viewers stands around it (`conversation`) or is added in the browser.

mod conversation;
mod entries;
pub(crate) mod fates;
pub(crate) mod members;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::ids::{ChannelId, MessageId, PersonId};
use domain::messages::{Draft, Message};
use domain::{Error, channels, formatting, members as domain_members, messages, people};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::answers::{Answer, Result, Wanted, go, page};
use crate::channels::list::Listing;
use crate::faces::Face;
use crate::input::{Asked, Input, Named};
use crate::layout::{Layout, Module};
use crate::routes::Routes;
use crate::times;
use crate::visitor::Visitor;

use conversation::{ConversationPage, Written};
use entries::{EntriesPart, Where};

/// Characters of a message's first words in lists and notices.
const PREVIEW_CHARACTERS: usize = 140;

pub(crate) fn routes(routes: Routes) -> Routes {
    fates::routes(routes)
        .get("/messages/{channel}", conversation)
        .post("/messages/{channel}", send)
        .get("/messages/{channel}/older", stretch)
        .post("/messages/{channel}/read", read)
        .post("/messages/{channel}/typing", typing)
        .get("/messages/{channel}/messages/{id}/edit", edit_form)
        .post("/messages/{channel}/messages/{id}/edit", edit)
        .post("/messages/{channel}/messages/{id}/delete", delete)
}

#[derive(Template)]
#[template(path = "messages/message.html")]
struct MessagePart {
    id: String,
    position: String,
    author: String,
    name: String,
    face: Face,
    at: String,
    clock: String,
    html: String,
    is_emoji: bool,
    is_edited: bool,
    is_deleted: bool,
}

/// A message as everybody in its channel gets it.
pub(crate) fn fragment(message: &Message) -> String {
    let part = MessagePart {
        id: message.id.to_string(),
        position: message.position.to_string(),
        author: message.author.to_string(),
        name: message.author_name.full(),
        face: Face::of_person(message.author.0, &message.author_name),
        at: times::exact(message.sent_at),
        clock: times::clock(message.sent_at, &TimeZone::UTC),
        html: formatting::html(&message.text, &message.mentions),
        is_emoji: formatting::is_emoji_only(&message.text),
        is_edited: message.edited_at.is_some(),
        is_deleted: message.deleted_at.is_some(),
    };
    // Writing into memory does not fail.
    part.render().unwrap_or_default()
}

/// The message that scripts fill in while it is being sent: the same template, the visitor's own face, no text.
pub(crate) fn blank(layout: &Layout) -> String {
    let part = MessagePart {
        id: String::new(),
        position: String::new(),
        author: layout.my_id.clone(),
        name: layout.my_name.clone(),
        face: layout.my_face.clone(),
        at: String::new(),
        clock: String::new(),
        html: String::new(),
        is_emoji: false,
        is_edited: false,
        is_deleted: false,
    };
    part.render().unwrap_or_default()
}

/// A message's first words, as lists and notices show them.
pub(crate) fn preview(message: &Message) -> String {
    first_words(&message.text, message.deleted_at.is_some())
}

/// The first words of a text, or what stands in for a deleted one.
pub(crate) fn first_words(text: &str, is_deleted: bool) -> String {
    if is_deleted { "Message deleted".to_string() } else { formatting::plain(text, PREVIEW_CHARACTERS) }
}

async fn conversation(
    State(app): State<App>,
    visitor: Visitor,
    Named(channel): Named<ChannelId>,
    Asked(place): Asked<Where>,
    Asked(listing): Asked<Listing>,
) -> Result {
    let (written, wait) = (Written::default(), app.web.wait);
    let found = app
        .store()
        .read(move |reader| {
            ConversationPage::read(reader, &visitor, channel, &place, &listing, written, wait)
        })
        .await?;
    page(StatusCode::OK, &found)
}

/// Older or newer messages for scripts: as they stand in the page, without the page.
async fn stretch(
    State(app): State<App>,
    visitor: Visitor,
    Named(channel): Named<ChannelId>,
    Asked(place): Asked<Where>,
) -> Result {
    let wait = app.web.wait;
    let part =
        app.store().read(move |reader| EntriesPart::read(reader, &visitor, channel, &place, wait)).await?;
    page(StatusCode::OK, &part)
}

#[derive(Deserialize)]
struct Given {
    id: MessageId,
    text: String,
    shown: Option<i64>,
    /// Who wrote it, where it may have waited on the device since.
    author: Option<PersonId>,
}

/// A message as scripts get it back.
#[derive(Serialize)]
struct Answered {
    id: MessageId,
    channel: ChannelId,
    position: i64,
    at: String,
    preview: String,
    html: String,
}

fn answered(message: &Message) -> Response {
    let answered = Answered {
        id: message.id,
        channel: message.channel,
        position: message.position,
        at: times::exact(message.sent_at),
        preview: preview(message),
        html: fragment(message),
    };
    axum::Json(answered).into_response()
}

async fn send(
    State(app): State<App>,
    visitor: Visitor,
    Named(channel): Named<ChannelId>,
    headers: HeaderMap,
    Input(given): Input<Given>,
) -> Result {
    let actor = visitor.actor;
    // Somebody else has signed in on the device meanwhile: not in their name.
    if given.author.is_some_and(|author| author != actor.person) {
        return Err(Answer::SignIn("/messages".to_string()));
    }
    let draft = Draft {
        id: given.id,
        channel,
        text: given.text.clone(),
        attachments: Vec::new(),
        shown: given.shown,
    };
    let sent = app.store().write(move |tx| messages::send(tx, &actor, &draft)).await;
    let wants_page = Wanted::of(&headers) == Wanted::Page;
    match sent {
        Ok(_) if wants_page => Ok(go(&format!("/messages/{channel}"))),
        Ok(message) => Ok(answered(&message)),
        Err(refused @ (Error::Field { .. } | Error::Forbidden | Error::Conflict(_))) if wants_page => {
            let problem = match &refused {
                Error::Field { problem, .. } => problem.to_string(),
                refused => refused.to_string(),
            };
            let written = Written { text: given.text, problem: Some(problem) };
            let (place, listing, wait) = (Where::default(), Listing::default(), app.web.wait);
            let again = app
                .store()
                .read(move |reader| {
                    ConversationPage::read(reader, &visitor, channel, &place, &listing, written, wait)
                })
                .await?;
            page(StatusCode::BAD_REQUEST, &again)
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
struct ReadUpTo {
    position: i64,
}

async fn read(
    State(app): State<App>,
    visitor: Visitor,
    Named(channel): Named<ChannelId>,
    headers: HeaderMap,
    Input(given): Input<ReadUpTo>,
) -> Result {
    let actor = visitor.actor;
    let position =
        app.store().write(move |tx| domain_members::read_up_to(tx, &actor, channel, given.position)).await?;
    Ok(match Wanted::of(&headers) {
        Wanted::Page => go(&format!("/messages/{channel}")),
        Wanted::Json => axum::Json(serde_json::json!({ "position": position })).into_response(),
    })
}

async fn typing(State(app): State<App>, visitor: Visitor, Named(channel): Named<ChannelId>) -> Result {
    let actor = visitor.actor;
    let name = app
        .store()
        .read(move |reader| {
            let found = channels::find(reader, &actor, channel)?;
            if found.left_at.is_some() {
                return Err(Error::Forbidden);
            }
            Ok(people::myself(reader, &actor)?.name.full())
        })
        .await?;
    app.hub.typing(actor.workspace, channel, actor.person, &name);
    Ok(StatusCode::NO_CONTENT.into_response())
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

/// One's own message in its channel, where it can still be edited.
fn own(
    reader: &store::Reader,
    visitor: &Visitor,
    channel: ChannelId,
    id: MessageId,
) -> domain::Result<Message> {
    let found = messages::find(reader, &visitor.actor, id)?;
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
) -> domain::Result<EditPage> {
    let message = own(reader, visitor, channel, id)?;
    let title = channels::find(reader, &visitor.actor, channel)?.title;
    let Written { text, problem } = written.unwrap_or(Written { text: message.text, problem: None });
    let layout = Layout::read(reader, visitor, Module::Messages, "Edit message")?;
    Ok(EditPage { layout, channel, id, title, text, problem })
}

async fn edit_form(
    State(app): State<App>,
    visitor: Visitor,
    Named((channel, id)): Named<(ChannelId, MessageId)>,
    headers: HeaderMap,
) -> Result {
    if Wanted::of(&headers) == Wanted::Json {
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
    Named((channel, id)): Named<(ChannelId, MessageId)>,
    headers: HeaderMap,
    Input(given): Input<Edited>,
) -> Result {
    let (asking, text) = (visitor.clone(), given.text.clone());
    let edited = app
        .store()
        .write(move |tx| {
            own(tx, &asking, channel, id)?;
            messages::edit(tx, &asking.actor, id, &text)
        })
        .await;
    match (edited, Wanted::of(&headers)) {
        (Ok(message), Wanted::Json) => Ok(answered(&message)),
        (Ok(_), Wanted::Page) => Ok(go(&format!("/messages/{channel}?message={id}#message-{id}"))),
        (Err(Error::Field { problem, .. }), Wanted::Page) => {
            let written = Written { text: given.text, problem: Some(problem.to_string()) };
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
    Named((channel, id)): Named<(ChannelId, MessageId)>,
    headers: HeaderMap,
) -> Result {
    let deleted = app
        .store()
        .write(move |tx| {
            if messages::find(tx, &visitor.actor, id)?.channel != channel {
                return Err(Error::NotFound);
            }
            messages::delete(tx, &visitor.actor, id)
        })
        .await?;
    Ok(match Wanted::of(&headers) {
        Wanted::Json => answered(&deleted),
        Wanted::Page => go(&format!("/messages/{channel}")),
    })
}
