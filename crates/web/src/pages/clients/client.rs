//! The page of one client user and the actions on it.

use askama::Template;
use domain::administration::clients::{self, ClientInput};
use domain::administration::deactivation;
use domain::arrival::company_suggestion::{self, CompanySuggestion};
use domain::arrival::invitations;
use domain::channels::starting::Subject;
use domain::directory;
use domain::directory::person::Person;
use domain::directory::projects::Project;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Problem};
use domain::kernel::ids::{ChannelId, CompanyId, PersonId};
use domain::kernel::patch::Patch;
use serde::Deserialize;
use store::{Reader, Tx};

use crate::http::answers::{Result, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Input, Inputs, PathParam, Query};
use crate::http::forms::{Choices, Confirmation, Done, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::{FormPage, Visit};
use crate::http::visitor::Visitor;
use crate::pages::clients::company_choices::company_choices;
use crate::pages::clients::subject_channel;
use crate::pages::settings::bounces::Bounced;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/clients/{id}", client)
        .post("/clients/{id}", edit)
        .post("/clients/{id}/invite", invite)
        .post("/clients/{id}/take-back", take_back)
        .post("/clients/{id}/channel", channel)
        .post("/clients/{id}/deactivate", deactivate)
        .post("/clients/{id}/reactivate", reactivate)
        .post("/clients/{id}/belonging", put_into)
        .post("/clients/{id}/belonging/dismiss", dismiss)
}

/// What the form shows of a client user.
fn input(client: &Person, company_ids: Vec<CompanyId>) -> ClientInput {
    ClientInput {
        given_name: client.name.given.clone().into(),
        family_name: client.name.family.clone().into(),
        email: client.name.email.clone().into(),
        phone: client.phone.clone().unwrap_or_default().into(),
        company_ids: company_ids.into(),
        ..ClientInput::default()
    }
}

#[derive(Template)]
#[template(path = "clients/client.html")]
struct ClientPage {
    layout: Layout,
    client: Person,
    face: Avatar,
    /// Their own channel, if the visitor may see it.
    channel: Option<ChannelId>,
    companies: Vec<(CompanyId, String)>,
    projects: Vec<Project>,
    /// The company they may belong to, if they signed up (S14).
    belonging: Option<CompanySuggestion>,
    invited: Option<Shown>,
    /// When they were last active.
    seen: Option<Shown>,
    /// Set if their address takes no mail (N12).
    bounced: Option<Bounced>,
    choices: Choices,
    /// Client users of different companies would meet: the form asks for confirmation (C4).
    clients_meet: bool,
    form: ClientInput,
    wrong: FieldError,
    done: String,
}

impl FormPage for ClientPage {
    type Asked = (PersonId, Option<ClientInput>, String);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (id, typed, done): Self::Asked,
        wrong: FieldError,
    ) -> error::Result<ClientPage> {
        let actor = &visitor.actor;
        let client = directory::clients::client(reader, actor, id)?;
        let companies: Vec<(CompanyId, String)> = directory::clients::companies_of(reader, actor, id)?
            .into_iter()
            .filter(|(_, _, is_placeholder)| !is_placeholder)
            .map(|(company, name, _)| (company, name))
            .collect();
        let form =
            typed.unwrap_or_else(|| input(&client, companies.iter().map(|(company, _)| *company).collect()));
        let layout = Layout::read(reader, visitor, Module::Clients, &client.name.full())?;
        let zone = times::zone(layout.time_zone.as_deref());
        let shown = |time: Option<store::Time>| time.map(|time| times::shown(time, reader.now(), &zone));
        let choices = Choices::cut(company_choices(reader, visitor, form.company_ids.items())?);
        Ok(ClientPage {
            face: Avatar::of_person(id.0, &client.name),
            channel: subject_channel::channel_of(reader, actor, id.0)?,
            belonging: company_suggestion::find(reader, actor, id)?,
            projects: directory::projects::of_person(reader, actor, id)?,
            invited: shown(client.invited_at),
            seen: shown(client.last_seen_at),
            bounced: Bounced::of_person(reader, actor.workspace, id, &zone)?,
            choices,
            clients_meet: wrong.is(Problem::ClientsMeet),
            layout,
            client,
            companies,
            form,
            wrong,
            done,
        })
    }
}

async fn client(
    visit: Visit,
    PathParam(id): PathParam<PersonId>,
    Query(Done { done }): Query<Done>,
) -> Result {
    visit.show_form::<ClientPage>((id, None, done), FieldError::default()).await
}

async fn edit(
    visit: Visit,
    PathParam(id): PathParam<PersonId>,
    Inputs(form, notice): Inputs<ClientInput, Confirmation>,
) -> Result {
    let form = ClientInput {
        confirmed: notice.is_given(),
        company_id: Patch::Keep,
        custom_fields: Patch::Keep,
        ..form.or_cleared()
    };
    let change = form.clone();
    let edited = visit.submit(move |tx, actor| {
        clients::edit_client(tx, actor, id, &change)?;
        // A visitor with access to assigned companies only may have moved the client user out of them.
        Ok(subject_channel::seen(directory::clients::client(tx, actor, id))?.is_some())
    });
    match edited.await? {
        Ok(true) => Ok(redirect(&format!("/clients/{id}?done=saved"))),
        Ok(false) => Ok(redirect("/clients")),
        Err(wrong) => visit.show_form::<ClientPage>((id, Some(form), String::new()), wrong).await,
    }
}

/// Applies a change that has no form of its own; a refusal is shown on the page. `done` is what the page confirms.
async fn act(
    visit: Visit,
    id: PersonId,
    done: &str,
    action: fn(&mut Tx, &Actor, PersonId) -> error::Result<()>,
) -> Result {
    let acted = visit.submit(move |tx, actor| {
        directory::clients::client(tx, actor, id)?;
        action(tx, actor, id)
    });
    match acted.await? {
        Ok(()) => Ok(redirect(&format!("/clients/{id}{done}"))),
        Err(wrong) => visit.show_form::<ClientPage>((id, None, String::new()), wrong).await,
    }
}

async fn invite(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, "?done=invited", invitations::invite).await
}

async fn take_back(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, "?done=takenBack", invitations::take_back).await
}

async fn deactivate(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, "", deactivation::deactivate).await
}

async fn reactivate(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, "", deactivation::reactivate).await
}

/// The company to put somebody into who signed up; `None` for the one that they named.
#[derive(Deserialize)]
struct Chosen {
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    company: Option<CompanyId>,
}

async fn put_into(
    visit: Visit,
    PathParam(id): PathParam<PersonId>,
    Input(Chosen { company }): Input<Chosen>,
) -> Result {
    match visit.submit(move |tx, actor| company_suggestion::put_into(tx, actor, id, company)).await? {
        Ok(_) => Ok(redirect(&format!("/clients/{id}?done=saved"))),
        Err(wrong) => {
            let actor = visit.actor();
            let client = visit.app.store().read(move |reader| directory::clients::client(reader, &actor, id));
            let form = input(&client.await?, company.into_iter().collect());
            visit.show_form::<ClientPage>((id, Some(form), String::new()), wrong).await
        }
    }
}

async fn dismiss(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, "", company_suggestion::dismiss).await
}

/// Opens the client user's own channel, creating it if there is none (C1).
async fn channel(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    let channel = subject_channel::make_channel(&visit, Subject::Client(id)).await?;
    Ok(redirect(&format!("/messages/{channel}")))
}
