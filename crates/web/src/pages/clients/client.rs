//! The page of one client user and the actions on it.

use askama::Template;
use axum::extract::State;
use domain::administration::clients::ClientChange;
use domain::administration::deactivation;
use domain::arrival::company_suggestion::{self, CompanySuggestion};
use domain::arrival::invitations;
use domain::channels::starting::Subject;
use domain::directory::person::Person;
use domain::directory::projects::Project;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Problem};
use domain::kernel::ids::{ChannelId, CompanyId, PersonId};
use domain::{administration, directory};
use serde::Deserialize;
use store::{Reader, Tx};

use crate::app::App;
use crate::http::answers::{Result, page, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, Choices, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
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

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Form {
    given_name: String,
    family_name: String,
    email: String,
    phone: String,
    company_ids: Vec<CompanyId>,
    told: Option<String>,
}

impl Form {
    fn of(client: &Person, company_ids: Vec<CompanyId>) -> Form {
        Form {
            given_name: client.name.given.clone(),
            family_name: client.name.family.clone(),
            email: client.name.email.clone(),
            phone: client.phone.clone().unwrap_or_default(),
            company_ids,
            told: None,
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
    form: Form,
    wrong: FieldError,
    done: String,
}

impl ClientPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        id: PersonId,
        typed: Option<Form>,
        wrong: FieldError,
        done: String,
    ) -> error::Result<ClientPage> {
        let actor = &visitor.actor;
        let client = directory::clients::client(reader, actor, id)?;
        let companies: Vec<(CompanyId, String)> = directory::clients::companies_of(reader, actor, id)?
            .into_iter()
            .filter(|(_, _, is_placeholder)| !is_placeholder)
            .map(|(company, name, _)| (company, name))
            .collect();
        let form = typed
            .unwrap_or_else(|| Form::of(&client, companies.iter().map(|(company, _)| *company).collect()));
        let layout = Layout::read(reader, visitor, Module::Clients, &client.name.full())?;
        let zone = times::zone(layout.time_zone.as_deref());
        let shown = |time: Option<store::Time>| time.map(|time| times::shown(time, reader.now(), &zone));
        let mut choices = company_choices(reader, visitor, &form.company_ids)?;
        let is_cut = choices.len() > forms::CHOICES_MAX;
        choices.sort_by_key(|choice| !choice.chosen);
        choices.truncate(forms::CHOICES_MAX);
        Ok(ClientPage {
            face: Avatar::of_person(id.0, &client.name),
            channel: subject_channel::channel_of(reader, actor, id.0)?,
            belonging: company_suggestion::find(reader, actor, id)?,
            projects: directory::projects::of_person(reader, actor, id)?,
            invited: shown(client.invited_at),
            seen: shown(client.last_seen_at),
            bounced: Bounced::of_person(reader, actor.workspace, id, &zone)?,
            choices: Choices::new(choices, is_cut),
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

async fn show(
    app: &App,
    visitor: Visitor,
    id: PersonId,
    typed: Option<Form>,
    wrong: FieldError,
    done: String,
) -> Result {
    let client =
        app.store().read(move |reader| ClientPage::read(reader, &visitor, id, typed, wrong, done)).await?;
    page(client.wrong.status(), &client)
}

async fn client(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<PersonId>,
    Query(done): Query<Done>,
) -> Result {
    show(&app, visitor, id, None, FieldError::default(), done.done).await
}

async fn edit(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<PersonId>,
    Input(form): Input<Form>,
) -> Result {
    let actor = visitor.actor;
    let change = ClientChange {
        given_name: Some(form.given_name.clone()),
        family_name: Some(form.family_name.clone()),
        email: Some(form.email.clone()),
        phone: Some(form.phone.clone()),
        companies: Some(form.company_ids.clone()),
        confirmed: form.told.is_some(),
        ..ClientChange::default()
    };
    let edited = app
        .store()
        .write(move |tx| {
            administration::clients::edit_client(tx, &actor, id, &change)?;
            // A visitor with access to assigned companies only may have moved the client user out of them.
            Ok(subject_channel::seen(directory::clients::client(tx, &actor, id))?.is_some())
        })
        .await;
    match forms::checked(edited)? {
        Ok(true) => Ok(redirect(&format!("/clients/{id}?done=saved"))),
        Ok(false) => Ok(redirect("/clients")),
        Err(wrong) => show(&app, visitor, id, Some(form), wrong, String::new()).await,
    }
}

/// Applies a change that has no form of its own; a refusal is shown on the page.
async fn act(
    app: &App,
    visitor: Visitor,
    id: PersonId,
    to: String,
    action: impl FnOnce(&mut Tx, &Actor) -> error::Result<()> + Clone + Send + 'static,
) -> Result {
    let actor = visitor.actor;
    match forms::checked(app.store().write(move |tx| action(tx, &actor)).await)? {
        Ok(()) => Ok(redirect(&to)),
        Err(wrong) => show(app, visitor, id, None, wrong, String::new()).await,
    }
}

async fn invite(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    act(&app, visitor, id, format!("/clients/{id}?done=invited"), move |tx, actor| {
        directory::clients::client(tx, actor, id)?;
        invitations::invite(tx, actor, id)
    })
    .await
}

async fn take_back(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    act(&app, visitor, id, format!("/clients/{id}?done=takenBack"), move |tx, actor| {
        directory::clients::client(tx, actor, id)?;
        invitations::take_back(tx, actor, id)
    })
    .await
}

async fn deactivate(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    act(&app, visitor, id, format!("/clients/{id}"), move |tx, actor| {
        directory::clients::client(tx, actor, id)?;
        deactivation::deactivate(tx, actor, id)
    })
    .await
}

async fn reactivate(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    act(&app, visitor, id, format!("/clients/{id}"), move |tx, actor| {
        directory::clients::client(tx, actor, id)?;
        deactivation::reactivate(tx, actor, id)
    })
    .await
}

/// The company to put somebody into who signed up; `None` for the one that they named.
#[derive(Deserialize)]
struct Chosen {
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    company: Option<CompanyId>,
}

async fn put_into(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(id): PathParam<PersonId>,
    Input(Chosen { company }): Input<Chosen>,
) -> Result {
    let actor = visitor.actor;
    match forms::checked(
        app.store().write(move |tx| company_suggestion::put_into(tx, &actor, id, company)).await,
    )? {
        Ok(_) => Ok(redirect(&format!("/clients/{id}?done=saved"))),
        Err(wrong) => {
            let client =
                app.store().read(move |reader| directory::clients::client(reader, &actor, id)).await?;
            let form = Form::of(&client, company.into_iter().collect());
            show(&app, visitor, id, Some(form), wrong, String::new()).await
        }
    }
}

async fn dismiss(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    let to = format!("/clients/{id}");
    act(&app, visitor, id, to, move |tx, actor| company_suggestion::dismiss(tx, actor, id)).await
}

/// Opens the client user's own channel, creating it if there is none (C1).
async fn channel(State(app): State<App>, visitor: Visitor, PathParam(id): PathParam<PersonId>) -> Result {
    let channel = subject_channel::make_channel(&app, visitor.actor, Subject::Client(id)).await?;
    Ok(redirect(&format!("/messages/{channel}")))
}
