//! Starting a channel, the same from Messages and from Files (C5): a searchable list of client users, companies and
//! projects, a preview of the channel, then its creation.

use askama::Template;
use axum::http::StatusCode;
use domain::channels::starting::{self, Preview, Subject};
use domain::directory;
use domain::directory::clients::{self, ClientFilter};
use domain::directory::companies::{self, CompanyFilter};
use domain::directory::person::Person;
use domain::directory::projects::ProjectFilter;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{CompanyId, PersonId, ProjectId};
use domain::kernel::{access, limits};
use serde::Deserialize;
use store::Reader;

use crate::http::answers::{Result, page, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Input, Query};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::messages::channel_list::{List, Listing};
use crate::pages::messages::start_channel;

/// Subjects of one kind listed at once; searching finds the rest.
const OFFERED: i64 = 12;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/messages/new", for_messages)
        .post("/messages/new", make_for_messages)
        .get("/files/new", for_files)
        .post("/files/new", make_for_files)
}

/// What the address or the form asks for.
#[derive(Clone, Debug, Default, Deserialize)]
struct Choice {
    #[serde(default)]
    find: String,
    /// `client:ID`, `company:ID`, `project:ID` or `group:COMPANY`.
    #[serde(default)]
    subject: String,
    /// The people of a group (C9).
    #[serde(default)]
    person: Vec<PersonId>,
    /// Set while the people of a group are being chosen.
    #[serde(default)]
    choose: String,
}

#[derive(Template)]
#[template(path = "messages/new.html")]
struct NewPage {
    layout: Layout,
    list: List,
    find: String,
    groups: Vec<Group>,
    chosen: Option<Chosen>,
    choosing: Option<Choosing>,
    problem: Option<String>,
}

/// Listed subjects of one kind.
struct Group {
    kind: &'static str,
    label: &'static str,
    options: Vec<Choosable>,
}

struct Choosable {
    value: String,
    label: String,
    detail: String,
    face: Avatar,
}

/// The chosen subject and a preview of its channel.
struct Chosen {
    subject: String,
    title: String,
    face: Avatar,
    people: Vec<PersonShown>,
    existing: Option<String>,
    /// The client users of a group.
    group: Vec<PersonId>,
    /// The company whose client users could be grouped by hand instead.
    group_of: Option<CompanyId>,
}

struct PersonShown {
    id: PersonId,
    name: String,
    role: &'static str,
    face: Avatar,
}

/// The client users of a company, to choose a group from.
struct Choosing {
    company: CompanyId,
    name: String,
    people: Vec<(PersonShown, bool)>,
}

impl NewPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        module: Module,
        choice: &Choice,
        problem: Option<String>,
    ) -> error::Result<NewPage> {
        access::internal(&visitor.actor)?;
        let layout = Layout::read(reader, visitor, module, "New channel")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let subject = subject(choice)?;
        let mut problem = problem;
        let chosen = match &subject {
            Some(subject) if choice.choose.is_empty() => {
                match starting::preview(reader, &visitor.actor, subject) {
                    Ok(preview) => Some(chosen(choice, subject, preview)),
                    Err(Error::Field { problem: wrong, .. }) => {
                        problem = Some(wrong.to_string());
                        None
                    }
                    Err(error) => return Err(error),
                }
            }
            _ => None,
        };
        // A group whose people are not chosen yet, or that cannot be created.
        let choosing = match &subject {
            Some(Subject::Group(company, people)) if chosen.is_none() => {
                Some(choosing(reader, visitor, *company, people)?)
            }
            _ => None,
        };
        Ok(NewPage {
            list: List::of(reader, visitor, module, &Listing::default(), None, &zone)?,
            layout,
            groups: offered(reader, visitor, &choice.find)?,
            find: choice.find.clone(),
            chosen,
            choosing,
            problem,
        })
    }
}

/// Parses the chosen subject. Returns `None` if none is chosen.
fn subject(choice: &Choice) -> error::Result<Option<Subject>> {
    if choice.subject.is_empty() {
        return Ok(None);
    }
    let (kind, id) = choice.subject.split_once(':').ok_or(Error::NotFound)?;
    let id = id.parse().map_err(|_| Error::NotFound)?;
    match kind {
        "client" => Ok(Some(Subject::Client(PersonId(id)))),
        "company" => Ok(Some(Subject::Company(CompanyId(id)))),
        "project" => Ok(Some(Subject::Project(ProjectId(id)))),
        "group" => Ok(Some(Subject::Group(CompanyId(id), choice.person.clone()))),
        _ => Err(Error::NotFound),
    }
}

fn offered(reader: &Reader, visitor: &Visitor, find: &str) -> error::Result<Vec<Group>> {
    let actor = &visitor.actor;
    let text: String = find.trim().chars().take(limits::NAME_CHARACTERS).collect();
    let clients = clients::clients(
        reader,
        actor,
        &ClientFilter { text: text.clone(), ..ClientFilter::default() },
        OFFERED,
    )?;
    let companies = companies::list(
        reader,
        actor,
        &CompanyFilter { text: text.clone(), ..CompanyFilter::default() },
        OFFERED,
    )?;
    let projects = directory::projects::list(
        reader,
        actor,
        &ProjectFilter { text, ..ProjectFilter::default() },
        OFFERED,
    )?;
    let groups = [
        Group {
            kind: "client",
            label: "Client users",
            options: clients
                .into_iter()
                .filter(|client| client.deactivated_at.is_none())
                .map(|client| Choosable {
                    value: format!("client:{}", client.id),
                    label: client.name.full(),
                    face: Avatar::of_person(client.id.0, &client.name),
                    detail: client.name.email,
                })
                .collect(),
        },
        Group {
            kind: "company",
            label: "Companies",
            options: companies
                .into_iter()
                .map(|company| Choosable {
                    value: format!("company:{}", company.id),
                    face: Avatar::of_title(company.id.0, &company.name),
                    label: company.name,
                    detail: "Company".to_string(),
                })
                .collect(),
        },
        Group {
            kind: "project",
            label: "Projects",
            options: projects
                .into_iter()
                .map(|project| Choosable {
                    value: format!("project:{}", project.id),
                    face: Avatar::of_title(project.id.0, &project.title),
                    label: project.title,
                    detail: "Project".to_string(),
                })
                .collect(),
        },
    ];
    Ok(groups.into_iter().filter(|group| !group.options.is_empty()).collect())
}

fn chosen(choice: &Choice, subject: &Subject, preview: Preview) -> Chosen {
    let (id, is_person) = match subject {
        Subject::Client(client) => (client.0, true),
        Subject::Company(company) | Subject::Group(company, _) => (company.0, false),
        Subject::Project(project) => (project.0, false),
    };
    let clients = preview.people.iter().filter(|(_, _, role)| !role.is_internal()).count();
    Chosen {
        subject: choice.subject.clone(),
        face: Avatar { square: !is_person, ..Avatar::of_title(id, &preview.title) },
        title: preview.title,
        people: preview
            .people
            .into_iter()
            .map(|(id, name, role)| PersonShown {
                id,
                face: Avatar::of_person(id.0, &name),
                name: name.full(),
                role: if role.is_internal() { "Internal user" } else { "Client user" },
            })
            .collect(),
        existing: preview.existing.map(|channel| channel.to_string()),
        group: match subject {
            Subject::Group(_, people) => people.clone(),
            _ => Vec::new(),
        },
        group_of: match subject {
            Subject::Company(company) if clients > 1 => Some(*company),
            _ => None,
        },
    }
}

fn choosing(
    reader: &Reader,
    visitor: &Visitor,
    company: CompanyId,
    people: &[PersonId],
) -> error::Result<Choosing> {
    let found = companies::find(reader, &visitor.actor, company)?;
    let clients = companies::clients_of(reader, &visitor.actor, company)?;
    let shown = |client: Person| PersonShown {
        id: client.id,
        face: Avatar::of_person(client.id.0, &client.name),
        name: client.name.full(),
        role: "Client user",
    };
    let clients = clients.into_iter().filter(|client| client.deactivated_at.is_none());
    Ok(Choosing {
        company,
        name: found.name,
        people: clients
            .map(|client| (people.contains(&client.id), client))
            .map(|(on, client)| (shown(client), on))
            .collect(),
    })
}

async fn for_messages(visit: Visit, Query(choice): Query<Choice>) -> Result {
    if !visit.actor().role.is_internal() {
        return start_channel::show(visit).await;
    }
    form(visit, Module::Messages, choice).await
}

async fn for_files(visit: Visit, Query(choice): Query<Choice>) -> Result {
    form(visit, Module::Files, choice).await
}

async fn make_for_messages(visit: Visit, Input(choice): Input<Choice>) -> Result {
    make(visit, Module::Messages, choice).await
}

async fn make_for_files(visit: Visit, Input(choice): Input<Choice>) -> Result {
    make(visit, Module::Files, choice).await
}

async fn form(visit: Visit, module: Module, choice: Choice) -> Result {
    visit.show(move |reader, visitor| NewPage::read(reader, visitor, module, &choice, None)).await
}

async fn make(visit: Visit, module: Module, choice: Choice) -> Result {
    let wanted = choice.clone();
    let made = visit.write(move |tx, actor| {
        let subject = subject(&wanted)?.ok_or(Error::NotFound)?;
        starting::create(tx, actor, &subject)
    });
    let problem = match made.await {
        Ok(channel) if module == Module::Files => return Ok(redirect(&format!("/files/{channel}"))),
        Ok(channel) => return Ok(redirect(&format!("/messages/{channel}"))),
        Err(Error::Field { problem, .. }) => problem.to_string(),
        Err(Error::Conflict(problem)) => problem.to_string(),
        Err(error) => return Err(error.into()),
    };
    let store = visit.app.store().clone();
    let read = move |reader: &Reader| NewPage::read(reader, &visit.visitor, module, &choice, Some(problem));
    page(StatusCode::BAD_REQUEST, &store.read(read).await?)
}
