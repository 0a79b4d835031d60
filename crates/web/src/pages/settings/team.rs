//! Settings → Team: every internal user sees the firm's internal users, admins change them.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use domain::administration::deactivation;
use domain::administration::team::{InternalChange, NewInternal};
use domain::arrival::invitations;
use domain::directory::person::Person;
use domain::kernel::access::{self, Actor, Role};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{CompanyId, PersonId};
use domain::{administration, directory};
use serde::Deserialize;
use store::{Reader, Tx};

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, CHOICES_MAX, Choices, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visitor::Visitor;
use crate::pages::clients::company_choices::company_choices;
use crate::pages::settings::bounces::Bounced;

const LIST: &str = "/settings/team";

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/settings", settings)
        .get("/settings/team", list)
        .get("/settings/team/new", new)
        .post("/settings/team/new", add)
        .get("/settings/team/{id}", internal)
        .post("/settings/team/{id}", edit)
        .post("/settings/team/{id}/invite", invite)
        .post("/settings/team/{id}/take-back", take_back)
        .post("/settings/team/{id}/deactivate", deactivate)
        .post("/settings/team/{id}/reactivate", reactivate)
}

async fn settings(visitor: Visitor) -> Result {
    access::internal(&visitor.actor)?;
    Ok(redirect(LIST))
}

struct Row {
    person: Person,
    face: Avatar,
    is_me: bool,
}

/// What was just done, so that the page can confirm it.
#[derive(Default, Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

#[derive(Template)]
#[template(path = "team/list.html")]
struct ListPage {
    layout: Layout,
    rows: Vec<Row>,
    is_admin: bool,
    done: String,
}

async fn list(State(app): State<App>, visitor: Visitor, Query(Done { done }): Query<Done>) -> Result {
    let list = app.store().read(move |reader| ListPage::read(reader, &visitor, done)).await?;
    page(StatusCode::OK, &list)
}

impl ListPage {
    fn read(reader: &Reader, visitor: &Visitor, done: String) -> error::Result<ListPage> {
        let actor = &visitor.actor;
        let found = directory::team::internal_users(reader, actor)?;
        let layout = Layout::read(reader, visitor, Module::Settings, "Team")?;
        let row = |person: Person| Row {
            face: Avatar::of_person(person.id.0, &person.name),
            is_me: person.id == actor.person,
            person,
        };
        let rows = found.into_iter().map(row).collect();
        Ok(ListPage { layout, rows, is_admin: actor.role == Role::Admin, done })
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    given_name: String,
    family_name: String,
    email: String,
    role: String,
    /// `all` clients, or only `assigned` companies.
    access: String,
    company_access_list: Vec<CompanyId>,
    invite: Option<String>,
}

impl Form {
    fn role(&self) -> error::Result<Role> {
        Role::from_word(&self.role).ok_or(Error::field("role", Problem::NoChoice))
    }

    fn limited(&self) -> error::Result<bool> {
        match self.access.as_str() {
            "all" => Ok(false),
            "assigned" => Ok(true),
            _ => Err(Error::field("access", Problem::NoChoice)),
        }
    }
}

#[derive(Template)]
#[template(path = "team/person.html")]
struct PersonPage {
    layout: Layout,
    /// Who is being changed; `None` when adding somebody.
    person: Option<Person>,
    /// Set if their address takes no mail (N12).
    bounced: Option<Bounced>,
    companies: Choices,
    form: Form,
    wrong: FieldError,
}

impl PersonPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        id: Option<PersonId>,
        typed: Option<Form>,
        wrong: FieldError,
    ) -> error::Result<PersonPage> {
        let actor = &visitor.actor;
        access::admin(actor)?;
        let person = id.map(|id| directory::team::internal(reader, actor, id)).transpose()?;
        let form = match (typed, &person) {
            (Some(typed), _) => typed,
            (None, Some(person)) => Form {
                given_name: person.name.given.clone(),
                family_name: person.name.family.clone(),
                email: person.name.email.clone(),
                role: person.role.word().to_string(),
                access: if person.limited_at.is_some() { "assigned" } else { "all" }.to_string(),
                company_access_list: directory::team::assignments(reader, actor, person.id)?,
                invite: None,
            },
            (None, None) => Form {
                role: Role::Staff.word().to_string(),
                access: "all".to_string(),
                invite: Some("yes".to_string()),
                ..Form::default()
            },
        };
        let mut companies = company_choices(reader, visitor, &form.company_access_list)?;
        let is_cut = companies.len() > CHOICES_MAX;
        companies.sort_by_key(|choice| !choice.chosen);
        companies.truncate(CHOICES_MAX);
        let title = person.as_ref().map_or("New colleague".to_string(), |person| person.name.full());
        let layout = Layout::read(reader, visitor, Module::Settings, &title)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let bounced = match id {
            Some(id) => Bounced::of_person(reader, actor.workspace, id, &zone)?,
            None => None,
        };
        Ok(PersonPage { layout, person, bounced, companies: Choices::new(companies, is_cut), form, wrong })
    }
}

async fn show(
    app: &App,
    visitor: Visitor,
    id: Option<PersonId>,
    typed: Option<Form>,
    wrong: FieldError,
) -> Result {
    let person = app.store().read(move |reader| PersonPage::read(reader, &visitor, id, typed, wrong)).await?;
    page(person.wrong.status(), &person)
}

async fn new(State(app): State<App>, visitor: Visitor) -> Result {
    show(&app, visitor, None, None, FieldError::default()).await
}

async fn internal(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    show(&app, visitor, Some(id), None, FieldError::default()).await
}

async fn add(State(app): State<App>, visitor: Visitor, Input(form): Input<Form>) -> Result {
    let (actor, typed) = (visitor.actor, form.clone());
    let invited = form.invite.is_some();
    let added = app
        .store()
        .write(move |tx| {
            access::admin(&actor)?;
            let internal = NewInternal {
                role: typed.role()?,
                limited: typed.limited()?,
                given_name: typed.given_name,
                family_name: typed.family_name,
                email: typed.email,
                companies: typed.company_access_list,
            };
            let added = administration::team::add_internal(tx, &actor, &internal)?;
            if invited { invitations::invite(tx, &actor, added) } else { Ok(()) }
        })
        .await;
    match forms::checked(added)? {
        Ok(()) => Ok(redirect(if invited { "/settings/team?done=invited" } else { LIST })),
        Err(wrong) => show(&app, visitor, None, Some(form), wrong).await,
    }
}

async fn edit(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<PersonId>,
    Input(form): Input<Form>,
) -> Result {
    let typed = form.clone();
    act(&app, visitor, id, Some(form), "/settings/team?done=saved", move |tx, actor| {
        access::admin(actor)?;
        let change = InternalChange {
            role: Some(typed.role()?),
            limited: Some(typed.limited()?),
            given_name: Some(typed.given_name),
            family_name: Some(typed.family_name),
            email: Some(typed.email),
            companies: Some(typed.company_access_list),
        };
        administration::team::edit_internal(tx, actor, id, &change)
    })
    .await
}

/// Applies a change to an internal user; a refusal is shown on their page.
async fn act(
    app: &App,
    visitor: Visitor,
    id: PersonId,
    typed: Option<Form>,
    to: &'static str,
    action: impl FnOnce(&mut Tx, &Actor) -> error::Result<()> + Clone + Send + 'static,
) -> Result {
    let actor = visitor.actor;
    let done = app
        .store()
        .write(move |tx| {
            directory::team::internal(tx, &actor, id)?;
            action(tx, &actor)
        })
        .await;
    match forms::checked(done)? {
        Ok(()) => Ok(redirect(to)),
        Err(wrong) => show(app, visitor, Some(id), typed, wrong).await,
    }
}

async fn invite(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    let to = "/settings/team?done=invited";
    act(&app, visitor, id, None, to, move |tx, actor| invitations::invite(tx, actor, id)).await
}

async fn take_back(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    let to = "/settings/team?done=takenBack";
    act(&app, visitor, id, None, to, move |tx, actor| invitations::take_back(tx, actor, id)).await
}

async fn deactivate(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    act(&app, visitor, id, None, LIST, move |tx, actor| deactivation::deactivate(tx, actor, id)).await
}

async fn reactivate(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    act(&app, visitor, id, None, LIST, move |tx, actor| deactivation::reactivate(tx, actor, id)).await
}
