//! The page that renames an entry, changes a link's address, and makes a folder read-only for client users (F6). A whole
//! channel is made read-only here too, from its own page.

use askama::Template;
use domain::files::entry::{self, Entry, Kind};
use domain::files::{changing, permissions};
use domain::kernel::access::Actor;
use domain::kernel::display;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, FileId};
use serde::Deserialize;
use store::Reader;

use crate::http::answers::Result;
use crate::http::extractors::{Input, PathParam};
use crate::http::forms::FieldError;
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visit::{FormPage, Visit};
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

impl FormPage for EditPage {
    type Asked = ((ChannelId, FileId), Option<Edited>);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        ((channel, file), typed): Self::Asked,
        wrong: FieldError,
    ) -> error::Result<EditPage> {
        let actor = &visitor.actor;
        let entry = changeable(reader, actor, channel, file)?;
        let layout = Layout::read(reader, visitor, Module::Files, &display::shown(&entry.name))?;
        let zone = times::zone(layout.time_zone.as_deref());
        let edited = typed.unwrap_or_else(|| Edited {
            name: entry.name.clone(),
            url: entry.link_url.clone().unwrap_or_default(),
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
fn changeable(reader: &Reader, actor: &Actor, channel: ChannelId, file: FileId) -> error::Result<Entry> {
    let entry = entry::find(reader, actor, file)?;
    if entry.channel != channel {
        return Err(Error::NotFound);
    }
    let inside = if entry.kind == Kind::Folder { Some(entry.id) } else { entry.folder };
    if permissions::may_change(reader, actor, channel, inside)? { Ok(entry) } else { Err(Error::Forbidden) }
}

async fn form(visit: Visit, PathParam(place): PathParam<(ChannelId, FileId)>) -> Result {
    visit.show_form::<EditPage>((place, None), FieldError::default()).await
}

async fn edit(
    visit: Visit,
    PathParam((channel, file)): PathParam<(ChannelId, FileId)>,
    Input(edited): Input<Edited>,
) -> Result {
    let wanted = edited.clone();
    let changed = visit.submit(move |tx, actor| {
        let entry = changeable(tx, actor, channel, file)?;
        if entry.kind == Kind::Link && entry.link_url.as_deref() != Some(wanted.url.trim()) {
            changing::set_link(tx, actor, file, &wanted.url)?;
        }
        changing::rename(tx, actor, file, &wanted.name)?;
        Ok(entry.folder)
    });
    match changed.await? {
        Ok(folder) => back(channel, folder, &At::done("saved")),
        Err(wrong) => visit.show_form::<EditPage>(((channel, file), Some(edited)), wrong).await,
    }
}

#[derive(Deserialize)]
struct ReadOnly {
    /// A checkbox: any value makes it read-only.
    #[serde(rename = "readOnly")]
    read_only: Option<String>,
}

async fn set_read_only(
    visit: Visit,
    PathParam((channel, file)): PathParam<(ChannelId, FileId)>,
    Input(wanted): Input<ReadOnly>,
) -> Result {
    let read_only = wanted.read_only.is_some();
    let folder = visit.write(move |tx, actor| {
        let entry = changeable(tx, actor, channel, file)?;
        permissions::set_read_only(tx, actor, file, read_only)?;
        Ok(entry.folder)
    });
    back(channel, folder.await?, &At::done("saved"))
}

async fn set_channel_read_only(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(wanted): Input<ReadOnly>,
) -> Result {
    let read_only = wanted.read_only.is_some();
    visit.write(move |tx, actor| permissions::set_channel_read_only(tx, actor, channel, read_only)).await?;
    back(channel, None, &At::done("saved"))
}
