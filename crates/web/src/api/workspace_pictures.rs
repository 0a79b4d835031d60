//! Pictures of a firm's brand (B2): uploaded as raw bytes, decoded, resized and re-encoded before they are stored.

use axum::Json;
use axum::extract::Request;
use domain::kernel::access::Actor;
use domain::tenant::brand_settings::{self, Place};
use store::Tx;

use crate::api::call::Call;
use crate::api::failure::Result;
use crate::api::objects::Deleted;
use crate::api::schemas;
use crate::api::workspaces::{Workspace, change_workspace};
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
async fn set(call: Call, PathParam(word): PathParam<String>, request: Request) -> Result<Json<Workspace>> {
    let place = place(&word)?;
    let pictures = made(place, received(place, request, PICTURE_BYTES).await??).await??;
    change_workspace(call, move |tx, actor| brand_settings::set_pictures(tx, actor, place, Some(&pictures)))
        .await
}

/// Take a picture of the firm away
#[utoipa::path(delete, path = "/v1/workspaces/pictures/{picture}", tag = "Workspace",
    params(("picture" = schemas::BrandPicture, Path,
        description = "The name as a picture, the square icon, or what is beside signing in.")),
    responses((status = 200, body = Deleted)))]
async fn remove(call: Call, PathParam(word): PathParam<String>) -> Result<Json<Deleted>> {
    let place = place(&word)?;
    let remove = move |tx: &mut Tx, actor: &Actor| brand_settings::set_pictures(tx, actor, place, None);
    call.delete(call.actor().workspace.0, place.word(), remove).await
}
