//! Forms that change a folder: uploads without scripts, new folders, links, deleting and restoring. Each leads back to
//! the folder that it was on.

use axum::extract::Request;
use domain::files::changing::{self, Contents, Deletion};
use domain::files::uploads::Purpose;
use domain::files::{creating, entry};
use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{ChannelId, FileId};
use serde::Deserialize;
use store::Tx;
use uuid::Uuid;

use crate::http::answers::{Answer, Result, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, FieldError};
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::pages::files::folder::{At, Refused, show};
use crate::pages::files::urls::address;
use crate::uploads::form;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/files/{channel}/upload", upload)
        .post("/files/{channel}/folder", make_folder)
        .post("/files/{channel}/link", make_link)
        .post("/files/{channel}/delete", delete)
        .post("/files/{channel}/restore", restore)
}

/// The folder that a form acts in; `None` is the top.
#[derive(Clone, Debug, Default, Deserialize)]
struct Inside {
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    inside: Option<FileId>,
}

/// Redirects to the folder that a form acted in.
pub(crate) fn back(channel: ChannelId, inside: Option<FileId>, at: &At) -> Result {
    Ok(redirect(&forms::address(&address(channel, inside), at)))
}

/// Takes files without scripts (F10). If one is refused, those before it are kept.
async fn upload(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Query(Inside { inside }): Query<Inside>,
    request: Request,
) -> Result {
    let (app, actor) = (visit.app.clone(), visit.actor());
    app.store().read(move |reader| entry::folder(reader, &actor, channel, inside)).await?;
    let purpose = Purpose::Folder(inside);
    let Ok(form) = form::read(&app, Some((actor, channel)), purpose, request).await else {
        return Err(Answer::from(Error::field("files", Problem::Empty)));
    };
    let form = form?;
    let problem = match &form.refused {
        Some(refused) => refused.message().to_string(),
        None if form.files == 0 => "Please choose at least one file.".to_string(),
        None => return back(channel, inside, &At::done("uploaded")),
    };
    let refused = Refused { problem: Some(problem), ..Refused::default() };
    show(visit, (channel, inside), At::default(), refused).await
}

#[derive(Clone, Deserialize)]
struct Made {
    #[serde(default)]
    name: String,
    #[serde(default, rename = "linkUrl")]
    url: String,
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    inside: Option<FileId>,
}

async fn make_folder(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(made): Input<Made>,
) -> Result {
    let (inside, name) = (made.inside, made.name.clone());
    let folder =
        visit.submit(move |tx, actor| creating::make_folder(tx, actor, channel, inside, &name)).await?;
    answer(visit, channel, made, "folder", folder).await
}

async fn make_link(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(made): Input<Made>,
) -> Result {
    let Made { inside, name, url } = made.clone();
    let link =
        visit.submit(move |tx, actor| creating::make_link(tx, actor, channel, inside, &name, &url)).await?;
    answer(visit, channel, made, "link", link).await
}

async fn answer(
    visit: Visit,
    channel: ChannelId,
    made: Made,
    form: &'static str,
    outcome: std::result::Result<FileId, FieldError>,
) -> Result {
    let inside = made.inside;
    let Err(wrong) = outcome else { return back(channel, inside, &At::done("made")) };
    let problem = wrong.above().map(str::to_string);
    let refused = Refused { form, name: made.name, url: made.url, wrong, problem };
    show(visit, (channel, inside), At::default(), refused).await
}

/// Entries selected in a folder.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    pub(crate) files: Vec<FileId>,
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    pub(crate) inside: Option<FileId>,
}

impl Chosen {
    /// Nothing was selected: shows the folder with a hint.
    pub(crate) async fn nothing(self, visit: Visit, channel: ChannelId) -> Result {
        let problem = Some("Please choose at least one file or folder.".to_string());
        let refused = Refused { problem, ..Refused::default() };
        show(visit, (channel, self.inside), At::default(), refused).await
    }
}

async fn delete(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(chosen): Input<Chosen>,
) -> Result {
    if chosen.files.is_empty() {
        return chosen.nothing(visit, channel).await;
    }
    let inside = chosen.inside;
    let delete = move |tx: &mut Tx, actor: &Actor| {
        changing::delete(tx, actor, channel, &chosen.files, Contents::GoToo)
    };
    let Deletion(deletion) = visit.write(delete).await?;
    back(channel, inside, &At { deletion: Some(deletion), ..At::done("deleted") })
}

#[derive(Deserialize)]
struct Restored {
    deletion: Uuid,
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    inside: Option<FileId>,
}

async fn restore(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(restored): Input<Restored>,
) -> Result {
    let deletion = Deletion(restored.deletion);
    visit.write(move |tx, actor| changing::restore(tx, actor, channel, deletion)).await?;
    back(channel, restored.inside, &At::done("restored"))
}
