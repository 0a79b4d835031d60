//! The workspace that a key belongs to.

use axum::Json;
use axum::extract::State;
use domain::ids::WorkspaceId;
use domain::workspaces;
use serde::Serialize;
use utoipa::ToSchema;

use super::failure::Result;
use super::gate::Program;
use super::schemas;
use crate::App;
use crate::routes::Routes;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/workspaces", show)
}

/// One firm's portal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Workspace {
    #[schema(value_type = schemas::Id)]
    id: WorkspaceId,
    object: &'static str,
    brand_name: String,
    portal_url: String,
    square_icon_url: Option<String>,
    full_logo_url: Option<String>,
    color_sidebar_background: Option<String>,
    color_sidebar_text: Option<String>,
    color_accent: Option<String>,
    font: Option<String>,
    is_companies_enabled: bool,
    is_client_direct_sign_up_enabled: bool,
    labels: Labels,
}

/// What client users and companies are called.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Labels {
    individual_term: &'static str,
    individual_term_plural: &'static str,
    group_term: &'static str,
    group_term_plural: &'static str,
}

/// Get the workspace
///
/// The one that the key belongs to.
#[utoipa::path(get, path = "/v1/workspaces", tag = "Workspace", responses((status = 200, body = Workspace)))]
async fn show(State(app): State<App>, program: Program) -> Result<Json<Workspace>> {
    let id = program.actor.workspace;
    let found = app.store().read(move |reader| workspaces::find(reader, id)).await?;
    let portal_url = app.address_of(&found);
    let brand = found.brand;
    Ok(Json(Workspace {
        id,
        object: "workspace",
        brand_name: found.brand_name,
        square_icon_url: brand.icon_at.map(|at| format!("{portal_url}/brand/{}/icon-512.png", at.0)),
        full_logo_url: brand.logo.map(|logo| format!("{portal_url}/brand/{}/logo.png", logo.at.0)),
        color_sidebar_background: brand.side,
        color_sidebar_text: brand.side_text,
        color_accent: brand.accent,
        portal_url,
        font: None,
        is_companies_enabled: true,
        is_client_direct_sign_up_enabled: found.sign_up_at.is_some(),
        labels: Labels {
            individual_term: "client",
            individual_term_plural: "clients",
            group_term: "company",
            group_term_plural: "companies",
        },
    }))
}
