//! Adding a project and the page of one: who is on it, and the warning if client users of different companies would meet
//! there (C4).

use askama::Template;
use axum::extract::State;
use domain::administration::projects::{NewProject, ProjectChange};
use domain::channels::starting::Subject;
use domain::directory::clients::{self, ClientFilter};
use domain::directory::person::Person;
use domain::directory::projects::Project;
use domain::directory::team;
use domain::kernel::access::{self, Actor};
use domain::kernel::error::{Problem, Result as Found};
use domain::kernel::ids::{ChannelId, CompanyId, PersonId, ProjectId};
use domain::{administration, directory};
use serde::Deserialize;
use store::Reader;

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, CHOICES_MAX, Choice, Choices, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
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

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    title: String,
    #[serde(deserialize_with = "serde_html_form::de::empty_as_none")]
    company_id: Option<CompanyId>,
    client_ids: Vec<PersonId>,
    internal_user_ids: Vec<PersonId>,
    told: Option<String>,
    /// Filters the people offered when there are too many to list.
    find: String,
}

/// The form's fields, as both pages show them.
struct Fields {
    companies: Vec<Choice>,
    clients: Choices,
    internals: Choices,
    /// Client users of different companies would meet: the form asks for confirmation (C4).
    clients_meet: bool,
    form: Form,
    wrong: FieldError,
}

impl Fields {
    /// `on` are the people who are on the project already.
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        form: Form,
        wrong: FieldError,
        on: &[Person],
    ) -> Found<Fields> {
        let actor = &visitor.actor;
        access::internal(actor)?;
        let mut clients = people_on(on, &form.client_ids, |person| !person.role.is_internal());
        for id in form.client_ids.iter().take(CHOICES_MAX) {
            if !clients.iter().any(|person| person.id == *id) {
                clients.extend(subject_channel::seen(clients::client(reader, actor, *id))?);
            }
        }
        let filter = ClientFilter { text: form.find.clone(), ..ClientFilter::default() };
        let found = clients::clients(reader, actor, &filter, CHOICES_MAX as i64 + 1)?;
        let is_cut = found.len() > CHOICES_MAX || !form.find.is_empty();
        add_active(&mut clients, found);

        let mut internals = people_on(on, &form.internal_user_ids, |person| person.role.is_internal());
        add_active(&mut internals, team::internal_users(reader, actor)?);
        let internals = internals.iter().map(|person| choice(person, &form.internal_user_ids, String::new()));
        let clients = clients
            .iter()
            .map(|person| {
                let companies =
                    subject_channel::seen(company_names(reader, visitor, person.id))?.unwrap_or_default();
                let note = if companies.is_empty() { person.name.email.clone() } else { companies };
                Ok(choice(person, &form.client_ids, note))
            })
            .collect::<Found<_>>()?;
        Ok(Fields {
            companies: company_choices(reader, visitor, form.company_id.as_slice())?,
            clients: Choices::new(clients, is_cut),
            internals: Choices::new(internals.collect(), false),
            clients_meet: wrong.is(Problem::ClientsMeet),
            form,
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

async fn new(State(app): State<App>, visitor: Visitor, Query(mut form): Query<Form>) -> Result {
    if form.internal_user_ids.is_empty() {
        form.internal_user_ids.push(visitor.actor.person);
    }
    show_new(&app, visitor, form, FieldError::default()).await
}

async fn show_new(app: &App, visitor: Visitor, form: Form, wrong: FieldError) -> Result {
    let read = move |reader: &Reader| {
        let fields = Fields::read(reader, &visitor, form, wrong, &[])?;
        Found::Ok(NewPage { layout: Layout::read(reader, &visitor, Module::Clients, "New project")?, fields })
    };
    let new = app.store().read_long(read).await?;
    page(new.fields.wrong.status(), &new)
}

async fn add(State(app): State<App>, visitor: Visitor, Input(form): Input<Form>) -> Result {
    let actor = visitor.actor;
    let project = NewProject {
        title: form.title.clone(),
        company: form.company_id,
        clients: form.client_ids.clone(),
        internals: form.internal_user_ids.clone(),
        confirmed: form.told.is_some(),
    };
    let added = app
        .store()
        .write(move |tx| {
            let id = administration::projects::add(tx, &actor, &project)?;
            Ok((id, subject_channel::seen(directory::projects::find(tx, &actor, id))?.is_some()))
        })
        .await;
    match forms::checked(added)? {
        Ok((id, is_mine)) => Ok(redirect(&to(id, is_mine))),
        Err(wrong) => show_new(&app, visitor, form, wrong).await,
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
        typed: Option<Form>,
        find: String,
        wrong: FieldError,
    ) -> Found<ProjectPage> {
        let actor = &visitor.actor;
        let project = directory::projects::find(reader, actor, id)?;
        let on = directory::projects::people_of(reader, actor, id)?;
        let ids = |internal: bool| -> Vec<PersonId> {
            on.iter().filter(|person| person.role.is_internal() == internal).map(|person| person.id).collect()
        };
        let form = typed.unwrap_or_else(|| Form {
            title: project.title.clone(),
            company_id: project.company,
            client_ids: ids(false),
            internal_user_ids: ids(true),
            told: None,
            find,
        });
        Ok(ProjectPage {
            layout: Layout::read(reader, visitor, Module::Clients, &project.title)?,
            face: Avatar::of_title(id.0, &project.title),
            channel: subject_channel::channel_of(reader, actor, id.0)?,
            am_on: on.iter().any(|person| person.id == actor.person),
            fields: Fields::read(reader, visitor, form, wrong, &on)?,
            project,
        })
    }
}

async fn show(
    app: &App,
    visitor: Visitor,
    id: ProjectId,
    typed: Option<Form>,
    find: String,
    wrong: FieldError,
) -> Result {
    let read = move |reader: &Reader| ProjectPage::read(reader, &visitor, id, typed, find, wrong);
    let project = app.store().read_long(read).await?;
    page(project.fields.wrong.status(), &project)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Find {
    find: String,
}

async fn project(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<ProjectId>,
    Query(Find { find }): Query<Find>,
) -> Result {
    show(&app, visitor, id, None, find, FieldError::default()).await
}

async fn edit(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<ProjectId>,
    Input(form): Input<Form>,
) -> Result {
    let actor = visitor.actor;
    let change = ProjectChange {
        title: Some(form.title.clone()),
        company: Some(form.company_id),
        clients: Some(form.client_ids.clone()),
        internals: Some(form.internal_user_ids.clone()),
        confirmed: form.told.is_some(),
    };
    let edited = app
        .store()
        .write(move |tx| {
            administration::projects::edit(tx, &actor, id, &change)?;
            Ok(subject_channel::seen(directory::projects::find(tx, &actor, id))?.is_some())
        })
        .await;
    match forms::checked(edited)? {
        Ok(is_mine) => Ok(redirect(&to(id, is_mine))),
        Err(wrong) => show(&app, visitor, id, Some(form), String::new(), wrong).await,
    }
}

/// Opens the project's channel, creating it if there is none (C1).
async fn channel(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<ProjectId>) -> Result {
    match forms::checked(subject_channel::make_channel(&app, visitor.actor, Subject::Project(id)).await)? {
        Ok(channel) => Ok(redirect(&format!("/messages/{channel}"))),
        Err(wrong) => show(&app, visitor, id, None, String::new(), wrong).await,
    }
}

async fn archive(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<ProjectId>) -> Result {
    set_archived(&app, visitor.actor, id, true).await
}

async fn restore(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<ProjectId>) -> Result {
    set_archived(&app, visitor.actor, id, false).await
}

async fn set_archived(app: &App, actor: Actor, id: ProjectId, archived: bool) -> Result {
    app.store().write(move |tx| administration::projects::archive(tx, &actor, id, archived)).await?;
    Ok(redirect(&format!("/projects/{id}")))
}
