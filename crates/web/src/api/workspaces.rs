//! The workspace that a key belongs to. Its pictures are in `workspace_pictures`.

use axum::Json;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::WorkspaceId;
use domain::kernel::patch::{Patch, clearable};
use domain::tenant::brand_settings::{self, BrandChange};
use domain::tenant::workspaces;
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::json::Body;
use crate::api::schemas::{self, bodies};
use crate::app::App;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/workspaces", show).patch("/v1/workspaces", change)
}

/// One firm's portal.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Workspace {
    id: WorkspaceId,
    object: &'static str,
    brand_name: String,
    portal_url: String,
    square_icon_url: Option<String>,
    full_logo_url: Option<String>,
    /// The picture beside signing in.
    cover_image_url: Option<String>,
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

impl Workspace {
    pub(crate) fn new(app: &App, found: workspaces::Workspace) -> Workspace {
        let portal_url = app.address_of(&found);
        let brand = found.brand;
        Workspace {
            id: found.id,
            object: "workspace",
            brand_name: found.brand_name,
            square_icon_url: brand.icon_at.map(|at| format!("{portal_url}/brand/{}/icon-512.png", at.0)),
            full_logo_url: brand.logo.map(|logo| format!("{portal_url}/brand/{}/logo.png", logo.at.0)),
            cover_image_url: brand.cover_at.map(|at| format!("{portal_url}/brand/{}/cover.jpg", at.0)),
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
        }
    }
}

/// Get the workspace
///
/// The one that the key belongs to.
#[utoipa::path(get, path = "/v1/workspaces", tag = "Workspace", responses((status = 200, body = Workspace)))]
async fn show(call: Call) -> Result<Json<Workspace>> {
    let Json(found) = call.read(|reader, actor| workspaces::find(reader, actor.workspace)).await?;
    Ok(Json(Workspace::new(&call.app, found)))
}

bodies! {
    /// What changes about the workspace. What is left out stays; a colour that is null or empty is the portal's own again.
    changes ChangedWorkspace {
        brand_name: schemas::Name,
        color_accent: Option<schemas::Color>,
        color_sidebar_background: Option<schemas::Color>,
        /// Without one, white or black is chosen. One that could not be read on the background contradicts it: 409.
        color_sidebar_text: Option<schemas::Color>,
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WorkspaceInput {
    brand_name: Patch<String>,
    #[serde(deserialize_with = "clearable")]
    color_accent: Patch<String>,
    #[serde(deserialize_with = "clearable")]
    color_sidebar_background: Patch<String>,
    #[serde(deserialize_with = "clearable")]
    color_sidebar_text: Patch<String>,
}

/// Change the workspace
///
/// Its name and colours hold from the next page, mail and text on.
#[utoipa::path(patch, path = "/v1/workspaces", tag = "Workspace", request_body = ChangedWorkspace,
    responses((status = 200, body = Workspace)))]
async fn change(call: Call, Body { given, .. }: Body<WorkspaceInput>) -> Result<Json<Workspace>> {
    let change = BrandChange {
        name: given.brand_name.into_value(),
        accent: given.color_accent.into_value(),
        side: given.color_sidebar_background.into_value(),
        side_text: given.color_sidebar_text.into_value(),
    };
    change_workspace(call, move |tx, actor| brand_settings::change(tx, actor, &change)).await
}

/// Changes the workspace and answers it.
pub(crate) async fn change_workspace(
    call: Call,
    change: impl FnOnce(&mut Tx, &Actor) -> error::Result<()> + Clone + Send + 'static,
) -> Result<Json<Workspace>> {
    let changed = call.write(move |tx, actor| {
        change(tx, actor)?;
        workspaces::find(tx, actor.workspace)
    });
    let Json(changed) = changed.await?;
    Ok(Json(Workspace::new(&call.app, changed)))
}
