//! Client companies: the list, adding one, and the page of one with its actions.

use askama::Template;
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

use crate::http::answers::{Result, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::FieldError;
use crate::http::layout::{Layout, Module};
use crate::http::paging::{self, ListQuery, Listing};
use crate::http::routes::Routes;
use crate::http::visit::{FormPage, Visit};
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

async fn list(visit: Visit, Query(wanted): Query<ListQuery<CompanyId>>) -> Result {
    visit.show(move |reader, visitor| ListPage::read(reader, visitor, &wanted)).await
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

impl FormPage for NewPage {
    type Asked = Form;

    fn read(reader: &Reader, visitor: &Visitor, form: Form, wrong: FieldError) -> error::Result<NewPage> {
        access::internal(&visitor.actor)?;
        let layout = Layout::read(reader, visitor, Module::Clients, "New company")?;
        Ok(NewPage { layout, form, wrong })
    }
}

async fn new(visit: Visit) -> Result {
    visit.show_form::<NewPage>(Form::default(), FieldError::default()).await
}

async fn add(visit: Visit, Input(form): Input<Form>) -> Result {
    let name = form.name.clone();
    match visit.submit(move |tx, actor| administration::companies::add(tx, actor, &name)).await? {
        Ok(company) => Ok(redirect(&format!("/companies/{company}"))),
        Err(wrong) => visit.show_form::<NewPage>(form, wrong).await,
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

impl FormPage for CompanyPage {
    type Asked = (CompanyId, Option<Form>);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (id, typed): Self::Asked,
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

async fn company(visit: Visit, PathParam(id): PathParam<CompanyId>) -> Result {
    visit.show_form::<CompanyPage>((id, None), FieldError::default()).await
}

async fn rename(visit: Visit, PathParam(id): PathParam<CompanyId>, Input(form): Input<Form>) -> Result {
    let name = form.name.clone();
    let renamed = visit.submit(move |tx, actor| {
        real(tx, actor, id)?;
        administration::companies::rename(tx, actor, id, &name)
    });
    match renamed.await? {
        Ok(()) => Ok(redirect(&format!("/companies/{id}"))),
        Err(wrong) => visit.show_form::<CompanyPage>((id, Some(form)), wrong).await,
    }
}

/// Opens the company's channel, creating it if there is none (C1).
async fn channel(visit: Visit, PathParam(id): PathParam<CompanyId>) -> Result {
    let channel = subject_channel::make_channel(&visit, Subject::Company(id)).await?;
    Ok(redirect(&format!("/messages/{channel}")))
}

#[derive(Deserialize)]
struct Assign {
    person: PersonId,
    /// `yes` assigns; anything else unassigns.
    #[serde(default)]
    assigned: String,
}

async fn assign(visit: Visit, PathParam(id): PathParam<CompanyId>, Input(form): Input<Assign>) -> Result {
    let assigned = form.assigned == "yes";
    let assign = move |tx: &mut Tx, actor: &Actor| {
        administration::companies::assign(tx, actor, id, form.person, assigned)
    };
    visit.change(&format!("/companies/{id}"), assign).await
}
