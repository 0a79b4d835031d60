//! Settings → API, for admins (D1): API keys are created with a name, shown once, listed with their last use, and
//! revoked. Webhooks are on the same page (`webhooks`).

use askama::Template;
use domain::kernel::access;
use domain::kernel::error;
use domain::kernel::ids::KeyId;
use domain::tenant::api_keys::{self, Key};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{Reader, Time};

use crate::http::answers::{Result, page_once};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{Done, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::{FormPage, Visit};
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

#[derive(Template)]
#[template(path = "api_keys/list.html")]
struct ListPage {
    layout: Layout,
    lines: Vec<Line>,
    is_full: bool,
    done: String,
}

async fn list(visit: Visit, Query(Done { done }): Query<Done>) -> Result {
    let read = move |reader: &Reader, visitor: &Visitor| {
        let found = api_keys::list(reader, &visitor.actor)?;
        let layout = Layout::read(reader, visitor, Module::Settings, "API")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count >= api_keys::KEYS_MAX);
        let lines = found.into_iter().map(|key| Line::new(key, reader.now(), &zone)).collect();
        Ok(ListPage { layout, lines, is_full, done })
    };
    visit.show(read).await
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

impl FormPage for NewPage {
    type Asked = Form;

    fn read(reader: &Reader, visitor: &Visitor, form: Form, wrong: FieldError) -> error::Result<NewPage> {
        access::admin(&visitor.actor)?;
        let layout = Layout::read(reader, visitor, Module::Settings, "New key")?;
        Ok(NewPage { layout, form, wrong })
    }
}

async fn new(visit: Visit) -> Result {
    visit.show_form::<NewPage>(Form::default(), FieldError::default()).await
}

#[derive(Template)]
#[template(path = "api_keys/made.html")]
struct MadePage {
    layout: Layout,
    name: String,
    secret: String,
    address: String,
}

async fn make(visit: Visit, Input(given): Input<Form>) -> Result {
    let (visitor, name) = (visit.visitor.clone(), given.name.clone());
    let address = visit.app.web.public_url.clone();
    let made = visit.submit(move |tx, actor| {
        let secret = api_keys::create(tx, actor, &name)?.reveal().to_string();
        // In the same transaction: a key that is kept is shown.
        let layout = Layout::read(tx, &visitor, Module::Settings, "New key")?;
        Ok(MadePage { layout, name, secret, address })
    });
    match made.await? {
        // No redirect: the key is shown in this answer and never again.
        Ok(made) => page_once(&made),
        Err(wrong) => visit.show_form::<NewPage>(given, wrong).await,
    }
}

async fn revoke(visit: Visit, PathParam(id): PathParam<KeyId>) -> Result {
    visit.change(&format!("{LIST}?done=revoked"), move |tx, actor| api_keys::revoke(tx, actor, id)).await
}
