//! Messages: the page of a conversation, sending, editing, deleting, reading and typing.
//!
//! A message is written once, by [`fragment`], the same for everybody who may see it: on pages, in live updates and
//! in answers to scripts. What differs between viewers stands around it (`conversation`) or is added in the browser.

mod changing;
mod conversation;
mod entries;
pub(crate) mod fates;
pub(crate) mod members;

use askama::Template;
use axum::extract::{FromRequest, Request, State};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::channels::channel;
use domain::directory::person;
use domain::files::uploads::Purpose;
use domain::formatting::{emoji, plain_text};
use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{ChannelId, MessageId, PersonId, UploadId};
use domain::messages::attachments::Attached;
use domain::messages::message::Message;
use domain::messages::sending::{self, Draft};
use domain::{channels, formatting};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::answers::{Answer, Result, Wanted, go, page};
use crate::channels::list::Listing;
use crate::faces::Face;
use crate::files::attached::{self, Reached};
use crate::input::{Asked, Input, Named};
use crate::layout::Layout;
use crate::routes::Routes;
use crate::times;
use crate::uploads;
use crate::visitor::Visitor;

pub(crate) use conversation::Waiting;
use conversation::{ConversationPage, Written};
use entries::{EntriesPart, Where};

/// Characters of a message's first words in lists and notices.
const PREVIEW_CHARACTERS: usize = 140;

pub(crate) fn routes(routes: Routes) -> Routes {
    changing::routes(fates::routes(routes))
        .get("/messages/{channel}", conversation)
        .post("/messages/{channel}", send)
        .get("/messages/{channel}/older", stretch)
        .post("/messages/{channel}/read", read)
        .post("/messages/{channel}/typing", typing)
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
    /// What it was sent with.
    files: String,
    has_text: bool,
    has_files: bool,
    is_emoji: bool,
    is_edited: bool,
    is_deleted: bool,
}

/// A message as everybody in its channel gets it.
pub(crate) fn fragment(message: &Message) -> String {
    fragment_for(message, &Reached::in_portal(message.channel))
}

/// A message with its files where whoever looks at it reaches them.
pub(crate) fn fragment_for(message: &Message, reached: &Reached) -> String {
    let part = MessagePart {
        id: message.id.to_string(),
        position: message.position.to_string(),
        author: message.author.to_string(),
        name: message.author_name.full(),
        face: Face::of_person(message.author.0, &message.author_name),
        at: times::exact(message.sent_at),
        clock: times::clock(message.sent_at, &TimeZone::UTC),
        html: formatting::html(&message.text, &message.mentions),
        files: attached::fragment(&message.attachments, reached),
        has_text: !message.text.is_empty(),
        has_files: !message.attachments.is_empty(),
        is_emoji: emoji::is_emoji_only(&message.text),
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
        files: String::new(),
        // Scripts fill in either or take it away.
        has_text: true,
        has_files: true,
        is_emoji: false,
        is_edited: false,
        is_deleted: false,
    };
    part.render().unwrap_or_default()
}

/// A message's first words, as lists and notices show them.
pub(crate) fn preview(message: &Message) -> String {
    let count = i64::try_from(message.attachments.len()).unwrap_or(i64::MAX);
    let first = message.attachments.first().map_or("", |first| first.name.as_str());
    first_words(&message.text, message.deleted_at.is_some(), (count, first))
}

/// The first words of a text, or what stands in for them: how many files there are and the first one's name, or that it
/// was deleted.
pub(crate) fn first_words(text: &str, is_deleted: bool, (count, first): (i64, &str)) -> String {
    if is_deleted {
        "Message deleted".to_string()
    } else if text.is_empty() {
        attached::in_words(count, first)
    } else {
        plain_text::plain(text, PREVIEW_CHARACTERS)
    }
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
    #[serde(default)]
    text: String,
    shown: Option<i64>,
    /// Who wrote it, where it may have waited on the device since.
    author: Option<PersonId>,
    /// Uploads that it is sent with.
    #[serde(default)]
    attachments: Vec<UploadId>,
    /// Why a file that came with it could not be taken.
    #[serde(skip)]
    refused: Option<Answer>,
}

impl Given {
    /// Reads what is sent: a form with files in it, a form without, or JSON.
    async fn read(app: &App, actor: Actor, channel: ChannelId, request: Request) -> Result<Given> {
        let place = Some((actor, channel));
        let form = match uploads::read_form(app, place, Purpose::Message, request).await {
            Ok(form) => form?,
            Err(request) => return Ok(Input::<Given>::from_request(request, app).await?.0),
        };
        Ok(Given {
            id: form.read("id")?.ok_or_else(|| Answer::from(Error::field("id", Problem::NoId)))?,
            text: form.text("text"),
            shown: form.read("shown")?,
            author: form.read("author")?,
            attachments: form.attachments.into_iter().chain(form.uploads).collect(),
            refused: form.refused,
        })
    }

    fn draft(&self, channel: ChannelId) -> Draft {
        let attachments = self.attachments.iter().map(|upload| Attached::Upload(*upload)).collect();
        Draft { id: self.id, channel, text: self.text.clone(), attachments, shown: self.shown }
    }
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
    request: Request,
) -> Result {
    let actor = visitor.actor;
    let wants_page = Wanted::of(request.headers()) == Wanted::Page;
    let given = Given::read(&app, actor, channel, request).await?;
    // Somebody else has signed in on the device meanwhile: not in their name.
    if given.author.is_some_and(|author| author != actor.person) {
        return Err(Answer::SignIn("/messages".to_string()));
    }
    if let Some(refused) = given.refused.clone() {
        let problem = refused.message().to_string();
        return if wants_page { again(&app, visitor, channel, given, problem).await } else { Err(refused) };
    }
    let draft = given.draft(channel);
    let sent = app.store().write(move |tx| sending::send(tx, &actor, &draft)).await;
    match sent {
        Ok(_) if wants_page => Ok(go(&format!("/messages/{channel}"))),
        Ok(message) => Ok(answered(&message)),
        Err(Error::Field { problem, .. }) if wants_page => {
            again(&app, visitor, channel, given, problem.to_string()).await
        }
        Err(refused @ (Error::Forbidden | Error::Conflict(_))) if wants_page => {
            again(&app, visitor, channel, given, refused.to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The page once more, with everything that was written and what is wrong with it. Files that have come wait for the next
/// try.
async fn again(app: &App, visitor: Visitor, channel: ChannelId, given: Given, problem: String) -> Result {
    let (place, listing, wait) = (Where::default(), Listing::default(), app.web.wait);
    let found = app
        .store()
        .read(move |reader| {
            let waiting = Waiting::of(reader, &visitor.actor, &given.attachments)?;
            let written = Written { text: given.text, problem: Some(problem), waiting };
            ConversationPage::read(reader, &visitor, channel, &place, &listing, written, wait)
        })
        .await?;
    page(StatusCode::BAD_REQUEST, &found)
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
    let position = app
        .store()
        .write(move |tx| channels::members::read_up_to(tx, &actor, channel, given.position))
        .await?;
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
            let found = channel::find(reader, &actor, channel)?;
            if found.left_at.is_some() {
                return Err(Error::Forbidden);
            }
            Ok(person::myself(reader, &actor)?.name.full())
        })
        .await?;
    app.hub.typing(actor.workspace, channel, actor.person, &name);
    Ok(StatusCode::NO_CONTENT.into_response())
}
