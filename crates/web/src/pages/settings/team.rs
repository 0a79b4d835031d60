//! Settings → Team: every internal user sees the firm's internal users, admins change them.

use askama::Template;
use domain::administration::deactivation;
use domain::administration::team::InternalInput;
use domain::arrival::invitations;
use domain::directory::person::Person;
use domain::kernel::access::{self, Actor, Role};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{CompanyId, PersonId};
use domain::{administration, directory};
use serde::Deserialize;
use store::{Reader, Tx};

use crate::http::answers::{Result, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{Choices, Done, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visit::{FormPage, Visit};
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

#[derive(Template)]
#[template(path = "team/list.html")]
struct ListPage {
    layout: Layout,
    rows: Vec<Row>,
    is_admin: bool,
    done: String,
}

async fn list(visit: Visit, Query(Done { done }): Query<Done>) -> Result {
    visit.show(move |reader, visitor| ListPage::read(reader, visitor, done)).await
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

/// The role and the access are any words until they are checked.
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
    fn input(self) -> error::Result<InternalInput> {
        let role = Role::from_word(&self.role).ok_or(Error::field("role", Problem::NoChoice))?;
        let is_limited = match self.access.as_str() {
            "all" => false,
            "assigned" => true,
            _ => return Err(Error::field("access", Problem::NoChoice)),
        };
        Ok(InternalInput {
            given_name: self.given_name.into(),
            family_name: self.family_name.into(),
            email: self.email.into(),
            role: role.into(),
            is_client_access_limited: is_limited.into(),
            company_access_list: self.company_access_list.into(),
        })
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

impl FormPage for PersonPage {
    type Asked = (Option<PersonId>, Option<Form>);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (id, typed): Self::Asked,
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
        let companies = company_choices(reader, visitor, &form.company_access_list)?;
        let title = person.as_ref().map_or("New colleague".to_string(), |person| person.name.full());
        let layout = Layout::read(reader, visitor, Module::Settings, &title)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let bounced = match id {
            Some(id) => Bounced::of_person(reader, actor.workspace, id, &zone)?,
            None => None,
        };
        let companies = Choices::cut(companies);
        Ok(PersonPage { layout, person, bounced, companies, form, wrong })
    }
}

async fn new(visit: Visit) -> Result {
    visit.show_form::<PersonPage>((None, None), FieldError::default()).await
}

async fn internal(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    visit.show_form::<PersonPage>((Some(id), None), FieldError::default()).await
}

async fn add(visit: Visit, Input(form): Input<Form>) -> Result {
    let (typed, invited) = (form.clone(), form.invite.is_some());
    let added = visit.submit(move |tx, actor| {
        access::admin(actor)?;
        let added = administration::team::add_internal(tx, actor, &typed.input()?)?;
        if invited { invitations::invite(tx, actor, added) } else { Ok(()) }
    });
    match added.await? {
        Ok(()) => Ok(redirect(if invited { "/settings/team?done=invited" } else { LIST })),
        Err(wrong) => visit.show_form::<PersonPage>((None, Some(form)), wrong).await,
    }
}

async fn edit(visit: Visit, PathParam(id): PathParam<PersonId>, Input(form): Input<Form>) -> Result {
    let typed = form.clone();
    act(visit, id, Some(form), "/settings/team?done=saved", move |tx, actor, id| {
        access::admin(actor)?;
        administration::team::edit_internal(tx, actor, id, &typed.input()?)
    })
    .await
}

/// Applies a change to an internal user; a refusal is shown on their page.
async fn act(
    visit: Visit,
    id: PersonId,
    typed: Option<Form>,
    to: &'static str,
    action: impl FnOnce(&mut Tx, &Actor, PersonId) -> error::Result<()> + Clone + Send + 'static,
) -> Result {
    let acted = visit.submit(move |tx, actor| {
        directory::team::internal(tx, actor, id)?;
        action(tx, actor, id)
    });
    match acted.await? {
        Ok(()) => Ok(redirect(to)),
        Err(wrong) => visit.show_form::<PersonPage>((Some(id), typed), wrong).await,
    }
}

async fn invite(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, None, "/settings/team?done=invited", invitations::invite).await
}

async fn take_back(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, None, "/settings/team?done=takenBack", invitations::take_back).await
}

async fn deactivate(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, None, LIST, deactivation::deactivate).await
}

async fn reactivate(visit: Visit, PathParam(id): PathParam<PersonId>) -> Result {
    act(visit, id, None, LIST, deactivation::reactivate).await
}
