//! The page that renames an entry, changes a link's address, and makes a folder read-only for client users (F6). A whole
//! channel is made read-only here too, from its own page.

use askama::Template;
use axum::extract::State;
use domain::files::entry::{self, Entry, Kind};
use domain::files::{changing, permissions};
use domain::kernel::display;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, FileId};
use serde::Deserialize;
use store::Reader;

use crate::app::App;
use crate::http::answers::{Result, page};
use crate::http::extractors::{Input, PathParam};
use crate::http::forms::{FieldError, checked};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visitor::Visitor;
use crate::pages::files::changing::back;
use crate::pages::files::entries::Row;
use crate::pages::files::folder::At;
use crate::pages::files::urls::address;
use crate::pages::messages::channel_list::{List, Listing};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/files/{channel}/{file}/edit", form)
        .post("/files/{channel}/{file}/edit", edit)
        .post("/files/{channel}/{file}/read-only", set_read_only)
        .post("/files/{channel}/read-only", set_channel_read_only)
}

/// What the page shows of an entry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Edited {
    name: String,
    /// Only for links.
    #[serde(rename = "linkUrl")]
    url: String,
}

#[derive(Template)]
#[template(path = "files/edit.html")]
struct EditPage {
    layout: Layout,
    list: List,
    channel: ChannelId,
    row: Row,
    /// The address of the folder that contains it, and that folder's id.
    up: String,
    inside: String,
    is_link: bool,
    edited: Edited,
    wrong: FieldError,
}

impl EditPage {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (channel, file): (ChannelId, FileId),
        given: Option<(Edited, FieldError)>,
    ) -> error::Result<EditPage> {
        let actor = &visitor.actor;
        let entry = changeable(reader, visitor, channel, file)?;
        let layout = Layout::read(reader, visitor, Module::Files, &display::shown(&entry.name))?;
        let zone = times::zone(layout.time_zone.as_deref());
        let (edited, wrong) = given.unwrap_or_else(|| {
            let url = entry.link_url.clone().unwrap_or_default();
            (Edited { name: entry.name.clone(), url }, FieldError::default())
        });
        Ok(EditPage {
            list: List::of(reader, visitor, Module::Files, &Listing::default(), Some(channel), &zone)?,
            row: Row::of(&entry, actor, reader.now(), &zone),
            up: address(channel, entry.folder),
            inside: entry.folder.map(|folder| folder.to_string()).unwrap_or_default(),
            is_link: entry.kind == Kind::Link,
            layout,
            channel,
            edited,
            wrong,
        })
    }
}

/// Finds an entry of this channel that the actor may change.
fn changeable(reader: &Reader, visitor: &Visitor, channel: ChannelId, file: FileId) -> error::Result<Entry> {
    let entry = entry::find(reader, &visitor.actor, file)?;
    if entry.channel != channel {
        return Err(Error::NotFound);
    }
    let inside = if entry.kind == Kind::Folder { Some(entry.id) } else { entry.folder };
    if permissions::may_change(reader, &visitor.actor, channel, inside)? {
        Ok(entry)
    } else {
        Err(Error::Forbidden)
    }
}

async fn form(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(place): PathParam<(ChannelId, FileId)>,
) -> Result {
    let found = app.store().read(move |reader| EditPage::read(reader, &visitor, place, None)).await?;
    page(found.wrong.status(), &found)
}

async fn edit(
    State(app): State<App>,
    visitor: Visitor,
    PathParam((channel, file)): PathParam<(ChannelId, FileId)>,
    Input(edited): Input<Edited>,
) -> Result {
    let (asking, wanted) = (visitor.clone(), edited.clone());
    let outcome = app
        .store()
        .write(move |tx| {
            let entry = changeable(tx, &asking, channel, file)?;
            if entry.kind == Kind::Link && entry.link_url.as_deref() != Some(wanted.url.trim()) {
                changing::set_link(tx, &asking.actor, file, &wanted.url)?;
            }
            changing::rename(tx, &asking.actor, file, &wanted.name)?;
            Ok(entry.folder)
        })
        .await;
    let wrong = match checked(outcome)? {
        Ok(folder) => return back(channel, folder, &At::done("saved")),
        Err(wrong) => wrong,
    };
    let again = app
        .store()
        .read(move |reader| EditPage::read(reader, &visitor, (channel, file), Some((edited, wrong))))
        .await?;
    page(again.wrong.status(), &again)
}

#[derive(Deserialize)]
struct ReadOnly {
    /// A checkbox: any value makes it read-only.
    #[serde(rename = "readOnly")]
    read_only: Option<String>,
}

async fn set_read_only(
    State(app): State<App>,
    visitor: Visitor,
    PathParam((channel, file)): PathParam<(ChannelId, FileId)>,
    Input(wanted): Input<ReadOnly>,
) -> Result {
    let read_only = wanted.read_only.is_some();
    let folder = app
        .store()
        .write(move |tx| {
            let entry = changeable(tx, &visitor, channel, file)?;
            permissions::set_read_only(tx, &visitor.actor, file, read_only)?;
            Ok::<_, Error>(entry.folder)
        })
        .await?;
    back(channel, folder, &At::done("saved"))
}

async fn set_channel_read_only(
    State(app): State<App>,
    visitor: Visitor,
    PathParam(channel): PathParam<ChannelId>,
    Input(wanted): Input<ReadOnly>,
) -> Result {
    let read_only = wanted.read_only.is_some();
    app.store()
        .write(move |tx| permissions::set_channel_read_only(tx, &visitor.actor, channel, read_only))
        .await?;
    back(channel, None, &At::done("saved"))
}
