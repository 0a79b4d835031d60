//! The audit log: who changed people, access, settings and keys, and who opened exports (R1).

use axum::Json;
use domain::kernel::access::Actor;
use domain::kernel::audit_log::{self, About, AuditAction, Change as Kept, Filter, Record as Found};
use domain::kernel::ids::{PersonId, RecordId};
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::list::{self, List, Of, Page, PageQuery};
use crate::api::objects::time;
use crate::api::{query, schemas};
use crate::http::extractors::Query;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/records", list)
}

/// Something that somebody did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    id: RecordId,
    object: &'static str,
    created_at: schemas::Time,
    /// Who did it; null for what was done on the machine that runs the portal.
    person_id: Option<PersonId>,
    /// How: on a `page`, by a `program` with a key of theirs, or on the `machine`.
    via: &'static str,
    /// What was done: `people.added`, `settings.changed` and so on.
    deed: String,
    /// Whom or what it is about.
    about_id: Option<Uuid>,
    /// `client`, `internalUser`, `company` or `project`.
    about_type: Option<&'static str>,
    /// What is another value since.
    changes: Vec<Change>,
}

/// A value that is another one since.
#[derive(Serialize, ToSchema)]
struct Change {
    field: String,
    /// Null where there was none, or it is not kept.
    before: Option<String>,
    after: Option<String>,
}

impl From<Found> for Record {
    fn from(found: Found) -> Record {
        let (about_id, about_type) = match found.about {
            About::Nothing => (None, None),
            About::Person(id, _, role) if role.is_internal() => (Some(id.0), Some("internalUser")),
            About::Person(id, ..) => (Some(id.0), Some("client")),
            About::Company(id, _) => (Some(id.0), Some("company")),
            About::Project(id, _) => (Some(id.0), Some("project")),
        };
        let change = |Kept { field, before, after }| Change { field, before, after };
        Record {
            id: found.id,
            object: "record",
            created_at: time(found.at),
            person_id: found.person.map(|(id, _)| id),
            via: found.via.word(),
            deed: found.deed,
            about_id,
            about_type,
            changes: found.changes.into_iter().map(change).collect(),
        }
    }
}

/// Which records are listed.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Those whose `deed` begins with this.
    #[param(value_type = Option<schemas::DeedField>)]
    about: Option<String>,
    /// Those by or about this person.
    #[param(value_type = Option<schemas::Id>)]
    person_id: Option<String>,
    /// Those from this time on.
    #[param(value_type = Option<schemas::Time>)]
    since: Option<String>,
    /// Those before this time.
    #[param(value_type = Option<schemas::Time>)]
    until: Option<String>,
}

/// List records
///
/// Who changed people, access, settings or keys, and who looked at an export; the newest first. Records are only added to.
#[utoipa::path(get, path = "/v1/records", tag = "Records", params(Filters, PageQuery),
    responses((status = 200, body = List<Record>)))]
async fn list(call: Call, Query(filters): Query<Filters>, page: Page) -> Result<Json<List<Record>>> {
    let field =
        |word: &str| AuditAction::ALL.iter().map(|action| action.field()).find(|field| *field == word);
    let filter = Filter {
        field: query::word("about", &filters.about, field)?
            .map(|field| format!("{field}."))
            .unwrap_or_default(),
        person: query::id("personId", &filters.person_id)?,
        since: query::time("since", &filters.since)?,
        until: query::time("until", &filters.until)?,
        before: None,
    };
    let find = move |reader: &Reader, actor: &Actor, before, rows| {
        audit_log::list(reader, actor, &Filter { before, ..filter }, rows)
    };
    call.list(Of::Records, page, find, |record| record.id.0, list::from).await
}
