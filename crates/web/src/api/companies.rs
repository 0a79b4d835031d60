//! Client companies: create, list, read, change and delete.

use axum::Json;
use axum::extract::State;
use domain::administration::companies::Details;
use domain::directory::companies::{Company as Found, CompanySearch};
use domain::kernel::access::Actor;
use domain::kernel::custom_fields::CustomFields;
use domain::kernel::error;
use domain::kernel::ids::CompanyId;
use domain::{administration, directory};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{Reader, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::auth::ApiClient;
use crate::api::failure::Result;
use crate::api::idempotency::IdempotencyKey;
use crate::api::json::{Body, Fields, clearable, present};
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::{query, schemas};
use crate::app::App;
use crate::http::avatars;
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/companies", make)
        .get("/v1/companies", list)
        .get("/v1/companies/{id}", show)
        .patch("/v1/companies/{id}", change)
        .delete("/v1/companies/{id}", delete)
}

/// A client company.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Company {
    #[schema(value_type = schemas::Id)]
    id: CompanyId,
    object: &'static str,
    #[schema(value_type = schemas::Time)]
    created_at: String,
    #[schema(value_type = schemas::Time)]
    updated_at: String,
    /// Empty for a placeholder.
    name: String,
    icon_image_url: Option<String>,
    fallback_color: String,
    /// Whether it stands in for the company of a client user who has none.
    is_placeholder: bool,
    #[schema(value_type = schemas::CustomFields)]
    custom_fields: Map<String, Value>,
}

impl From<Found> for Company {
    fn from(found: Found) -> Company {
        Company {
            id: found.id,
            object: "company",
            created_at: time(found.created_at),
            updated_at: time(found.updated_at),
            name: found.name,
            icon_image_url: found.icon_url,
            fallback_color: found.color.unwrap_or_else(|| avatars::color(found.id.0).to_string()),
            is_placeholder: found.placeholder_at.is_some(),
            custom_fields: found.custom_fields.to_map(),
        }
    }
}

impl Company {
    pub(crate) fn find(reader: &Reader, actor: &Actor, id: CompanyId) -> error::Result<Company> {
        Ok(Company::from(directory::companies::find(reader, actor, id)?))
    }
}

/// A company to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewCompany {
    #[schema(value_type = schemas::Name)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<schemas::Url>)]
    icon_image_url: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<schemas::Color>)]
    fallback_color: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<schemas::CustomFields>)]
    custom_fields: Option<Fields>,
}

/// Make a company
///
/// A name in use is refused.
#[utoipa::path(post, path = "/v1/companies", tag = "Companies", request_body = NewCompany,
    responses((status = 200, body = Company)))]
async fn make(
    State(app): State<App>,
    program: ApiClient,
    once: IdempotencyKey,
    Body { given, canonical }: Body<NewCompany>,
) -> Result {
    let actor = program.actor;
    let deed = move |tx: &mut Tx| {
        let details = Details {
            icon_url: given.icon_image_url,
            color: given.fallback_color,
            custom_fields: Some(CustomFields::default().with(&given.custom_fields.unwrap_or_default().0)?),
        };
        administration::companies::add_with(tx, &actor, &given.name, &details)
    };
    let show = move |reader: &Reader, id| Company::find(reader, &actor, id);
    once.run(&app, &program, &canonical, deed, show).await
}

/// Which companies are listed.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filters {
    /// The one of this name.
    #[param(value_type = Option<schemas::Filter>)]
    name: Option<String>,
    /// `true` for placeholders only, `false` for none of them.
    #[param(value_type = Option<bool>)]
    is_placeholder: Option<String>,
}

/// List companies
///
/// The newest first, placeholders too.
#[utoipa::path(get, path = "/v1/companies", tag = "Companies", params(Filters, PageQuery),
    responses((status = 200, body = List<Company>)))]
async fn list(
    State(app): State<App>,
    program: ApiClient,
    Query(filters): Query<Filters>,
    page: Page,
) -> Result<Json<List<Company>>> {
    let search = CompanySearch {
        name: query::text("name", &filters.name)?,
        placeholder: query::flag("isPlaceholder", &filters.is_placeholder)?,
        before: page.after_id(Of::Companies)?,
    };
    let list = app.store().read_long(move |reader| {
        let found = directory::companies::newest(reader, &program.actor, &search, page.read())?;
        let place = |company: &Found| company.id.0.as_bytes().to_vec();
        page.list(Of::Companies, found, place, |found| Ok(Company::from(found)))
    });
    Ok(Json(list.await?))
}

/// Get a company
#[utoipa::path(get, path = "/v1/companies/{id}", tag = "Companies", responses((status = 200, body = Company)))]
async fn show(
    State(app): State<App>,
    program: ApiClient,
    PathParam(id): PathParam<CompanyId>,
) -> Result<Json<Company>> {
    Ok(Json(app.store().read(move |reader| Company::find(reader, &program.actor, id)).await?))
}

/// What changes about a company. What is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChangedCompany {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = schemas::Name, required = false)]
    name: Option<String>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<schemas::Url>)]
    icon_image_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<schemas::Color>)]
    fallback_color: Option<Option<String>>,
    /// Fields that are named are replaced, or gone where their new value is null or empty; the others stay.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<schemas::CustomFields>)]
    custom_fields: Option<Option<Fields>>,
}

/// Change a company
///
/// A placeholder becomes a company by its first name.
#[utoipa::path(patch, path = "/v1/companies/{id}", tag = "Companies", request_body = ChangedCompany,
    responses((status = 200, body = Company)))]
async fn change(
    State(app): State<App>,
    program: ApiClient,
    PathParam(id): PathParam<CompanyId>,
    Body { given, .. }: Body<ChangedCompany>,
) -> Result<Json<Company>> {
    let changed = app.store().write(move |tx| {
        let before = directory::companies::find(tx, &program.actor, id)?.custom_fields;
        let details = Details {
            icon_url: given.icon_image_url.map(Option::unwrap_or_default),
            color: given.fallback_color.map(Option::unwrap_or_default),
            custom_fields: Fields::change(given.custom_fields, &before)?,
        };
        administration::companies::edit(tx, &program.actor, id, given.name.as_deref(), &details)?;
        Company::find(tx, &program.actor, id)
    });
    Ok(Json(changed.await?))
}

/// Delete a company
///
/// Its client users belong to it no more; one who is left without a company gets a placeholder. Its conversations stay
/// readable for the firm.
#[utoipa::path(delete, path = "/v1/companies/{id}", tag = "Companies", responses((status = 200, body = Deleted)))]
async fn delete(
    State(app): State<App>,
    program: ApiClient,
    PathParam(id): PathParam<CompanyId>,
) -> Result<Json<Deleted>> {
    app.store().write(move |tx| administration::companies::delete(tx, &program.actor, id)).await?;
    Ok(Json(Deleted::new(id.0, "company")))
}
