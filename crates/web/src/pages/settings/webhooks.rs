//! Settings → API → Webhooks, for admins (H1, H5, H6): create, delete and switch on again; each webhook's calls with every
//! try and its answer, and sending a call again.

use askama::Template;
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
use crate::http::answers::{Result, page_once, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{Choice, Choices, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::paging;
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::{FormPage, Visit};
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

async fn list(visit: Visit) -> Result {
    let read = move |reader: &Reader, visitor: &Visitor| {
        let found = webhook::list(reader, &visitor.actor, None, webhook::WEBHOOKS_MAX)?;
        let layout = Layout::read(reader, visitor, Module::Settings, "Webhooks")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= webhook::WEBHOOKS_MAX);
        let lines = found.into_iter().map(|webhook| Line::new(webhook, reader.now(), &zone)).collect();
        Ok(ListPage { layout, lines, is_full })
    };
    visit.show(read).await
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

impl FormPage for NewPage {
    type Asked = Form;

    fn read(reader: &Reader, visitor: &Visitor, form: Form, wrong: FieldError) -> error::Result<NewPage> {
        access::admin(&visitor.actor)?;
        let layout = Layout::read(reader, visitor, Module::Settings, "New webhook")?;
        let choice = |kind: &str| Choice {
            value: kind.to_string(),
            name: kind.to_string(),
            note: String::new(),
            chosen: form.events.iter().any(|chosen| chosen == kind),
        };
        let events = Choices { list: KINDS.into_iter().map(choice).collect(), is_cut: false };
        Ok(NewPage { layout, form, events, wrong })
    }
}

async fn new(visit: Visit) -> Result {
    let form = Form { which: "all".to_string(), ..Form::default() };
    visit.show_form::<NewPage>(form, FieldError::default()).await
}

#[derive(Template)]
#[template(path = "webhooks/made.html")]
struct MadePage {
    layout: Layout,
    id: WebhookId,
    url: String,
    secret: String,
}

async fn make(visit: Visit, Input(given): Input<Form>) -> Result {
    let (visitor, typed, app) = (visit.visitor.clone(), given.clone(), visit.app.clone());
    let made = visit.submit(move |tx, actor| {
        access::admin(actor)?;
        check_url(&app, &typed.url)?;
        let (made, secret) = webhook::create(tx, actor, &typed.url, &typed.wanted()?)?;
        // In the same transaction: a secret that is kept is shown.
        let layout = Layout::read(tx, &visitor, Module::Settings, "New webhook")?;
        Ok(MadePage { layout, id: made.id, url: made.url, secret: signature::shown(&secret) })
    });
    match made.await? {
        // No redirect: the secret is shown in this answer and never again.
        Ok(made) => page_once(&made),
        Err(wrong) => visit.show_form::<NewPage>(given, wrong).await,
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

impl FormPage for WebhookPage {
    type Asked = (WebhookId, CallsQuery);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (id, place): Self::Asked,
        wrong: FieldError,
    ) -> error::Result<WebhookPage> {
        let webhook = webhook::find(reader, &visitor.actor, id)?;
        // One more than a page shows whether another page follows.
        let most = PAGE as i64 + 1;
        let mut found = call_history::list(reader, &visitor.actor, id, place.before, most)?;
        let before = paging::cut_to(&mut found, PAGE, |call| call.id);
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

async fn show(visit: Visit, PathParam(id): PathParam<WebhookId>, Query(place): Query<CallsQuery>) -> Result {
    visit.show_form::<WebhookPage>((id, place), FieldError::default()).await
}

async fn delete(visit: Visit, PathParam(id): PathParam<WebhookId>) -> Result {
    visit.change(LIST, move |tx, actor| webhook::delete(tx, actor, id)).await
}

async fn enable(visit: Visit, PathParam(id): PathParam<WebhookId>) -> Result {
    visit.change(&format!("{LIST}/{id}?done=enabled"), move |tx, actor| webhook::enable(tx, actor, id)).await
}

async fn again(visit: Visit, PathParam((id, call)): PathParam<(WebhookId, CallId)>) -> Result {
    match visit.submit(move |tx, actor| call_history::again(tx, actor, id, call)).await? {
        Ok(()) => Ok(redirect(&format!("{LIST}/{id}?done=again"))),
        Err(wrong) => visit.show_form::<WebhookPage>((id, CallsQuery::default()), wrong).await,
    }
}
