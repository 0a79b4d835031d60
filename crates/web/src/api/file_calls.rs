//! Calls for files, folders and links.

use axum::Json;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use domain::files::changing::{self, Contents};
use domain::files::entry::{self, Entry, Kind};
use domain::files::signed_urls::Purpose;
use domain::files::{creating, listing, paths, permissions};
use domain::kernel::access::{self, Actor};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{ChannelId, FileId};
use domain::kernel::patch::Patch;
use serde::{Deserialize, Serialize};
use store::{Reader, Tx};
use utoipa::{IntoParams, ToSchema};

use crate::api::call::Call;
use crate::api::failure::{Failure, Result, named};
use crate::api::file_permissions::Permissions;
use crate::api::files::{Addresses, File, find};
use crate::api::json::{Body, Nothing};
use crate::api::list::{List, Of, Page, PageQuery};
use crate::api::objects::Deleted;
use crate::api::query;
use crate::api::schemas::{self, bodies};
use crate::http::answers::Answer;
use crate::http::extractors::{PathParam, Query};
use crate::http::routes::Routes;
use crate::pages::files::serving::{self, Rendition};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/v1/files/file", make_file)
        .post("/v1/files/folder", make_folder)
        .post("/v1/files/link", make_link)
        .get("/v1/files", list)
        .get("/v1/files/{id}", show)
        .patch("/v1/files/{id}", change)
        .delete("/v1/files/{id}", delete)
        .post("/v1/files/{id}/restore", restore)
        .get("/v1/files/{id}/download", download)
        .get("/v1/files/{id}/download-url", download_url)
}

/// Resolves a path in a channel to its folder and name; creates missing folders.
fn place(
    tx: &mut Tx,
    actor: &Actor,
    channel: ChannelId,
    path: &str,
) -> error::Result<(Option<FileId>, String)> {
    if path.chars().any(char::is_control) {
        return Err(Error::field("path", Problem::ControlCharacters));
    }
    named("channelId", creating::place(tx, actor, channel, path))
}

/// A file to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewFile {
    /// Its name, behind the folders that it lies in: `Contracts/2026/deed.pdf`. Those that are not there are made.
    #[schema(value_type = schemas::Path)]
    path: String,
    /// The file channel.
    channel_id: ChannelId,
}

/// Make a file
///
/// It is `pending` until its bytes are PUT to `uploadUrl`, which takes them for 15 minutes and without a key. A path in use
/// becomes `deed (2).pdf`.
#[utoipa::path(post, path = "/v1/files/file", tag = "Files", request_body = NewFile,
    responses((status = 200, body = File)))]
async fn make_file(call: Call, Body { given, canonical }: Body<NewFile>) -> Result {
    let viewer = call.viewer();
    let change = move |tx: &mut Tx, actor: &Actor| {
        let (folder, name) = place(tx, actor, given.channel_id, &given.path)?;
        creating::make_file(tx, actor, given.channel_id, folder, &name)
    };
    let show = move |reader: &Reader, _: &Actor, id| {
        let upload_url = Addresses::new(reader, &viewer)?.of(id, Purpose::Upload);
        Ok(File { upload_url: Some(upload_url), ..find(reader, &viewer, id)? })
    };
    call.run(&canonical, change, show).await
}

/// A folder to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewFolder {
    /// Its name, behind the folders that it lies in: `Contracts/2026`. Those that are not there are made.
    #[schema(value_type = schemas::Path)]
    path: String,
    /// The file channel.
    channel_id: ChannelId,
    /// `read_write` where nothing is said.
    client_permissions: Option<Permissions>,
}

/// Make a folder
///
/// A path in use becomes `2026 (2)`.
#[utoipa::path(post, path = "/v1/files/folder", tag = "Files", request_body = NewFolder,
    responses((status = 200, body = File)))]
async fn make_folder(call: Call, Body { given, canonical }: Body<NewFolder>) -> Result {
    let viewer = call.viewer();
    let change = move |tx: &mut Tx, actor: &Actor| {
        let (inside, name) = place(tx, actor, given.channel_id, &given.path)?;
        let id = creating::make_folder(tx, actor, given.channel_id, inside, &name)?;
        if given.client_permissions == Some(Permissions::ReadOnly) {
            permissions::set_read_only(tx, actor, id, true)?;
        }
        Ok(id)
    };
    call.run(&canonical, change, move |reader, _, id| find(reader, &viewer, id)).await
}

/// A link to be made.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewLink {
    /// Its name, behind the folders that it lies in. Those that are not there are made.
    #[schema(value_type = schemas::Path)]
    path: String,
    /// The file channel.
    channel_id: ChannelId,
    /// Where it leads.
    #[schema(value_type = schemas::LinkUrl)]
    link_url: String,
}

/// Make a link
///
/// A path in use gets a number.
#[utoipa::path(post, path = "/v1/files/link", tag = "Files", request_body = NewLink,
    responses((status = 200, body = File)))]
async fn make_link(call: Call, Body { given, canonical }: Body<NewLink>) -> Result {
    let viewer = call.viewer();
    let change = move |tx: &mut Tx, actor: &Actor| {
        let (folder, name) = place(tx, actor, given.channel_id, &given.path)?;
        creating::make_link(tx, actor, given.channel_id, folder, &name, &given.link_url)
    };
    call.run(&canonical, change, move |reader, _, id| find(reader, &viewer, id)).await
}

/// Which files are listed.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
struct Filters {
    /// The file channel.
    #[param(value_type = schemas::Id, required)]
    channel_id: Option<String>,
    /// What lies in this folder and the folders in it.
    #[param(value_type = Option<schemas::Filter>)]
    path: Option<String>,
}

/// List the files of a channel
///
/// Files, folders and links at every level, the newest made first.
#[utoipa::path(get, path = "/v1/files", tag = "Files", params(Filters, PageQuery),
    responses((status = 200, body = List<File>)))]
async fn list(call: Call, Query(filters): Query<Filters>, page: Page) -> Result<Json<List<File>>> {
    let channel: ChannelId =
        query::id("channelId", &filters.channel_id)?.ok_or_else(|| Failure::missing("channelId"))?;
    let path = query::text("path", &filters.path)?;
    let after = page.after_id(Of::Files)?;
    let viewer = call.viewer();
    call.read_list(move |reader, actor| {
        named("channelId", access::channel(reader, actor, channel))?;
        let below = |folder| listing::below(reader, actor, channel, folder, after, page.read());
        let found = match path.as_deref().map(|path| path.trim_matches('/')).filter(|path| !path.is_empty()) {
            None => below(None)?,
            Some(path) => match paths::at_path(reader, actor, channel, path)? {
                Some(folder) if folder.kind == Kind::Folder => below(Some(folder.id))?,
                _ => Vec::new(),
            },
        };
        let place = |entry: &Entry| entry.id.0.as_bytes().to_vec();
        let addresses = Addresses::new(reader, &viewer)?;
        page.list(Of::Files, found, place, |entry| File::read(reader, &addresses, entry))
    })
    .await
}

/// Get a file, a folder or a link
#[utoipa::path(get, path = "/v1/files/{id}", tag = "Files", responses((status = 200, body = File)))]
async fn show(call: Call, PathParam(id): PathParam<FileId>) -> Result<Json<File>> {
    let viewer = call.viewer();
    call.read(move |reader, _| find(reader, &viewer, id)).await
}

bodies! {
    /// What changes about a file, a folder or a link. What is left out stays.
    changes ChangedFile {
        /// Its name from now on, behind the folders that it then lies in. Those that are not there are made.
        path: schemas::Path,
        /// Where a link leads.
        link_url: schemas::LinkUrl,
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FileInput {
    path: Patch<String>,
    link_url: Patch<String>,
}

/// Change a file, a folder or a link
///
/// Renames it, or moves it within its channel, with everything in it. A path in use is refused.
#[utoipa::path(patch, path = "/v1/files/{id}", tag = "Files", request_body = ChangedFile,
    responses((status = 200, body = File)))]
async fn change(
    call: Call,
    PathParam(id): PathParam<FileId>,
    Body { given, .. }: Body<FileInput>,
) -> Result<Json<File>> {
    let viewer = call.viewer();
    call.write(move |tx, actor| {
        let entry = entry::find(tx, actor, id)?;
        if let Patch::Set(path) = &given.path {
            let (folder, name) = place(tx, actor, entry.channel, path)?;
            changing::move_to(tx, actor, entry.channel, &[id], folder)?;
            changing::rename(tx, actor, id, &name).map_err(within_path)?;
        }
        if let Patch::Set(url) = &given.link_url {
            changing::set_link(tx, actor, id, url)?;
        }
        find(tx, &viewer, id)
    })
    .await
}

/// Reports an error of a name as one of the path that ends with it.
fn within_path(error: Error) -> Error {
    match error {
        Error::Field { problem, .. } => Error::field("path", problem),
        other => other,
    }
}

/// Delete a file, a folder or a link
///
/// A folder with something in it is not deleted. Messages that a file was sent with keep its name.
#[utoipa::path(delete, path = "/v1/files/{id}", tag = "Files", responses((status = 200, body = Deleted)))]
async fn delete(call: Call, PathParam(id): PathParam<FileId>) -> Result<Json<Deleted>> {
    call.write(move |tx, actor| {
        let entry = entry::find(tx, actor, id)?;
        changing::delete(tx, actor, entry.channel, &[id], Contents::Refuse)?;
        Ok(Deleted::new(id.0, entry.kind.word()))
    })
    .await
}

/// Bring back a file, a folder or a link
///
/// For 30 days after it was deleted, with everything that was deleted at once with it: where it was, or at the top where its
/// folder is gone. A name in use meanwhile gets a number. What is there stays as it is.
#[utoipa::path(post, path = "/v1/files/{id}/restore", tag = "Files", responses((status = 200, body = File)))]
async fn restore(call: Call, PathParam(id): PathParam<FileId>, Nothing { canonical }: Nothing) -> Result {
    let viewer = call.viewer();
    let show = move |reader: &Reader, _: &Actor, ()| find(reader, &viewer, id);
    call.run(&canonical, move |tx, actor| changing::restore_with(tx, actor, id), show).await
}

/// Download a file
///
/// Its bytes, or the stretch that `Range` asks for (RFC 9110, 14).
#[utoipa::path(get, path = "/v1/files/{id}/download", tag = "Files", responses((status = 200)))]
async fn download(
    call: Call,
    PathParam(id): PathParam<FileId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response> {
    let Json(entry) = call.read(move |reader, actor| entry::find(reader, actor, id)).await?;
    Ok(serving::serve(&call.app, call.actor().workspace, &entry, Rendition::Saved, &method, &headers).await?)
}

/// Where the bytes of a file are.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DownloadUrl {
    /// Needs no key, for 15 minutes.
    download_url: String,
}

/// Get an address to download a file from
#[utoipa::path(get, path = "/v1/files/{id}/download-url", tag = "Files", responses((status = 200, body = DownloadUrl)))]
async fn download_url(call: Call, PathParam(id): PathParam<FileId>) -> Result<Json<DownloadUrl>> {
    let viewer = call.viewer();
    let found = call.read(move |reader, actor| {
        let stored = entry::find(reader, actor, id)?.stored.ok_or(Error::NotFound)?;
        Ok((stored, Addresses::new(reader, &viewer)?.of(id, Purpose::Download)))
    });
    let Json((stored, download_url)) = found.await?;
    if stored.held.is_some() {
        let why = serving::held_back(&stored);
        return Err(Failure::from(Answer::refused(StatusCode::FORBIDDEN, "heldBack", why)));
    }
    Ok(Json(DownloadUrl { download_url }))
}
