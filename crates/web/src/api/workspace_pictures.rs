//! Pictures of a firm's brand (B2): uploaded as raw bytes, decoded, resized and re-encoded before they are stored.

use axum::Json;
use axum::extract::{Request, State};
use domain::tenant::branding::{self, Place};
use domain::tenant::workspaces;

use crate::api::auth::ApiClient;
use crate::api::failure::Result;
use crate::api::objects::Deleted;
use crate::api::schemas;
use crate::api::workspaces::Workspace;
use crate::app::App;
use crate::http::answers::Answer;
use crate::http::extractors::PathParam;
use crate::http::routes::Routes;
use crate::pages::settings::brand_pictures::{PICTURE_BYTES, made, received};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.put("/v1/workspaces/pictures/{picture}", set).delete("/v1/workspaces/pictures/{picture}", remove)
}

fn place(word: &str) -> Result<Place> {
    Ok(Place::from_word(word).ok_or_else(Answer::not_found)?)
}

/// Set a picture of the firm
///
/// The body is the picture itself: a PNG, JPEG, WebP or GIF of at most 10 MB, 8,000 points a side and 32 million in all.
#[utoipa::path(put, path = "/v1/workspaces/pictures/{picture}", tag = "Workspace",
    params(("picture" = schemas::BrandPicture, Path,
        description = "The name as a picture, the square icon, or what is beside signing in.")),
    responses((status = 200, body = Workspace)))]
async fn set(
    State(app): State<App>,
    program: ApiClient,
    PathParam(word): PathParam<String>,
    request: Request,
) -> Result<Json<Workspace>> {
    let (actor, place) = (program.actor, place(&word)?);
    let pictures = made(place, received(place, request, PICTURE_BYTES).await??).await??;
    let changed = app.store().write(move |tx| {
        branding::set_pictures(tx, &actor, place, Some(&pictures))?;
        workspaces::find(tx, actor.workspace)
    });
    Ok(Json(Workspace::new(&app, changed.await?)))
}

/// Take a picture of the firm away
#[utoipa::path(delete, path = "/v1/workspaces/pictures/{picture}", tag = "Workspace",
    params(("picture" = schemas::BrandPicture, Path,
        description = "The name as a picture, the square icon, or what is beside signing in.")),
    responses((status = 200, body = Deleted)))]
async fn remove(
    State(app): State<App>,
    program: ApiClient,
    PathParam(word): PathParam<String>,
) -> Result<Json<Deleted>> {
    let (actor, place) = (program.actor, place(&word)?);
    app.store().write(move |tx| branding::set_pictures(tx, &actor, place, None)).await?;
    Ok(Json(Deleted::new(actor.workspace.0, place.word())))
}
