//! The list of client users, for internal users, and adding one.

use askama::Template;
use domain::administration::clients::{self, ClientInput};
use domain::arrival::company_suggestion::{self, UndecidedSignUp};
use domain::arrival::invitations;
use domain::directory;
use domain::directory::clients::{ClientFilter, Place};
use domain::directory::person::Person;
use domain::kernel::ids::{CompanyId, PersonId};
use domain::kernel::patch::Patch;
use domain::kernel::{access, error};
use serde::Deserialize;
use store::Reader;

use crate::http::answers::{Result, redirect};
use crate::http::avatars::Avatar;
use crate::http::extractors::{Inputs, Query};
use crate::http::forms::{Choice, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::paging::{self, ListQuery, Listing};
use crate::http::routes::Routes;
use crate::http::visit::{FormPage, Visit};
use crate::http::visitor::Visitor;
use crate::pages::clients::company_choices::{company_choices, company_names};

/// The most pending sign-ups shown above the list.
const UNDECIDED_MAX: usize = 5;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/clients", list).get("/clients/new", new).post("/clients/new", add)
}

struct Row {
    person: Person,
    face: Avatar,
    companies: String,
}

#[derive(Template)]
#[template(path = "clients/list.html")]
struct ListPage {
    layout: Layout,
    listing: Listing,
    rows: Vec<Row>,
    /// People who signed up and have no company yet, on the first page only.
    undecided: Vec<(UndecidedSignUp, Avatar)>,
    /// Whether there are more of them.
    are_more: bool,
}

async fn list(visit: Visit, Query(wanted): Query<ListQuery<PersonId>>) -> Result {
    visit.show(move |reader, visitor| ListPage::read(reader, visitor, &wanted)).await
}

impl ListPage {
    fn read(reader: &Reader, visitor: &Visitor, wanted: &ListQuery<PersonId>) -> error::Result<ListPage> {
        let actor = &visitor.actor;
        access::internal(actor)?;
        let after = match wanted.after {
            Some(last) => Some(Place::of(&directory::clients::client(reader, actor, last)?)),
            None => None,
        };
        let filter = ClientFilter { text: wanted.find.clone(), company: None, after };
        let mut found = directory::clients::clients(reader, actor, &filter, paging::READ)?;
        let listing = paging::cut("/clients", wanted, &mut found, |person| person.id);
        let layout = Layout::read(reader, visitor, Module::Clients, "Clients")?;
        let rows = found
            .into_iter()
            .map(|person| {
                Ok(Row {
                    face: Avatar::of_person(person.id.0, &person.name),
                    companies: company_names(reader, visitor, person.id)?,
                    person,
                })
            })
            .collect::<error::Result<_>>()?;
        let is_first = listing.find.is_empty() && listing.first.is_none();
        let most = if is_first { UNDECIDED_MAX as i64 + 1 } else { 0 };
        let mut undecided = company_suggestion::undecided(reader, actor, most)?;
        let are_more = undecided.len() > UNDECIDED_MAX;
        undecided.truncate(UNDECIDED_MAX);
        let with_face = |newcomer: UndecidedSignUp| {
            let face = Avatar::of_person(newcomer.id.0, &newcomer.name);
            (newcomer, face)
        };
        let undecided = undecided.into_iter().map(with_face).collect();
        Ok(ListPage { layout, listing, rows, undecided, are_more })
    }
}

#[derive(Template)]
#[template(path = "clients/new.html")]
struct NewPage {
    layout: Layout,
    companies: Vec<Choice>,
    /// The names of the companies from whose page this one was opened.
    preset: Option<String>,
    form: ClientInput,
    invites: bool,
    wrong: FieldError,
}

#[derive(Deserialize)]
struct Preset {
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    company: Option<CompanyId>,
}

async fn new(visit: Visit, Query(preset): Query<Preset>) -> Result {
    let company_ids = Patch::Set(preset.company.into_iter().collect());
    let form = ClientInput { company_ids, ..ClientInput::default() };
    visit.show_form::<NewPage>((form, true), FieldError::default()).await
}

impl FormPage for NewPage {
    type Asked = (ClientInput, bool);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (form, invites): Self::Asked,
        wrong: FieldError,
    ) -> error::Result<NewPage> {
        access::internal(&visitor.actor)?;
        let companies = company_choices(reader, visitor, form.company_ids.items())?;
        let chosen = companies.iter().filter(|company| company.chosen).map(|company| company.name.clone());
        let preset = chosen.collect::<Vec<_>>().join(", ");
        Ok(NewPage {
            layout: Layout::read(reader, visitor, Module::Clients, "New client user")?,
            preset: (!preset.is_empty()).then_some(preset),
            companies,
            form,
            invites,
            wrong,
        })
    }
}

/// What the form has beside the client user.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Beside {
    new_company: String,
    invite: Option<String>,
}

async fn add(visit: Visit, Inputs(form, beside): Inputs<ClientInput, Beside>) -> Result {
    let invited = beside.invite.is_some();
    let form = ClientInput {
        new_company: beside.new_company,
        company_id: Patch::Keep,
        custom_fields: Patch::Keep,
        ..form
    };
    let client = form.clone();
    let added = visit.submit(move |tx, actor| {
        let added = clients::add_client(tx, actor, &client)?;
        if invited {
            invitations::invite(tx, actor, added)?;
        }
        Ok(added)
    });
    match added.await? {
        Ok(client) if invited => Ok(redirect(&format!("/clients/{client}?done=invited"))),
        Ok(client) => Ok(redirect(&format!("/clients/{client}"))),
        Err(wrong) => visit.show_form::<NewPage>((form, invited), wrong).await,
    }
}
