//! Several entries as one ZIP archive, written while it is sent (F6).

use std::io;
use std::sync::Arc;

use axum::http::header::{self, HeaderValue};
use axum::response::IntoResponse;
use domain::channels::channel;
use domain::files::browsing::{self, Packed};
use domain::files::entry::Kind;
use domain::files::names;
use domain::kernel::error::Error;
use domain::kernel::ids::{ChannelId, WorkspaceId};
use outbound::blobs::Content;

use crate::http::answers::Result;
use crate::http::exports;
use crate::http::extractors::{Input, PathParam};
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::http::zip_archive::Archive;
use crate::pages::files::changing::Chosen;
use crate::pages::files::serving::disposition;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.post("/files/{channel}/zip", pack)
}

async fn pack(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(chosen): Input<Chosen>,
) -> Result {
    if chosen.files.is_empty() {
        return chosen.nothing(visit, channel).await;
    }
    let (app, actor) = (visit.app, visit.visitor.actor);
    let (title, packed) = app
        .store()
        .read_long(move |reader| {
            let packed = browsing::packed(reader, &actor, channel, &chosen.files)?;
            Ok::<_, Error>((channel::find(reader, &actor, channel)?.title, packed))
        })
        .await?;
    // A single folder gives the archive its name.
    let name = match packed.first() {
        Some(Packed { path, entry }) if entry.kind == Kind::Folder && chosen_one(&packed) => path.clone(),
        _ => names::FileName::or("name", &title, "Files")?.safe,
    };
    let (pieces, body) = exports::body();
    let mut archive = Archive::new(Arc::clone(&app.web.blobs), pieces);
    tokio::spawn(async move {
        if let Err(error) = write(&mut archive, actor.workspace, packed).await {
            archive.break_off(&error).await;
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, disposition("attachment", &format!("{name}.zip"))),
    ];
    Ok((headers, body).into_response())
}

/// Whether everything is inside the first entry.
fn chosen_one(packed: &[Packed]) -> bool {
    packed.iter().skip(1).all(|packed| packed.path.contains('/'))
}

async fn write(archive: &mut Archive, workspace: WorkspaceId, packed: Vec<Packed>) -> io::Result<()> {
    for Packed { path, entry } in packed {
        let at = Some(entry.updated_at);
        match (entry.kind, &entry.stored) {
            (Kind::Folder, _) => archive.folder(&path, at)?,
            (Kind::Link, _) => {
                archive.begin(&format!("{path}.url"), at)?;
                let url = entry.link_url.as_deref().unwrap_or_default();
                archive.write(&format!("[InternetShortcut]\r\nURL={url}\r\n"))?;
            }
            (Kind::File, Some(stored)) if stored.held.is_none() => {
                let content = Content::new(workspace.0, stored.blob.0, stored.size, stored.hash);
                archive.file(&path, content, at).await?;
            }
            (Kind::File, _) => archive.leave_out(path),
        }
        archive.send().await?;
    }
    archive.end("").await
}
