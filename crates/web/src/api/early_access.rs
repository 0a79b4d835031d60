//! Requests for early access: list and delete (E1).

use axum::Json;
use domain::kernel::access::Actor;
use domain::kernel::ids::EntryId;
use domain::tenant::early_access::{self, Entry as Found};
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::list::{self, List, Of, Page, PageQuery};
use crate::api::objects::{Deleted, time};
use crate::api::{query, schemas};
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/early-access", list).delete("/v1/early-access/{id}", delete)
}

/// Somebody who asked for early access.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EarlyAccessEntry {
    id: EntryId,
    object: &'static str,
    created_at: schemas::Time,
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
    call: Call,
    Query(filters): Query<Filters>,
    page: Page,
) -> Result<Json<List<EarlyAccessEntry>>> {
    let suspicious = query::flag("isSuspicious", &filters.is_suspicious)?.unwrap_or(false);
    let find = move |reader: &Reader, actor: &Actor, before, rows| {
        early_access::list(reader, actor, suspicious, before, rows)
    };
    call.list(Of::EarlyAccess, page, find, |entry| entry.id.0, list::from).await
}

/// Delete somebody who asked for early access
///
/// For good.
#[utoipa::path(delete, path = "/v1/early-access/{id}", tag = "Early access",
    responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<EntryId>) -> Result<Json<Deleted>> {
    call.delete(id.0, "earlyAccessEntry", move |tx, actor| early_access::remove(tx, actor, id)).await
}
