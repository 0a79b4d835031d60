//! Client users: create, list, read, change, replace, delete and export. Invitations and deactivation are in
//! `client_access`.

use axum::Json;
use domain::administration::clients::{self, ClientInput};
use domain::administration::deletion;
use domain::directory;
use domain::directory::people_list::{self, ClientSearch};
use domain::directory::person::Person;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{CompanyId, PersonId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Reader, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::inviting::{Inviting, invite};
use crate::api::json::{Body, WholeBody};
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::person_access::PersonObject;
use crate::api::query;
use crate::api::schemas::{self, bodies};
use crate::http::avatars;
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;
use crate::pages::clients::personal_data_export;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/clients", make)
        .get("/v1/clients", list)
        .get("/v1/clients/{id}", show)
        .patch("/v1/clients/{id}", change)
        .put("/v1/clients/{id}", replace)
        .delete("/v1/clients/{id}", delete)
        .get("/v1/clients/{id}/export", export)
}

/// A client user: a client's person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Client {
    pub(crate) id: PersonId,
    pub(crate) object: &'static str,
    pub(crate) created_at: schemas::Time,
    pub(crate) updated_at: schemas::Time,
    pub(crate) given_name: String,
    pub(crate) family_name: String,
    pub(crate) email: String,
    pub(crate) phone: Option<String>,
    /// The first of `companyIds`.
    pub(crate) company_id: Option<CompanyId>,
    pub(crate) company_ids: Vec<CompanyId>,
    /// `notInvited`, `invited`, `active` or `deactivated`.
    pub(crate) status: &'static str,
    pub(crate) fallback_color: String,
    pub(crate) avatar_image_url: Option<String>,
    /// A link that signs this client in, once, for 7 days. Only in the answer of the call that invites.
    pub(crate) invite_url: Option<String>,
    pub(crate) first_login_date: Option<schemas::Time>,
    pub(crate) last_login_date: Option<schemas::Time>,
    /// `internalUser`, `directSignUp`, `client` or `api`.
    pub(crate) creation_method: String,
    #[schema(value_type = schemas::CustomFields)]
    pub(crate) custom_fields: Map<String, Value>,
}

impl PersonObject for Client {
    fn person(reader: &Reader, actor: &Actor, id: PersonId) -> error::Result<Person> {
        directory::clients::client(reader, actor, id)
    }

    fn read(reader: &Reader, actor: &Actor, person: Person) -> error::Result<Client> {
        let company_ids = directory::clients::ordered_companies(reader, actor.workspace, person.id)?;
        Ok(Client {
            id: person.id,
            object: "client",
            created_at: time(person.created_at),
            updated_at: time(person.updated_at),
            status: person.status().word(),
            given_name: person.name.given,
            family_name: person.name.family,
            email: person.name.email,
            phone: person.phone,
            company_id: company_ids.first().copied(),
            company_ids,
            fallback_color: avatars::color(person.id.0).to_string(),
            avatar_image_url: None,
            invite_url: None,
            first_login_date: person.first_seen_at.map(time),
            last_login_date: person.last_seen_at.map(time),
            creation_method: person.made_by,
            custom_fields: person.custom_fields.to_map(),
        })
    }
}

impl Client {
    /// A client user with the link of their invitation, if they were invited.
    pub(crate) fn invited(
        reader: &Reader,
        actor: &Actor,
        (id, invite_url): (PersonId, Option<String>),
    ) -> error::Result<Client> {
        Ok(Client { invite_url, ..Client::find(reader, actor, id)? })
    }
}

bodies! {
    /// A client user to be made. One of the names must be there.
    NewClient {
        given_name: Option<schemas::Line>,
        family_name: Option<schemas::Line>,
        email: schemas::Email,
        phone: Option<schemas::Phone>,
        /// One company, which becomes the main one.
        company_id: Option<schemas::IdOrEmpty>,
        /// The companies. Without any the client gets a placeholder.
        company_ids: Option<schemas::Ids>,
        custom_fields: Option<schemas::CustomFields>,
    }

    /// What changes about a client user. What is left out stays.
    changes ChangedClient {
        given_name: schemas::Line,
        family_name: schemas::Line,
        email: schemas::Email,
        phone: Option<schemas::Phone>,
        /// The one company from now on.
        company_id: Option<schemas::IdOrEmpty>,
        /// The companies from now on.
        company_ids: Option<schemas::Ids>,
        /// Fields that are named are replaced, or gone where their new value is null or empty; the others stay.
        custom_fields: Option<schemas::CustomFields>,
    }

    /// What a client user is from now on. What is left out is cleared; the address stays where none is given.
    changes ReplacedClient {
        given_name: Option<schemas::Line>,
        family_name: Option<schemas::Line>,
        email: schemas::Email,
        phone: Option<schemas::Phone>,
        company_id: Option<schemas::IdOrEmpty>,
        company_ids: Option<schemas::Ids>,
        custom_fields: Option<schemas::CustomFields>,
    }
}

/// Make a client user
///
/// Their channel, or their place in their company's, is made with them.
#[utoipa::path(post, path = "/v1/clients", tag = "Clients", params(Inviting), request_body = NewClient,
    responses((status = 200, body = Client)))]
async fn make(
    call: Call,
    Query(inviting): Query<Inviting>,
    WholeBody(Body { given, canonical }): WholeBody<ClientInput>,
) -> Result {
    let (invited, public_url) = (inviting.is_wanted()?, call.app.web.public_url.clone());
    let change = move |tx: &mut Tx, actor: &Actor| {
        let id = clients::add_client(tx, actor, &given)?;
        Ok((id, invite(tx, actor, id, invited, &public_url)?))
    };
    call.run(&canonical, change, Client::invited).await
}

/// Which client users are listed.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Those of this company.
    #[param(value_type = Option<schemas::Id>)]
    company_id: Option<String>,
    /// The one with this address, the whole of it, whatever its case.
    #[param(value_type = Option<schemas::Filter>)]
    email: Option<String>,
    /// Those with this given name, exactly.
    #[param(value_type = Option<schemas::Filter>)]
    given_name: Option<String>,
    /// Those with this family name, exactly.
    #[param(value_type = Option<schemas::Filter>)]
    family_name: Option<String>,
}

/// List client users
///
/// The newest first.
#[utoipa::path(get, path = "/v1/clients", tag = "Clients", params(Filters, PageQuery),
    responses((status = 200, body = List<Client>)))]
async fn list(call: Call, Query(filters): Query<Filters>, page: Page) -> Result<Json<List<Client>>> {
    let search = ClientSearch {
        company: query::id("companyId", &filters.company_id)?,
        email: query::text("email", &filters.email)?,
        given_name: query::text("givenName", &filters.given_name)?,
        family_name: query::text("familyName", &filters.family_name)?,
        before: None,
    };
    let find = move |reader: &Reader, actor: &Actor, before, rows| {
        people_list::clients_newest(reader, actor, &ClientSearch { before, ..search }, rows)
    };
    call.list(Of::Clients, page, find, |person| person.id.0, Client::read).await
}

/// Get a client user
#[utoipa::path(get, path = "/v1/clients/{id}", tag = "Clients", responses((status = 200, body = Client)))]
async fn show(call: Call, PathParam(id): PathParam<PersonId>) -> Result<Json<Client>> {
    call.read(move |reader, actor| Client::find(reader, actor, id)).await
}

/// Change a client user
///
/// Moving one to another company is also saying that they may go on meeting, in projects, clients with whom they then have
/// no company in common.
#[utoipa::path(patch, path = "/v1/clients/{id}", tag = "Clients", params(Inviting), request_body = ChangedClient,
    responses((status = 200, body = Client)))]
async fn change(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    Query(inviting): Query<Inviting>,
    Body { given, .. }: Body<ClientInput>,
) -> Result<Json<Client>> {
    let (invited, public_url) = (inviting.is_wanted()?, call.app.web.public_url.clone());
    call.write(move |tx, actor| {
        clients::edit_client(tx, actor, id, &ClientInput { confirmed: true, ..given })?;
        let invite_url = invite(tx, actor, id, invited, &public_url)?;
        Client::invited(tx, actor, (id, invite_url))
    })
    .await
}

/// Replace a client user
///
/// Clears what is left out: companies, telephone number, custom fields.
#[utoipa::path(put, path = "/v1/clients/{id}", tag = "Clients", request_body = ReplacedClient,
    responses((status = 200, body = Client)))]
async fn replace(
    call: Call,
    PathParam(id): PathParam<PersonId>,
    WholeBody(Body { given, .. }): WholeBody<ClientInput>,
) -> Result<Json<Client>> {
    call.write(move |tx, actor| {
        clients::edit_client(tx, actor, id, &ClientInput { confirmed: true, ..given.replacing() })?;
        Client::find(tx, actor, id)
    })
    .await
}

/// Delete a client user
///
/// They can no longer sign in. What they wrote stays readable for the firm; their channel is archived.
#[utoipa::path(delete, path = "/v1/clients/{id}", tag = "Clients", responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<PersonId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "client", move |tx, actor| deletion::delete_client(tx, actor, id)).await
}

/// Get all that is kept about a client user
///
/// An archive (ZIP) of tables and files: who they are, their own conversation and what they wrote elsewhere, their files, what
/// was sent to them, what they answered to texts. That it was got is a record.
#[utoipa::path(get, path = "/v1/clients/{id}/export", tag = "Clients", responses((status = 200)))]
async fn export(call: Call, PathParam(id): PathParam<PersonId>) -> Result {
    Ok(personal_data_export::copy(call.app, call.api_client.actor, id).await?)
}
