//! Requests for early access: list and delete (E1).

use axum::Json;
use axum::extract::State;
use domain::kernel::ids::EntryId;
use domain::tenant::early_access::{self, Entry as Found};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::auth::ApiClient;
use crate::api::failure::Result;
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::{query, schemas};
use crate::app::App;
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/early-access", list).delete("/v1/early-access/{id}", delete)
}

/// Somebody who asked for early access.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EarlyAccessEntry {
    #[schema(value_type = schemas::Id)]
    id: EntryId,
    object: &'static str,
    #[schema(value_type = schemas::Time)]
    created_at: String,
    name: String,
    email: String,
    /// Their company; null where they named none.
    company: Option<String>,
    /// Whether a machine seems to have made it.
    is_suspicious: bool,
}

impl From<Found> for EarlyAccessEntry {
    fn from(found: Found) -> EarlyAccessEntry {
        EarlyAccessEntry {
            id: found.id,
            object: "earlyAccessEntry",
            created_at: time(found.at),
            name: found.name,
            email: found.email,
            company: Some(found.company).filter(|company| !company.is_empty()),
            is_suspicious: found.is_trapped,
        }
    }
}

/// Which entries are listed.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filters {
    /// `true` for those that a machine seems to have made, instead of the others.
    #[param(value_type = Option<bool>)]
    is_suspicious: Option<String>,
}

/// List who asked for early access
///
/// The newest first.
#[utoipa::path(get, path = "/v1/early-access", tag = "Early access", params(Filters, PageQuery),
    responses((status = 200, body = List<EarlyAccessEntry>)))]
async fn list(
    State(app): State<App>,
    program: ApiClient,
    Query(filters): Query<Filters>,
    page: Page,
) -> Result<Json<List<EarlyAccessEntry>>> {
    let suspicious = query::flag("isSuspicious", &filters.is_suspicious)?.unwrap_or(false);
    let before = page.after_id(Of::EarlyAccess)?;
    let list = app.store().read_long(move |reader| {
        let found = early_access::list(reader, &program.actor, suspicious, before, page.read())?;
        let place = |entry: &Found| entry.id.0.as_bytes().to_vec();
        page.list(Of::EarlyAccess, found, place, |found| Ok(EarlyAccessEntry::from(found)))
    });
    Ok(Json(list.await?))
}

/// Delete somebody who asked for early access
///
/// For good.
#[utoipa::path(delete, path = "/v1/early-access/{id}", tag = "Early access",
    responses((status = 200, body = Deleted)))]
async fn delete(
    State(app): State<App>,
    program: ApiClient,
    PathParam(id): PathParam<EntryId>,
) -> Result<Json<Deleted>> {
    app.store().write(move |tx| early_access::remove(tx, &program.actor, id)).await?;
    Ok(Json(Deleted::new(id.0, "earlyAccessEntry")))
}
