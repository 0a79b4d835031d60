//! Forms that change a folder: uploads without scripts, new folders, links, deleting and restoring. Each leads back to
//! the folder that it was on.

use axum::extract::{Request, State};
use domain::files::changing::{self, Contents, Deletion};
use domain::files::uploads::Purpose;
use domain::files::{creating, entry};
use domain::kernel::error::{self, Error, Problem};
use domain::kernel::ids::{ChannelId, FileId};
use serde::Deserialize;
use uuid::Uuid;

use crate::app::App;
use crate::http::answers::{Answer, Result, redirect};
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, FieldError, checked};
use crate::http::routes::Routes;
use crate::http::visitor::Visitor;
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
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
    Query(Inside { inside }): Query<Inside>,
    request: Request,
) -> Result {
    let actor = visitor.actor;
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
    show(&app, visitor, (channel, inside), At::default(), refused).await
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
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
    Input(made): Input<Made>,
) -> Result {
    let (actor, inside, name) = (visitor.actor, made.inside, made.name.clone());
    let outcome =
        app.store().write(move |tx| creating::make_folder(tx, &actor, channel, inside, &name)).await;
    answer(&app, visitor, channel, made, "folder", outcome).await
}

async fn make_link(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
    Input(made): Input<Made>,
) -> Result {
    let (actor, inside) = (visitor.actor, made.inside);
    let (name, url) = (made.name.clone(), made.url.clone());
    let outcome =
        app.store().write(move |tx| creating::make_link(tx, &actor, channel, inside, &name, &url)).await;
    answer(&app, visitor, channel, made, "link", outcome).await
}

async fn answer(
    app: &App,
    visitor: Visitor,
    channel: ChannelId,
    made: Made,
    form: &'static str,
    outcome: error::Result<FileId>,
) -> Result {
    let inside = made.inside;
    let wrong: FieldError = match checked(outcome)? {
        Ok(_) => return back(channel, inside, &At::done("made")),
        Err(wrong) => wrong,
    };
    let problem = wrong.above().map(str::to_string);
    let refused = Refused { form, name: made.name, url: made.url, wrong, problem };
    show(app, visitor, (channel, inside), At::default(), refused).await
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
    pub(crate) async fn nothing(self, app: &App, visitor: Visitor, channel: ChannelId) -> Result {
        let problem = Some("Please choose at least one file or folder.".to_string());
        let refused = Refused { problem, ..Refused::default() };
        show(app, visitor, (channel, self.inside), At::default(), refused).await
    }
}

async fn delete(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
    Input(chosen): Input<Chosen>,
) -> Result {
    if chosen.files.is_empty() {
        return chosen.nothing(&app, visitor, channel).await;
    }
    let (actor, inside) = (visitor.actor, chosen.inside);
    let Deletion(deletion) = app
        .store()
        .write(move |tx| changing::delete(tx, &actor, channel, &chosen.files, Contents::GoToo))
        .await?;
    back(channel, inside, &At { deletion: Some(deletion), ..At::done("deleted") })
}

#[derive(Deserialize)]
struct Restored {
    deletion: Uuid,
    #[serde(default, deserialize_with = "serde_html_form::de::empty_as_none")]
    inside: Option<FileId>,
}

async fn restore(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
    Input(restored): Input<Restored>,
) -> Result {
    let actor = visitor.actor;
    let deletion = Deletion(restored.deletion);
    app.store().write(move |tx| changing::restore(tx, &actor, channel, deletion)).await?;
    back(channel, restored.inside, &At::done("restored"))
}
