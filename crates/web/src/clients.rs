//! Client users, as internal users find, add, change and invite them.

mod change;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use domain::administration::clients::NewClient;
use domain::arrival::company_suggestion::{self, Newcomer};
use domain::arrival::invitations;
use domain::directory::clients::{ClientFilter, Place};
use domain::directory::companies;
use domain::directory::person::Person;
use domain::kernel::ids::{CompanyId, PersonId};
use domain::kernel::{access, error};
use domain::{administration, directory};
use serde::Deserialize;
use store::Reader;

use crate::App;
use crate::answers::{Result, go, page};
use crate::faces::Face;
use crate::forms::{self, Choice, Wrong};
use crate::input::{Asked, Input};
use crate::layout::{Layout, Module};
use crate::lists::{self, Listing, Wanted};
use crate::routes::Routes;
use crate::subjects;
use crate::visitor::Visitor;

/// People who signed up that stand above the list.
const NEWCOMERS_MAX: usize = 5;
/// Companies that a form knows by name.
const COMPANIES_MAX: i64 = 1_000;

pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = routes.get("/clients", list).get("/clients/new", new).post("/clients/new", add);
    change::routes(routes)
}

struct Row {
    person: Person,
    face: Face,
    companies: String,
}

#[derive(Template)]
#[template(path = "clients/list.html")]
struct ListPage {
    layout: Layout,
    listing: Listing,
    rows: Vec<Row>,
    /// Who signed up and belongs nowhere yet, on the first page.
    newcomers: Vec<(Newcomer, Face)>,
    /// Whether there are more of them.
    are_more: bool,
}

async fn list(State(app): State<App>, visitor: Visitor, Asked(wanted): Asked<Wanted<PersonId>>) -> Result {
    let list = app.store().read(move |reader| ListPage::read(reader, &visitor, &wanted)).await?;
    page(StatusCode::OK, &list)
}

impl ListPage {
    fn read(reader: &Reader, visitor: &Visitor, wanted: &Wanted<PersonId>) -> error::Result<ListPage> {
        let actor = &visitor.actor;
        access::internal(actor)?;
        let after = match wanted.after {
            Some(last) => Some(Place::of(&directory::clients::client(reader, actor, last)?)),
            None => None,
        };
        let filter = ClientFilter { text: wanted.find.clone(), company: None, after };
        let mut found = directory::clients::clients(reader, actor, &filter, lists::READ)?;
        let listing = lists::cut("/clients", wanted, &mut found, |person| person.id);
        let layout = Layout::read(reader, visitor, Module::Clients, "Clients")?;
        let rows = found
            .into_iter()
            .map(|person| {
                Ok(Row {
                    face: Face::of_person(person.id.0, &person.name),
                    companies: company_names(reader, visitor, person.id)?,
                    person,
                })
            })
            .collect::<error::Result<_>>()?;
        let is_first = listing.find.is_empty() && listing.first.is_none();
        let most = if is_first { i64::try_from(NEWCOMERS_MAX + 1).unwrap_or(i64::MAX) } else { 0 };
        let mut newcomers = company_suggestion::undecided(reader, actor, most)?;
        let are_more = newcomers.len() > NEWCOMERS_MAX;
        newcomers.truncate(NEWCOMERS_MAX);
        let with_face = |newcomer: Newcomer| {
            let face = Face::of_person(newcomer.id.0, &newcomer.name);
            (newcomer, face)
        };
        let newcomers = newcomers.into_iter().map(with_face).collect();
        Ok(ListPage { layout, listing, rows, newcomers, are_more })
    }
}

/// The names of a client user's companies; empty where there is none.
pub(crate) fn company_names(reader: &Reader, visitor: &Visitor, client: PersonId) -> error::Result<String> {
    let companies = directory::clients::companies_of(reader, &visitor.actor, client)?;
    let names =
        companies.into_iter().filter(|(_, _, is_placeholder)| !is_placeholder).map(|(_, name, _)| name);
    Ok(names.collect::<Vec<_>>().join(", "))
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct NewForm {
    given_name: String,
    family_name: String,
    email: String,
    phone: String,
    company_ids: Vec<CompanyId>,
    new_company: String,
    invite: Option<String>,
}

#[derive(Template)]
#[template(path = "clients/new.html")]
struct NewPage {
    layout: Layout,
    companies: Vec<Choice>,
    /// The names of the companies from whose page this one was opened.
    preset: Option<String>,
    form: NewForm,
    wrong: Wrong,
}

#[derive(Deserialize)]
struct Preset {
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    company: Option<CompanyId>,
}

async fn new(State(app): State<App>, visitor: Visitor, Asked(preset): Asked<Preset>) -> Result {
    let company_ids = preset.company.into_iter().collect();
    let form = NewForm { company_ids, invite: Some("yes".to_string()), ..NewForm::default() };
    show_new(&app, visitor, form, Wrong::default()).await
}

async fn show_new(app: &App, visitor: Visitor, form: NewForm, wrong: Wrong) -> Result {
    let new = app.store().read(move |reader| NewPage::read(reader, &visitor, form, wrong)).await?;
    page(new.wrong.status(), &new)
}

impl NewPage {
    fn read(reader: &Reader, visitor: &Visitor, form: NewForm, wrong: Wrong) -> error::Result<NewPage> {
        access::internal(&visitor.actor)?;
        let companies = company_choices(reader, visitor, &form.company_ids)?;
        let chosen = companies.iter().filter(|company| company.chosen).map(|company| company.name.clone());
        let preset = chosen.collect::<Vec<_>>().join(", ");
        Ok(NewPage {
            layout: Layout::read(reader, visitor, Module::Clients, "New client user")?,
            preset: (!preset.is_empty()).then_some(preset),
            companies,
            form,
            wrong,
        })
    }
}

/// The companies that the visitor may see, `chosen` ones in any case.
pub(crate) fn company_choices(
    reader: &Reader,
    visitor: &Visitor,
    chosen: &[CompanyId],
) -> error::Result<Vec<Choice>> {
    let filter = companies::CompanyFilter::default();
    let mut all = companies::list(reader, &visitor.actor, &filter, COMPANIES_MAX)?;
    for company in chosen.iter().take(forms::CHOICES_MAX) {
        if !all.iter().any(|known| known.id == *company) {
            let found = subjects::seen(companies::find(reader, &visitor.actor, *company))?;
            all.extend(found.filter(|found| found.placeholder_at.is_none()));
        }
    }
    let choice = |company: companies::Company| Choice {
        value: company.id.to_string(),
        name: company.name,
        note: String::new(),
        chosen: chosen.contains(&company.id),
    };
    Ok(all.into_iter().map(choice).collect())
}

async fn add(State(app): State<App>, visitor: Visitor, Input(form): Input<NewForm>) -> Result {
    let actor = visitor.actor;
    let client = NewClient {
        given_name: form.given_name.clone(),
        family_name: form.family_name.clone(),
        email: form.email.clone(),
        phone: form.phone.clone(),
        companies: form.company_ids.clone(),
        new_company: form.new_company.clone(),
        ..NewClient::default()
    };
    let invited = form.invite.is_some();
    let added = app
        .store()
        .write(move |tx| {
            let added = administration::clients::add_client(tx, &actor, &client)?;
            if invited {
                invitations::invite(tx, &actor, added)?;
            }
            Ok(added)
        })
        .await;
    match forms::checked(added)? {
        Ok(client) if invited => Ok(go(&format!("/clients/{client}?done=invited"))),
        Ok(client) => Ok(go(&format!("/clients/{client}"))),
        Err(wrong) => show_new(&app, visitor, form, wrong).await,
    }
}
