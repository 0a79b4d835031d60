//! Adding a project and the page of one: who is on it, and the warning if client users of different companies would meet
//! there (C4).

use askama::Template;
use domain::administration::projects::{self, ProjectInput};
use domain::channels::starting::Subject;
use domain::directory;
use domain::directory::clients::{self, ClientFilter};
use domain::directory::person::Person;
use domain::directory::projects::Project;
use domain::directory::team;
use domain::kernel::access::{self, Actor};
use domain::kernel::error::{Problem, Result as Found};
use domain::kernel::ids::{ChannelId, PersonId, ProjectId};
use domain::kernel::patch::Patch;
use serde::Deserialize;
use store::{Reader, Tx};

use crate::http::answers::{Result, page, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Inputs, PathParam, Query};
use crate::http::forms::{self, CHOICES_MAX, Choice, Choices, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::clients::company_choices::{company_choices, company_names};
use crate::pages::clients::subject_channel;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/projects/new", new)
        .post("/projects/new", add)
        .get("/projects/{id}", project)
        .post("/projects/{id}", edit)
        .post("/projects/{id}/channel", channel)
        .post("/projects/{id}/archive", archive)
        .post("/projects/{id}/restore", restore)
}

/// What the form has beside the project.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Beside {
    /// Set once the notice is confirmed.
    told: Option<String>,
    find: String,
}

/// The form's fields, as both pages show them.
struct Fields {
    companies: Vec<Choice>,
    clients: Choices,
    internals: Choices,
    /// Client users of different companies would meet: the form asks for confirmation (C4).
    clients_meet: bool,
    form: ProjectInput,
    /// Filters the client users offered when there are too many to list.
    find: String,
    wrong: FieldError,
}

impl Fields {
    /// `on` are the people who are on the project already.
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        form: ProjectInput,
        find: String,
        wrong: FieldError,
        on: &[Person],
    ) -> Found<Fields> {
        let actor = &visitor.actor;
        access::internal(actor)?;
        let (client_ids, internal_user_ids) = (form.client_ids.items(), form.internal_user_ids.items());
        let mut clients = people_on(on, client_ids, |person| !person.role.is_internal());
        for id in client_ids.iter().take(CHOICES_MAX) {
            if !clients.iter().any(|person| person.id == *id) {
                clients.extend(subject_channel::seen(clients::client(reader, actor, *id))?);
            }
        }
        let filter = ClientFilter { text: find.clone(), ..ClientFilter::default() };
        let found = clients::clients(reader, actor, &filter, CHOICES_MAX as i64 + 1)?;
        let is_cut = found.len() > CHOICES_MAX || !find.is_empty();
        add_active(&mut clients, found);

        let mut internals = people_on(on, internal_user_ids, |person| person.role.is_internal());
        add_active(&mut internals, team::internal_users(reader, actor)?);
        let internals = internals.iter().map(|person| choice(person, internal_user_ids, String::new()));
        let clients = clients
            .iter()
            .map(|person| {
                let companies =
                    subject_channel::seen(company_names(reader, visitor, person.id))?.unwrap_or_default();
                let note = if companies.is_empty() { person.name.email.clone() } else { companies };
                Ok(choice(person, client_ids, note))
            })
            .collect::<Found<_>>()?;
        Ok(Fields {
            companies: company_choices(reader, visitor, form.company_id.or(&None).as_slice())?,
            clients: Choices::new(clients, is_cut),
            internals: Choices::new(internals.collect(), false),
            clients_meet: wrong.is(Problem::ClientsMeet),
            form,
            find,
            wrong,
        })
    }
}

/// The people on the project who are active or still chosen.
fn people_on(on: &[Person], chosen: &[PersonId], wanted: impl Fn(&Person) -> bool) -> Vec<Person> {
    let kept = |person: &&Person| person.deactivated_at.is_none() || chosen.contains(&person.id);
    on.iter().filter(|person| wanted(person)).filter(kept).cloned().collect()
}

fn add_active(people: &mut Vec<Person>, found: Vec<Person>) {
    for person in found {
        if person.deactivated_at.is_none() && !people.iter().any(|known| known.id == person.id) {
            people.push(person);
        }
    }
}

fn choice(person: &Person, chosen: &[PersonId], note: String) -> Choice {
    let chosen = chosen.contains(&person.id);
    Choice { value: person.id.to_string(), name: person.name.full(), note, chosen }
}

#[derive(Template)]
#[template(path = "projects/new.html")]
struct NewPage {
    layout: Layout,
    fields: Fields,
}

async fn new(visit: Visit, Query(mut form): Query<ProjectInput>, Query(beside): Query<Beside>) -> Result {
    if form.internal_user_ids.items().is_empty() {
        form.internal_user_ids = vec![visit.actor().person].into();
    }
    show_new(visit, form, beside.find, FieldError::default()).await
}

async fn show_new(visit: Visit, form: ProjectInput, find: String, wrong: FieldError) -> Result {
    let (status, store) = (wrong.status(), visit.app.store().clone());
    let read = move |reader: &Reader| {
        let layout = Layout::read(reader, &visit.visitor, Module::Clients, "New project")?;
        let fields = Fields::read(reader, &visit.visitor, form, find, wrong, &[])?;
        Found::Ok(NewPage { layout, fields })
    };
    page(status, &store.read_long(read).await?)
}

async fn add(visit: Visit, Inputs(form, beside): Inputs<ProjectInput, Beside>) -> Result {
    let form = ProjectInput { confirmed: beside.told.is_some(), ..form };
    let project = form.clone();
    let added = visit.submit(move |tx, actor| {
        let id = projects::add(tx, actor, &project)?;
        Ok((id, subject_channel::seen(directory::projects::find(tx, actor, id))?.is_some()))
    });
    match added.await? {
        Ok((id, is_mine)) => Ok(redirect(&to(id, is_mine))),
        Err(wrong) => show_new(visit, form, beside.find, wrong).await,
    }
}

/// Where a change leads: users with limited access who took themselves off a project cannot see it any more.
fn to(project: ProjectId, is_mine: bool) -> String {
    if is_mine { format!("/projects/{project}") } else { "/projects".to_string() }
}

#[derive(Template)]
#[template(path = "projects/project.html")]
struct ProjectPage {
    layout: Layout,
    project: Project,
    face: Avatar,
    channel: Option<ChannelId>,
    /// Whether the visitor is on the project and may therefore write there.
    am_on: bool,
    fields: Fields,
}

impl ProjectPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        id: ProjectId,
        typed: Option<ProjectInput>,
        find: String,
        wrong: FieldError,
    ) -> Found<ProjectPage> {
        let actor = &visitor.actor;
        let project = directory::projects::find(reader, actor, id)?;
        let on = directory::projects::people_of(reader, actor, id)?;
        let ids = |internal: bool| -> Vec<PersonId> {
            on.iter().filter(|person| person.role.is_internal() == internal).map(|person| person.id).collect()
        };
        let form = typed.unwrap_or_else(|| ProjectInput {
            title: project.title.clone().into(),
            company_id: project.company.into(),
            client_ids: ids(false).into(),
            internal_user_ids: ids(true).into(),
            ..ProjectInput::default()
        });
        Ok(ProjectPage {
            layout: Layout::read(reader, visitor, Module::Clients, &project.title)?,
            face: Avatar::of_title(id.0, &project.title),
            channel: subject_channel::channel_of(reader, actor, id.0)?,
            am_on: on.iter().any(|person| person.id == actor.person),
            fields: Fields::read(reader, visitor, form, find, wrong, &on)?,
            project,
        })
    }
}

async fn show(
    visit: Visit,
    id: ProjectId,
    typed: Option<ProjectInput>,
    find: String,
    wrong: FieldError,
) -> Result {
    let (status, store) = (wrong.status(), visit.app.store().clone());
    let read = move |reader: &Reader| ProjectPage::read(reader, &visit.visitor, id, typed, find, wrong);
    page(status, &store.read_long(read).await?)
}

async fn project(
    visit: Visit,
    PathParam(id): PathParam<ProjectId>,
    Query(Beside { find, .. }): Query<Beside>,
) -> Result {
    show(visit, id, None, find, FieldError::default()).await
}

async fn edit(
    visit: Visit,
    PathParam(id): PathParam<ProjectId>,
    Inputs(form, beside): Inputs<ProjectInput, Beside>,
) -> Result {
    let confirmed = beside.told.is_some();
    let form = ProjectInput { confirmed, is_archived: Patch::Keep, ..form.or_cleared() };
    let change = form.clone();
    let edited = visit.submit(move |tx, actor| {
        projects::edit(tx, actor, id, &change)?;
        Ok(subject_channel::seen(directory::projects::find(tx, actor, id))?.is_some())
    });
    match edited.await? {
        Ok(is_mine) => Ok(redirect(&to(id, is_mine))),
        Err(wrong) => show(visit, id, Some(form), beside.find, wrong).await,
    }
}

/// Opens the project's channel, creating it if there is none (C1).
async fn channel(visit: Visit, PathParam(id): PathParam<ProjectId>) -> Result {
    match forms::checked(subject_channel::make_channel(&visit, Subject::Project(id)).await)? {
        Ok(channel) => Ok(redirect(&format!("/messages/{channel}"))),
        Err(wrong) => show(visit, id, None, String::new(), wrong).await,
    }
}

async fn archive(visit: Visit, PathParam(id): PathParam<ProjectId>) -> Result {
    let archive = move |tx: &mut Tx, actor: &Actor| projects::archive(tx, actor, id, true);
    visit.change(&format!("/projects/{id}"), archive).await
}

async fn restore(visit: Visit, PathParam(id): PathParam<ProjectId>) -> Result {
    let restore = move |tx: &mut Tx, actor: &Actor| projects::archive(tx, actor, id, false);
    visit.change(&format!("/projects/{id}"), restore).await
}
