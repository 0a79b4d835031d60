//! The page of a conversation and sending, from a form or from scripts. Marking as read and typing are here too.
//!
//! A message is rendered by [`fragment`], the same for everybody who may see it. What differs between viewers is added
//! around it (`conversation`) or in the browser.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::HeaderMap;
use axum::response::{IntoResponse, Response};
use domain::channels;
use domain::channels::channel;
use domain::directory::person;
use domain::files::uploads::Purpose;
use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{ChannelId, MessageId, PersonId, UploadId};
use domain::messages::attachments::Attached;
use domain::messages::message::Message;
use domain::messages::sending::{self, Draft};
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};

use crate::app::App;
use crate::http::answers::{Answer, Result, page, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::messages::channel_list::Listing;
use crate::pages::messages::conversation::{ConversationPage, Waiting, Written};
use crate::pages::messages::entries::{EntriesPart, Where};
use crate::pages::messages::fragment::{fragment, preview};
use crate::uploads::form;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/messages/{channel}", conversation)
        .post("/messages/{channel}", send)
        .get("/messages/{channel}/older", stretch)
        .post("/messages/{channel}/read", read)
        .post("/messages/{channel}/typing", typing)
}

async fn conversation(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Query(place): Query<Where>,
    Query(listing): Query<Listing>,
) -> Result {
    let (written, wait) = (Written::default(), visit.app.web.wait);
    let read = move |reader: &Reader, visitor: &Visitor| {
        ConversationPage::read(reader, visitor, channel, &place, &listing, written, wait)
    };
    visit.show(read).await
}

/// Older or newer messages as HTML, without the page around them, for scripts.
async fn stretch(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Query(place): Query<Where>,
) -> Result {
    let wait = visit.app.web.wait;
    visit.show(move |reader, visitor| EntriesPart::read(reader, visitor, channel, &place, wait)).await
}

#[derive(Deserialize)]
struct MessageInput {
    id: MessageId,
    #[serde(default)]
    text: String,
    shown: Option<i64>,
    /// The author, as known to the device where the message may have waited.
    author: Option<PersonId>,
    #[serde(default)]
    attachments: Vec<UploadId>,
    /// Why a file of the same request was refused.
    #[serde(skip)]
    refused: Option<Answer>,
}

impl MessageInput {
    /// Reads the message from a form with or without files, or from JSON.
    async fn read(app: &App, actor: Actor, channel: ChannelId, request: Request) -> Result<MessageInput> {
        let place = Some((actor, channel));
        let form = match form::read(app, place, Purpose::Message, request).await {
            Ok(form) => form?,
            Err(request) => return Ok(Input::<MessageInput>::from_request(request, app).await?.0),
        };
        Ok(MessageInput {
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

/// The answer to scripts that send a message.
#[derive(Serialize)]
struct SentMessage {
    id: MessageId,
    channel: ChannelId,
    position: i64,
    at: String,
    preview: String,
    html: String,
}

pub(crate) fn answered(message: &Message) -> Response {
    let answered = SentMessage {
        id: message.id,
        channel: message.channel,
        position: message.position,
        at: times::exact(message.sent_at),
        preview: preview(message),
        html: fragment(message),
    };
    axum::Json(answered).into_response()
}

async fn send(visit: Visit, PathParam(channel): PathParam<ChannelId>, request: Request) -> Result {
    let actor = visit.actor();
    let wants_page = ResponseFormat::of(request.headers()) == ResponseFormat::Page;
    let given = MessageInput::read(&visit.app, actor, channel, request).await?;
    // Somebody else has signed in on the device meanwhile; the message must not be sent in their name.
    if given.author.is_some_and(|author| author != actor.person) {
        return Err(Answer::SignIn("/messages".to_string()));
    }
    if let Some(refused) = given.refused.clone() {
        let problem = refused.message().to_string();
        return if wants_page { again(visit, channel, given, problem).await } else { Err(refused) };
    }
    let draft = given.draft(channel);
    match visit.write(move |tx, actor| sending::send(tx, actor, &draft)).await {
        Ok(_) if wants_page => Ok(redirect(&format!("/messages/{channel}"))),
        Ok(message) => Ok(answered(&message)),
        Err(Error::Field { problem, .. }) if wants_page => {
            again(visit, channel, given, problem.to_string()).await
        }
        Err(refused @ (Error::Forbidden | Error::Conflict(_))) if wants_page => {
            again(visit, channel, given, refused.to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Shows the page again with everything that was written and what is wrong with it. Uploaded files are kept for the
/// next attempt.
async fn again(visit: Visit, channel: ChannelId, given: MessageInput, problem: String) -> Result {
    let (place, listing, wait) = (Where::default(), Listing::default(), visit.app.web.wait);
    let (store, text, attachments) = (visit.app.store().clone(), given.text, given.attachments);
    let read = move |reader: &Reader| {
        let waiting = Waiting::of(reader, &visit.visitor.actor, &attachments)?;
        let written = Written { text, problem: Some(problem), waiting };
        ConversationPage::read(reader, &visit.visitor, channel, &place, &listing, written, wait)
    };
    page(StatusCode::BAD_REQUEST, &store.read(read).await?)
}

#[derive(Deserialize)]
struct ReadUpTo {
    position: i64,
}

async fn read(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    headers: HeaderMap,
    Input(ReadUpTo { position }): Input<ReadUpTo>,
) -> Result {
    let read = move |tx: &mut Tx, actor: &Actor| channels::members::read_up_to(tx, actor, channel, position);
    let position = visit.write(read).await?;
    Ok(match ResponseFormat::of(&headers) {
        ResponseFormat::Page => redirect(&format!("/messages/{channel}")),
        ResponseFormat::Json => axum::Json(serde_json::json!({ "position": position })).into_response(),
    })
}

async fn typing(visit: Visit, PathParam(channel): PathParam<ChannelId>) -> Result {
    let (app, actor) = (visit.app, visit.visitor.actor);
    let read = move |reader: &Reader| {
        if channel::find(reader, &actor, channel)?.left_at.is_some() {
            return Err(Error::Forbidden);
        }
        Ok(person::profile(reader, &actor)?.name.full())
    };
    let name = app.store().read(read).await?;
    app.hub.typing(actor.workspace, channel, actor.person, &name);
    Ok(StatusCode::NO_CONTENT.into_response())
}
