//! Reply links (N7, N8): from a digest or a text straight to a channel's messages and a composer.
//!
//! GET and HEAD change nothing, however often. Reading and replying are POSTs, caused by what a person does on the page.
//! Where a link leads is decided in `domain::notify::reply_links`; this module renders a page for each outcome.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::http::{HeaderName, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::channels::channel;
use domain::directory::person;
use domain::files::uploads::Purpose;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{ChannelId, FileId, MessageId, UploadId, WorkspaceId};
use domain::kernel::limits;
use domain::messages::attachments::Attached;
use domain::notify::reply_links::{self, Answer, Outcome, ReplyOutcome};
use domain::tenant::workspaces::Workspace;
use serde::Deserialize;
use store::Reader;

use crate::app::App;
use crate::http::answers::{self, Result, page, redirect};
use crate::http::brand::Brand;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms;
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
use crate::http::theme::Theme;
use crate::http::visitor::{CurrentWorkspace, Sender, Visitor};
use crate::pages::files::serving::{self, Rendition};
use crate::pages::reply::reply_page::{ReplyPage, Trouble, Written};
use crate::uploads::form;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/r/{token}", open)
        .post("/r/{token}", reply)
        .post("/r/{token}/read", read)
        .post("/r/{token}/fresh", fresh)
        .get("/r/{token}/files/{file}/content", whole)
        .get("/r/{token}/files/{file}/small", small)
        .get("/r/{token}/files/{file}/download", download)
}

/// The place on a link's page, and what was just done there.
#[derive(Clone, Debug, Default, Deserialize)]
struct LinkQuery {
    after: Option<i64>,
    /// The position of the reply just sent.
    sent: Option<i64>,
    #[serde(default)]
    done: String,
}

/// A link's page when it does not show the channel.
#[derive(Template)]
#[template(path = "reply/closed.html")]
struct ClosedPage {
    look: Theme,
    brand: Brand,
    token: String,
    why: &'static str,
    /// The other person who is signed in on this device.
    here: String,
    /// A fresh link was just requested.
    is_asked: bool,
    /// A reply that could not be sent, so that it is not lost.
    written: String,
}

/// Who opened the link, and on what device.
#[derive(Clone)]
struct Guest {
    look: Theme,
    /// Who is signed in on that device.
    visitor: Option<Visitor>,
}

impl Guest {
    fn actor(&self) -> Option<Actor> {
        self.visitor.as_ref().map(|visitor| visitor.actor)
    }
}

impl FromRequestParts<App> for Guest {
    type Rejection = answers::Answer;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> std::result::Result<Guest, Self::Rejection> {
        let visitor = <Visitor as OptionalFromRequestParts<App>>::from_request_parts(parts, app).await?;
        Ok(Guest { look: Theme::of(&parts.headers), visitor })
    }
}

/// What opening a link leads to.
enum Seen {
    Page(Box<ReplyPage>),
    /// The address of another page of the portal.
    Elsewhere(String),
    /// A page that only explains: its status and the reason.
    Closed(StatusCode, &'static str),
}

fn see(
    reader: &Reader,
    workspace: &Workspace,
    guest: &Guest,
    token: &str,
    place: &LinkQuery,
    written: &Written,
) -> error::Result<Seen> {
    let outcome = match reply_links::resolve(reader, workspace.id, token, guest.actor().as_ref()) {
        Err(Error::NotFound) => return Ok(Seen::Closed(StatusCode::NOT_FOUND, "unknown")),
        outcome => outcome?,
    };
    Ok(match outcome {
        Outcome::Reply(actor, link) => {
            let after = place.after.or(place.sent.map(|sent| sent.saturating_sub(limits::PAGE_MESSAGES / 2)));
            let opened = reply_links::open(reader, &actor, &link, after)?;
            let found =
                ReplyPage::new(reader, (workspace, guest.look), &actor, token, opened, place.sent, written)?;
            Seen::Page(Box::new(found))
        }
        Outcome::Portal(actor, channel) => Seen::Elsewhere(first_unread(reader, &actor, channel)?),
        Outcome::SignIn(channel) => Seen::Elsewhere(sign_in(channel)),
        closed => closed_by(&closed),
    })
}

fn closed_by(outcome: &Outcome) -> Seen {
    match outcome {
        Outcome::SomebodyElse => Seen::Closed(StatusCode::FORBIDDEN, "somebodyElse"),
        Outcome::Expired => Seen::Closed(StatusCode::GONE, "expired"),
        Outcome::Revoked => Seen::Closed(StatusCode::GONE, "revoked"),
        Outcome::AccessLost => Seen::Closed(StatusCode::GONE, "accessLost"),
        // These lead to other pages; somebody who was writing meanwhile is shown where to continue.
        Outcome::SignIn(_) | Outcome::Reply(..) | Outcome::Portal(..) => {
            Seen::Closed(StatusCode::FORBIDDEN, "signIn")
        }
    }
}

/// The channel in the portal at the first unread message. The page finds that by itself unless it is further back than
/// one page.
fn first_unread(reader: &Reader, actor: &Actor, channel: ChannelId) -> error::Result<String> {
    let channel = channel::find(reader, actor, channel)?;
    let is_far = channel.unread > 0 && channel.last_position - channel.read_position > limits::PAGE_MESSAGES;
    Ok(if is_far {
        format!("/messages/{}?after={}", channel.id, channel.read_position)
    } else {
        format!("/messages/{}", channel.id)
    })
}

/// Signing in, then the channel.
fn sign_in(channel: ChannelId) -> String {
    #[derive(serde::Serialize)]
    struct Back {
        back: String,
    }
    forms::address("/sign-in", &Back { back: format!("/messages/{channel}") })
}

async fn open(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    guest: Guest,
    PathParam(token): PathParam<String>,
    Query(place): Query<LinkQuery>,
) -> Result {
    show(&app, workspace, guest, token, place, Written::default()).await
}

async fn show(
    app: &App,
    workspace: Workspace,
    guest: Guest,
    token: String,
    place: LinkQuery,
    written: Written,
) -> Result {
    let text = written.text.clone();
    let status = written.status();
    let written = Arc::new(written);
    let is_asked = place.done == "fresh";
    let (there, who, link) = (workspace.clone(), guest.clone(), token.clone());
    let seen = app.store().read(move |reader| see(reader, &there, &who, &link, &place, &written)).await?;
    match seen {
        Seen::Page(found) => Ok(unshared(page(status, &*found)?)),
        Seen::Elsewhere(to) => Ok(unshared(redirect(&to))),
        Seen::Closed(status, why) => {
            closed(app, &workspace, guest, token, (status, why), is_asked, text).await
        }
    }
}

async fn closed(
    app: &App,
    workspace: &Workspace,
    guest: Guest,
    token: String,
    (status, why): (StatusCode, &'static str),
    is_asked: bool,
    written: String,
) -> Result {
    let here = match guest.visitor {
        Some(visitor) => {
            let me = app.store().read(move |reader| person::profile(reader, &visitor.actor)).await?;
            me.name.full()
        }
        None => String::new(),
    };
    let (look, brand) = (guest.look, Brand::of(workspace));
    let found = ClosedPage { look, brand, token, why, here, is_asked, written };
    Ok(unshared(page(status, &found)?))
}

/// The address and what it shows are secret: neither caches nor search engines may keep it.
fn unshared(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    response
}

#[derive(Deserialize)]
struct ReplyInput {
    id: MessageId,
    #[serde(default)]
    text: String,
    shown: Option<i64>,
    #[serde(default)]
    attachments: Vec<UploadId>,
    /// Why a file of the same request was refused.
    #[serde(skip)]
    refused: Option<answers::Answer>,
}

impl ReplyInput {
    /// Reads a reply from a form with files (uploaded into the link's channel), a form without, or JSON.
    async fn read(
        app: &App,
        workspace: WorkspaceId,
        token: &str,
        actor: Option<Actor>,
        request: Request,
    ) -> Result<ReplyInput> {
        let secret = token.to_string();
        let outcome = app
            .store()
            .read(move |reader| reply_links::resolve(reader, workspace, &secret, actor.as_ref()))
            .await;
        let place = match outcome {
            Ok(Outcome::Reply(actor, link)) => Some((actor, link.channel)),
            Ok(Outcome::Portal(actor, channel)) => Some((actor, channel)),
            Ok(_) | Err(Error::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        let form = match form::read(app, place, Purpose::Message, request).await {
            Ok(form) => form?,
            Err(request) => return Ok(Input::<ReplyInput>::from_request(request, app).await?.0),
        };
        Ok(ReplyInput {
            id: form.read("id")?.ok_or(Error::field("id", Problem::NoId))?,
            text: form.text("text"),
            shown: form.read("shown")?,
            attachments: form.attachments.into_iter().chain(form.uploads).collect(),
            refused: form.refused,
        })
    }
}

async fn reply(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    guest: Guest,
    PathParam(token): PathParam<String>,
    request: Request,
) -> Result {
    let (id, link) = (workspace.id, token.clone());
    let actor = guest.actor();
    let given = ReplyInput::read(&app, id, &token, actor, request).await?;
    if let Some(refused) = given.refused {
        let (text, waiting) = (given.text, given.attachments);
        let written = Written { text, problem: Some(Trouble::File(refused)), waiting };
        return show(&app, workspace, guest, token, LinkQuery::default(), written).await;
    }
    let attachments = given.attachments.iter().map(|upload| Attached::Upload(*upload)).collect();
    let answer = Answer { id: given.id, text: given.text.clone(), attachments, shown: given.shown };
    let done = app.store().write(move |tx| reply_links::reply(tx, id, &link, actor.as_ref(), &answer)).await;
    match done {
        // Signed in as the link's person: the conversation continues in the portal.
        Ok(ReplyOutcome::Yes(sent)) if actor.is_some() => {
            Ok(redirect(&format!("/messages/{}", sent.channel)))
        }
        Ok(ReplyOutcome::Yes(sent)) => {
            let position = sent.position;
            Ok(unshared(redirect(&format!("/r/{token}?sent={position}#message-{}", sent.id))))
        }
        Ok(ReplyOutcome::No(outcome)) => {
            let Seen::Closed(status, why) = closed_by(&outcome) else {
                return Err(answers::Answer::not_found());
            };
            closed(&app, &workspace, guest, token, (status, why), false, given.text).await
        }
        Err(error @ (Error::Field { .. } | Error::Conflict(_) | Error::TooMany(_))) => {
            let (text, waiting) = (given.text, given.attachments);
            let written = Written { text, problem: Some(Trouble::Rule(error)), waiting };
            show(&app, workspace, guest, token, LinkQuery::default(), written).await
        }
        Err(Error::NotFound) => {
            let unknown = (StatusCode::NOT_FOUND, "unknown");
            closed(&app, &workspace, guest, token, unknown, false, given.text).await
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
    CurrentWorkspace(workspace): CurrentWorkspace,
    guest: Guest,
    PathParam(token): PathParam<String>,
    headers: HeaderMap,
    Input(given): Input<ReadUpTo>,
) -> Result {
    let (id, link) = (workspace.id, token.clone());
    let actor = guest.actor();
    let done = app
        .store()
        .write(move |tx| reply_links::read_up_to(tx, id, &link, actor.as_ref(), given.position))
        .await;
    let is_page = ResponseFormat::of(&headers) == ResponseFormat::Page;
    match done {
        Ok(ReplyOutcome::Yes(position)) if !is_page => {
            Ok(axum::Json(serde_json::json!({ "position": position })).into_response())
        }
        // The link's page explains why nothing was done.
        Ok(_) if is_page => Ok(unshared(redirect(&format!("/r/{token}")))),
        Ok(_) => Err(Error::NotFound.into()),
        Err(Error::NotFound) if is_page => {
            let unknown = (StatusCode::NOT_FOUND, "unknown");
            closed(&app, &workspace, guest, token, unknown, false, String::new()).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn whole(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    guest: Guest,
    PathParam(place): PathParam<(String, FileId)>,
    method: Method,
    headers: HeaderMap,
) -> Result {
    file(&app, &workspace, &guest, place, Rendition::InPlace, &method, &headers).await
}

async fn small(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    guest: Guest,
    PathParam(place): PathParam<(String, FileId)>,
    method: Method,
    headers: HeaderMap,
) -> Result {
    file(&app, &workspace, &guest, place, Rendition::Small, &method, &headers).await
}

async fn download(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    guest: Guest,
    PathParam(place): PathParam<(String, FileId)>,
    method: Method,
    headers: HeaderMap,
) -> Result {
    file(&app, &workspace, &guest, place, Rendition::Saved, &method, &headers).await
}

/// Serves a file of the messages that the link's page shows; older ones need signing in (N8).
async fn file(
    app: &App,
    workspace: &Workspace,
    guest: &Guest,
    (token, file): (String, FileId),
    way: Rendition,
    method: &Method,
    headers: &HeaderMap,
) -> Result {
    let (id, actor) = (workspace.id, guest.actor());
    let done =
        app.store().read(move |reader| reply_links::file(reader, id, &token, actor.as_ref(), file)).await?;
    match done {
        ReplyOutcome::Yes(entry) => {
            Ok(unshared(serving::serve(app, id, &entry, way, method, headers).await?))
        }
        ReplyOutcome::No(_) => Err(Error::NotFound.into()),
    }
}

/// Sends a fresh link to the address on file. The answer is the same whether or not anything is sent.
async fn fresh(
    State(app): State<App>,
    CurrentWorkspace(workspace): CurrentWorkspace,
    guest: Guest,
    Sender(sender): Sender,
    PathParam(token): PathParam<String>,
) -> Result {
    let (id, link) = (workspace.id, token.clone());
    let actor = guest.actor();
    let done =
        app.store().write(move |tx| reply_links::ask_fresh(tx, id, &link, actor.as_ref(), &sender)).await;
    match done {
        Ok(ReplyOutcome::Yes(())) => Ok(unshared(redirect(&format!("/r/{token}?done=fresh")))),
        // The link still works or is unknown: its page says which.
        Ok(ReplyOutcome::No(_)) | Err(Error::NotFound) => {
            show(&app, workspace, guest, token, LinkQuery::default(), Written::default()).await
        }
        Err(error) => Err(error.into()),
    }
}
