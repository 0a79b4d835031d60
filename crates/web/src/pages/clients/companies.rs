//! Client companies: the list, adding one, and the page of one with its actions.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use domain::channels::starting::Subject;
use domain::directory::companies::{Company, CompanyFilter};
use domain::directory::person::Person;
use domain::directory::team;
use domain::kernel::access::{self, Actor, Role};
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, CompanyId, PersonId};
use domain::{administration, directory};
use serde::Deserialize;
use store::{Reader, Tx};

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::paging::{self, ListQuery, Listing};
use crate::http::routes::Routes;
use crate::http::visitor::Visitor;
use crate::pages::clients::subject_channel;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/companies", list)
        .get("/companies/new", new)
        .post("/companies/new", add)
        .get("/companies/{id}", company)
        .post("/companies/{id}", rename)
        .post("/companies/{id}/channel", channel)
        .post("/companies/{id}/assign", assign)
}

struct Row {
    company: Company,
    face: Avatar,
    /// The names of its client users.
    clients: Vec<String>,
}

#[derive(Template)]
#[template(path = "companies/list.html")]
struct ListPage {
    layout: Layout,
    listing: Listing,
    rows: Vec<Row>,
}

async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Query(wanted): Query<ListQuery<CompanyId>>,
) -> Result {
    let list = app.store().read(move |reader| ListPage::read(reader, &visitor, &wanted)).await?;
    page(StatusCode::OK, &list)
}

impl ListPage {
    fn read(reader: &Reader, visitor: &Visitor, wanted: &ListQuery<CompanyId>) -> error::Result<ListPage> {
        let actor = &visitor.actor;
        access::internal(actor)?;
        let after = match wanted.after {
            Some(last) => Some((directory::companies::find(reader, actor, last)?.name, last)),
            None => None,
        };
        let filter = CompanyFilter { text: wanted.find.clone(), placeholders: false, after };
        let mut found = directory::companies::list(reader, actor, &filter, paging::READ)?;
        let listing = paging::cut("/companies", wanted, &mut found, |company| company.id);
        let rows = found
            .into_iter()
            .map(|company| {
                let clients = directory::companies::clients_of(reader, actor, company.id)?;
                Ok(Row {
                    face: Avatar::of_title(company.id.0, &company.name),
                    clients: clients.iter().map(|person| person.name.full()).collect(),
                    company,
                })
            })
            .collect::<error::Result<_>>()?;
        Ok(ListPage { layout: Layout::read(reader, visitor, Module::Clients, "Companies")?, listing, rows })
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Form {
    name: String,
}

#[derive(Template)]
#[template(path = "companies/new.html")]
struct NewPage {
    layout: Layout,
    form: Form,
    wrong: FieldError,
}

async fn new(State(app): State<App>, visitor: Visitor) -> Result {
    show_new(&app, visitor, Form::default(), FieldError::default()).await
}

async fn show_new(app: &App, visitor: Visitor, form: Form, wrong: FieldError) -> Result {
    access::internal(&visitor.actor)?;
    let read = move |reader: &Reader| Layout::read(reader, &visitor, Module::Clients, "New company");
    let layout = app.store().read(read).await?;
    page(wrong.status(), &NewPage { layout, form, wrong })
}

async fn add(State(app): State<App>, visitor: Visitor, Input(form): Input<Form>) -> Result {
    let (actor, name) = (visitor.actor, form.name.clone());
    match forms::checked(
        app.store().write(move |tx| administration::companies::add(tx, &actor, &name)).await,
    )? {
        Ok(company) => Ok(redirect(&format!("/companies/{company}"))),
        Err(wrong) => show_new(&app, visitor, form, wrong).await,
    }
}

struct Shown {
    person: Person,
    face: Avatar,
}

impl Shown {
    fn of(people: Vec<Person>) -> Vec<Shown> {
        let shown = |person: Person| Shown { face: Avatar::of_person(person.id.0, &person.name), person };
        people.into_iter().map(shown).collect()
    }
}

#[derive(Template)]
#[template(path = "companies/company.html")]
struct CompanyPage {
    layout: Layout,
    company: Company,
    face: Avatar,
    channel: Option<ChannelId>,
    clients: Vec<Shown>,
    /// Internal users with limited access who are assigned to it.
    assigned: Vec<Shown>,
    /// Internal users with limited access who are not assigned to it.
    unassigned: Vec<Person>,
    is_admin: bool,
    /// Whether it has enough client users for a group (C9).
    can_group: bool,
    form: Form,
    wrong: FieldError,
}

impl CompanyPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        id: CompanyId,
        typed: Option<Form>,
        wrong: FieldError,
    ) -> error::Result<CompanyPage> {
        let actor = &visitor.actor;
        let company = real(reader, actor, id)?;
        let clients = directory::companies::clients_of(reader, actor, id)?;
        let mut assigned = directory::companies::assigned_to(reader, actor, id)?;
        let mut unassigned = team::internal_users(reader, actor)?;
        unassigned.retain(|person| {
            let counts = person.limited_at.is_some() && person.deactivated_at.is_none();
            counts && !assigned.iter().any(|other| other.id == person.id)
        });
        assigned.retain(|person| person.limited_at.is_some());
        Ok(CompanyPage {
            layout: Layout::read(reader, visitor, Module::Clients, &company.name)?,
            face: Avatar::of_title(id.0, &company.name),
            channel: subject_channel::channel_of(reader, actor, id.0)?,
            can_group: clients.iter().filter(|person| person.deactivated_at.is_none()).count() > 1,
            clients: Shown::of(clients),
            assigned: Shown::of(assigned),
            unassigned,
            is_admin: actor.role == Role::Admin,
            form: typed.unwrap_or_else(|| Form { name: company.name.clone() }),
            company,
            wrong,
        })
    }
}

/// Finds a real company: a placeholder for client users without a company has no page.
fn real(reader: &Reader, actor: &Actor, id: CompanyId) -> error::Result<Company> {
    let company = directory::companies::find(reader, actor, id)?;
    if company.placeholder_at.is_some() { Err(Error::NotFound) } else { Ok(company) }
}

async fn show(app: &App, visitor: Visitor, id: CompanyId, typed: Option<Form>, wrong: FieldError) -> Result {
    let company =
        app.store().read(move |reader| CompanyPage::read(reader, &visitor, id, typed, wrong)).await?;
    page(company.wrong.status(), &company)
}

async fn company(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<CompanyId>) -> Result {
    show(&app, visitor, id, None, FieldError::default()).await
}

async fn rename(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<CompanyId>,
    Input(form): Input<Form>,
) -> Result {
    let (actor, name) = (visitor.actor, form.name.clone());
    let renamed = move |tx: &mut Tx| {
        real(tx, &actor, id)?;
        administration::companies::rename(tx, &actor, id, &name)
    };
    match forms::checked(app.store().write(renamed).await)? {
        Ok(()) => Ok(redirect(&format!("/companies/{id}"))),
        Err(wrong) => show(&app, visitor, id, Some(form), wrong).await,
    }
}

/// Opens the company's channel, creating it if there is none (C1).
async fn channel(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<CompanyId>) -> Result {
    let channel = subject_channel::make_channel(&app, visitor.actor, Subject::Company(id)).await?;
    Ok(redirect(&format!("/messages/{channel}")))
}

#[derive(Deserialize)]
struct Assign {
    person: PersonId,
    /// `yes` assigns; anything else unassigns.
    #[serde(default)]
    assigned: String,
}

async fn assign(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<CompanyId>,
    Input(assign): Input<Assign>,
) -> Result {
    let (actor, assigned) = (visitor.actor, assign.assigned == "yes");
    app.store()
        .write(move |tx| administration::companies::assign(tx, &actor, id, assign.person, assigned))
        .await?;
    Ok(redirect(&format!("/companies/{id}")))
}
