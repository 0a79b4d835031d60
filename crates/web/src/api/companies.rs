//! Client companies: create, list, read, change and delete.

use axum::Json;
use domain::administration::companies::{self, CompanyInput};
use domain::directory;
use domain::directory::companies::{Company as Found, CompanySearch};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::CompanyId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::Reader;
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::{Body, WholeBody};
use crate::api::list::{self, List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::query;
use crate::api::schemas::{self, bodies};
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
    id: CompanyId,
    object: &'static str,
    created_at: schemas::Time,
    updated_at: schemas::Time,
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

bodies! {
    /// A company to be made.
    NewCompany {
        name: schemas::Name,
        icon_image_url: Option<schemas::Url>,
        fallback_color: Option<schemas::Color>,
        custom_fields: Option<schemas::CustomFields>,
    }

    /// What changes about a company. What is left out stays.
    changes ChangedCompany {
        name: schemas::Name,
        icon_image_url: Option<schemas::Url>,
        fallback_color: Option<schemas::Color>,
        /// Fields that are named are replaced, or gone where their new value is null or empty; the others stay.
        custom_fields: Option<schemas::CustomFields>,
    }
}

/// Make a company
///
/// A name in use is refused.
#[utoipa::path(post, path = "/v1/companies", tag = "Companies", request_body = NewCompany,
    responses((status = 200, body = Company)))]
async fn make(call: Call, WholeBody(Body { given, canonical }): WholeBody<CompanyInput>) -> Result {
    call.run(&canonical, move |tx, actor| companies::add_with(tx, actor, &given), Company::find).await
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
async fn list(call: Call, Query(filters): Query<Filters>, page: Page) -> Result<Json<List<Company>>> {
    let search = CompanySearch {
        name: query::text("name", &filters.name)?,
        placeholder: query::flag("isPlaceholder", &filters.is_placeholder)?,
        before: None,
    };
    let find = move |reader: &Reader, actor: &Actor, before, rows| {
        directory::companies::newest(reader, actor, &CompanySearch { before, ..search }, rows)
    };
    call.list(Of::Companies, page, find, |company| company.id.0, list::from).await
}

/// Get a company
#[utoipa::path(get, path = "/v1/companies/{id}", tag = "Companies", responses((status = 200, body = Company)))]
async fn show(call: Call, PathParam(id): PathParam<CompanyId>) -> Result<Json<Company>> {
    call.read(move |reader, actor| Company::find(reader, actor, id)).await
}

/// Change a company
///
/// A placeholder becomes a company by its first name.
#[utoipa::path(patch, path = "/v1/companies/{id}", tag = "Companies", request_body = ChangedCompany,
    responses((status = 200, body = Company)))]
async fn change(
    call: Call,
    PathParam(id): PathParam<CompanyId>,
    Body { given, .. }: Body<CompanyInput>,
) -> Result<Json<Company>> {
    call.write(move |tx, actor| {
        companies::edit(tx, actor, id, &given)?;
        Company::find(tx, actor, id)
    })
    .await
}

/// Delete a company
///
/// Its client users belong to it no more; one who is left without a company gets a placeholder. Its conversations stay
/// readable for the firm.
#[utoipa::path(delete, path = "/v1/companies/{id}", tag = "Companies", responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<CompanyId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "company", move |tx, actor| companies::delete(tx, actor, id)).await
}
