//! Settings → API → Webhooks, for admins (H1, H5, H6): create, delete and switch on again; each webhook's calls with every
//! try and its answer, and sending a call again.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use domain::kernel::access;
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{CallId, WebhookId};
use domain::webhooks::call_attempts::Try;
use domain::webhooks::call_history::{self, Call};
use domain::webhooks::webhook::{self, EventFilter, KINDS, Webhook};
use jiff::tz::TimeZone;
use outbound::webhooks::{UrlError, signature};
use serde::Deserialize;
use store::{Reader, Time};

use crate::app::App;
use crate::http::answers::{Result, page, page_once, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, Choice, Choices, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visitor::Visitor;

const LIST: &str = "/settings/api/webhooks";
/// Calls on one page.
const PAGE: usize = 50;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get(LIST, list)
        .get("/settings/api/webhooks/new", new)
        .post("/settings/api/webhooks/new", make)
        .get("/settings/api/webhooks/{id}", show)
        .post("/settings/api/webhooks/{id}/delete", delete)
        .post("/settings/api/webhooks/{id}/enable", enable)
        .post("/settings/api/webhooks/{id}/calls/{call}/again", again)
}

/// Refuses an address that no webhook may have or that must not be called from here (H4).
pub(crate) fn check_url(app: &App, url: &str) -> error::Result<()> {
    app.web.caller.check(url.trim()).map_err(|error| match error {
        UrlError::None => Error::field("url", Problem::NoLink),
        UrlError::Private => Error::field("url", Problem::NotPublic),
    })
}

/// A webhook in the list and at the head of its page.
struct Line {
    id: WebhookId,
    url: String,
    events: String,
    made_by: String,
    made_at: Shown,
    taken_at: Option<Shown>,
    disabled_at: Option<Shown>,
    disabled_reason: String,
}

impl Line {
    fn new(webhook: Webhook, now: Time, zone: &TimeZone) -> Line {
        let shown = |at: Time| times::shown(at, now, zone);
        let everything = webhook.events == EventFilter::everything();
        Line {
            id: webhook.id,
            url: webhook.url,
            events: if everything { "Everything".to_string() } else { webhook.events.words().join(", ") },
            made_by: webhook.person_name.full(),
            made_at: shown(webhook.created_at),
            taken_at: webhook.taken_at.map(shown),
            disabled_at: webhook.disabled_at.map(shown),
            disabled_reason: webhook.disabled_reason.unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct ListPage {
    layout: Layout,
    lines: Vec<Line>,
    is_full: bool,
}

async fn list(State(app): State<App>, visitor: Visitor) -> Result {
    let read = move |reader: &Reader| {
        let found = webhook::list(reader, &visitor.actor, None, webhook::WEBHOOKS_MAX)?;
        let layout = Layout::read(reader, &visitor, Module::Settings, "Webhooks")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= webhook::WEBHOOKS_MAX);
        let lines = found.into_iter().map(|webhook| Line::new(webhook, reader.now(), &zone)).collect();
        Ok::<_, Error>(ListPage { layout, lines, is_full })
    };
    page(StatusCode::OK, &app.store().read(read).await?)
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Form {
    url: String,
    /// `all`, or `chosen` for only those in `events`.
    which: String,
    events: Vec<String>,
}

impl Form {
    fn wanted(&self) -> error::Result<EventFilter> {
        match self.which.as_str() {
            "all" => Ok(EventFilter::everything()),
            "chosen" => EventFilter::new("events", &self.events),
            _ => Err(Error::field("which", Problem::NoChoice)),
        }
    }
}

#[derive(Template)]
#[template(path = "webhooks/new.html")]
struct NewPage {
    layout: Layout,
    form: Form,
    events: Choices,
    wrong: FieldError,
}

async fn form(app: &App, visitor: Visitor, form: Form, wrong: FieldError) -> Result {
    let read = move |reader: &Reader| {
        access::admin(&visitor.actor)?;
        let layout = Layout::read(reader, &visitor, Module::Settings, "New webhook")?;
        let choice = |kind: &str| Choice {
            value: kind.to_string(),
            name: kind.to_string(),
            note: String::new(),
            chosen: form.events.iter().any(|chosen| chosen == kind),
        };
        let events = Choices { list: KINDS.into_iter().map(choice).collect(), is_cut: false };
        Ok::<_, Error>(NewPage { layout, form, events, wrong })
    };
    let form = app.store().read(read).await?;
    page(form.wrong.status(), &form)
}

async fn new(State(app): State<App>, visitor: Visitor) -> Result {
    let empty = Form { which: "all".to_string(), ..Form::default() };
    form(&app, visitor, empty, FieldError::default()).await
}

#[derive(Template)]
#[template(path = "webhooks/made.html")]
struct MadePage {
    layout: Layout,
    id: WebhookId,
    url: String,
    secret: String,
}

async fn make(State(app): State<App>, visitor: Visitor, Input(given): Input<Form>) -> Result {
    let (actor, typed, by) = (visitor.actor, given.clone(), app.clone());
    let made = app.store().write(move |tx| {
        access::admin(&actor)?;
        check_url(&by, &typed.url)?;
        webhook::create(tx, &actor, &typed.url, &typed.wanted()?)
    });
    match forms::checked(made.await)? {
        Ok((made, secret)) => {
            // No redirect: the secret is shown in this answer and never again.
            let read = move |reader: &Reader| Layout::read(reader, &visitor, Module::Settings, "New webhook");
            let layout = app.store().read(read).await?;
            let made = MadePage { layout, id: made.id, url: made.url, secret: signature::shown(&secret) };
            page_once(&made)
        }
        Err(wrong) => form(&app, visitor, given, wrong).await,
    }
}

/// A call as its webhook's page shows it.
struct Row {
    id: CallId,
    kind: String,
    at: Shown,
    /// The style of its tag: `good`, `warn` or `bad`.
    tag: &'static str,
    words: &'static str,
    next: Option<Shown>,
    tries: Vec<Tried>,
}

/// One try of a call.
struct Tried {
    at: Shown,
    /// For instance `200` or `no answer`.
    words: String,
    took: String,
    said: String,
}

fn row(call: Call, now: Time, zone: &TimeZone) -> Row {
    let shown = |at: Time| times::shown(at, now, zone);
    let (tag, words) = match (call.taken_at, call.next_try_at, call.tries.is_empty()) {
        (_, Some(_), true) => ("", "Goes out"),
        (_, Some(_), false) => ("warn", "Is tried again"),
        (Some(_), None, _) => ("good", "Taken"),
        (None, None, _) => ("bad", "Not taken"),
    };
    let tried = |tried: Try| Tried {
        at: shown(tried.at),
        words: tried.status.map_or("no answer".to_string(), |status| status.to_string()),
        took: format!("{} ms", tried.took.as_millis()),
        said: tried.said,
    };
    Row {
        id: call.id,
        kind: call.kind,
        at: shown(call.at),
        tag,
        words,
        next: call.next_try_at.map(shown),
        tries: call.tries.into_iter().map(tried).collect(),
    }
}

/// Where the page of calls begins, and what was just done.
#[derive(Clone, Default, Deserialize)]
struct CallsQuery {
    before: Option<CallId>,
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "webhooks/webhook.html")]
struct WebhookPage {
    layout: Layout,
    line: Line,
    rows: Vec<Row>,
    is_first: bool,
    before: Option<CallId>,
    done: String,
    wrong: FieldError,
}

impl WebhookPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        id: WebhookId,
        place: CallsQuery,
        wrong: FieldError,
    ) -> error::Result<WebhookPage> {
        let webhook = webhook::find(reader, &visitor.actor, id)?;
        // One more than a page shows whether another page follows.
        let most = PAGE as i64 + 1;
        let mut found = call_history::list(reader, &visitor.actor, id, place.before, most)?;
        let is_longer = found.len() > PAGE;
        found.truncate(PAGE);
        let before = found.last().filter(|_| is_longer).map(|last| last.id);
        let layout = Layout::read(reader, visitor, Module::Settings, "Webhook")?;
        let (now, zone) = (reader.now(), times::zone(layout.time_zone.as_deref()));
        let rows = found.into_iter().map(|call| row(call, now, &zone)).collect();
        let line = Line::new(webhook, now, &zone);
        Ok(WebhookPage {
            layout,
            line,
            rows,
            is_first: place.before.is_none(),
            before,
            done: place.done,
            wrong,
        })
    }
}

async fn show(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<WebhookId>,
    Query(place): Query<CallsQuery>,
) -> Result {
    let read = move |reader: &Reader| WebhookPage::read(reader, &visitor, id, place, FieldError::default());
    page(StatusCode::OK, &app.store().read(read).await?)
}

async fn delete(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<WebhookId>) -> Result {
    app.store().write(move |tx| webhook::delete(tx, &visitor.actor, id)).await?;
    Ok(redirect(LIST))
}

async fn enable(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<WebhookId>) -> Result {
    app.store().write(move |tx| webhook::enable(tx, &visitor.actor, id)).await?;
    Ok(redirect(&format!("{LIST}/{id}?done=enabled")))
}

async fn again(
    State(app): State<App>,
    visitor: Visitor,
    PathParam((id, call)): PathParam<(WebhookId, CallId)>,
) -> Result {
    let actor = visitor.actor;
    match forms::checked(app.store().write(move |tx| call_history::again(tx, &actor, id, call)).await)? {
        Ok(()) => Ok(redirect(&format!("{LIST}/{id}?done=again"))),
        Err(wrong) => {
            let read =
                move |reader: &Reader| WebhookPage::read(reader, &visitor, id, CallsQuery::default(), wrong);
            let again = app.store().read(read).await?;
            page(again.wrong.status(), &again)
        }
    }
}
