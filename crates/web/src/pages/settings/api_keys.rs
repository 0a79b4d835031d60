//! Settings → API, for admins (D1): API keys are created with a name, shown once, listed with their last use, and
//! revoked. Webhooks are on the same page (`webhooks`).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use domain::kernel::access;
use domain::kernel::error::Error;
use domain::kernel::ids::KeyId;
use domain::tenant::api_keys::{self, Key};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{Reader, Time};

use crate::app::App;
use crate::http::answers::{Result, page, page_once, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visitor::Visitor;

const LIST: &str = "/settings/api";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get(LIST, list)
        .get("/settings/api/keys/new", new)
        .post("/settings/api/keys/new", make)
        .post("/settings/api/keys/{id}/revoke", revoke)
}

struct Line {
    id: KeyId,
    name: String,
    made_by: String,
    made_at: Shown,
    used_at: Option<Shown>,
}

impl Line {
    fn new(key: Key, now: Time, zone: &TimeZone) -> Line {
        Line {
            id: key.id,
            name: key.name,
            made_by: key.person_name.full(),
            made_at: times::shown(key.created_at, now, zone),
            used_at: key.used_at.map(|at| times::shown(at, now, zone)),
        }
    }
}

/// What was just done, so that the page can confirm it.
#[derive(Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "api_keys/list.html")]
struct ListPage {
    layout: Layout,
    lines: Vec<Line>,
    is_full: bool,
    done: String,
}

async fn list(State(app): State<App>, visitor: Visitor, Query(Done { done }): Query<Done>) -> Result {
    let read = move |reader: &Reader| {
        let found = api_keys::list(reader, &visitor.actor)?;
        let layout = Layout::read(reader, &visitor, Module::Settings, "API")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= api_keys::KEYS_MAX);
        let lines = found.into_iter().map(|key| Line::new(key, reader.now(), &zone)).collect();
        Ok::<_, Error>(ListPage { layout, lines, is_full, done })
    };
    page(StatusCode::OK, &app.store().read(read).await?)
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Form {
    name: String,
}

#[derive(Template)]
#[template(path = "api_keys/new.html")]
struct NewPage {
    layout: Layout,
    form: Form,
    wrong: FieldError,
}

async fn form(app: &App, visitor: Visitor, form: Form, wrong: FieldError) -> Result {
    let read = move |reader: &Reader| {
        access::admin(&visitor.actor)?;
        let layout = Layout::read(reader, &visitor, Module::Settings, "New key")?;
        Ok::<_, Error>(NewPage { layout, form, wrong })
    };
    let form = app.store().read(read).await?;
    page(form.wrong.status(), &form)
}

async fn new(State(app): State<App>, visitor: Visitor) -> Result {
    form(&app, visitor, Form::default(), FieldError::default()).await
}

#[derive(Template)]
#[template(path = "api_keys/made.html")]
struct MadePage {
    layout: Layout,
    name: String,
    secret: String,
    address: String,
}

async fn make(State(app): State<App>, visitor: Visitor, Input(given): Input<Form>) -> Result {
    let (asking, name) = (visitor.clone(), given.name.clone());
    let made = app.store().write(move |tx| {
        let secret = api_keys::create(tx, &asking.actor, &name)?;
        // In the same transaction: a key that is kept is shown.
        Ok((secret, Layout::read(tx, &asking, Module::Settings, "New key")?))
    });
    match forms::checked(made.await)? {
        Ok((secret, layout)) => {
            // No redirect: the key is shown in this answer and never again.
            let (secret, address) = (secret.reveal().to_string(), app.web.public_url.clone());
            page_once(&MadePage { layout, name: given.name, secret, address })
        }
        Err(wrong) => form(&app, visitor, given, wrong).await,
    }
}

async fn revoke(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<KeyId>) -> Result {
    app.store().write(move |tx| api_keys::revoke(tx, &visitor.actor, id)).await?;
    Ok(redirect(&format!("{LIST}?done=revoked")))
}
