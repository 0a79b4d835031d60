//! Moving selected entries: navigate folder by folder to the destination; works without scripts.

use askama::Template;
use domain::channels::channel;
use domain::files::entry::{self, Kind};
use domain::files::{changing, listing, paths, permissions};
use domain::kernel::display;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, FileId};
use serde::{Deserialize, Serialize};
use store::Reader;

use crate::http::answers::Result;
use crate::http::extractors::{Input, PathParam, Query};
use crate::http::forms::{self, CHOICES_MAX, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times;
use crate::http::visit::{FormPage, Visit};
use crate::http::visitor::Visitor;
use crate::pages::files::changing::{Chosen, back};
use crate::pages::files::folder::{At, Crumb, crumbs};
use crate::pages::files::urls::address;
use crate::pages::messages::channel_list::{List, Listing};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/files/{channel}/move", choose).post("/files/{channel}/move", put)
}

/// What is moved, and the folder that is being viewed as a destination.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct MoveQuery {
    #[serde(default)]
    files: Vec<FileId>,
    /// The folder that contains them now.
    #[serde(
        default,
        deserialize_with = "serde_html_form::de::empty_as_none",
        skip_serializing_if = "Option::is_none"
    )]
    inside: Option<FileId>,
    #[serde(
        default,
        deserialize_with = "serde_html_form::de::empty_as_none",
        skip_serializing_if = "Option::is_none"
    )]
    into: Option<FileId>,
}

#[derive(Template)]
#[template(path = "files/move.html")]
struct MovePage {
    layout: Layout,
    list: List,
    channel: ChannelId,
    /// What is moved, in words.
    what: String,
    chosen: Vec<FileId>,
    inside: String,
    into: String,
    /// The name of the folder being viewed.
    name: String,
    cancel: String,
    crumbs: Vec<Crumb>,
    folders: Vec<Crumb>,
    is_cut: bool,
    /// Whether they are in this folder already.
    is_here: bool,
    can_change: bool,
    wrong: FieldError,
}

impl FormPage for MovePage {
    type Asked = (ChannelId, MoveQuery);

    fn read(
        reader: &Reader,
        visitor: &Visitor,
        (channel, wanted): Self::Asked,
        wrong: FieldError,
    ) -> error::Result<MovePage> {
        let actor = &visitor.actor;
        let found = channel::find(reader, actor, channel)?;
        let first = wanted.files.first().ok_or(Error::NotFound)?;
        let first = entry::find(reader, actor, *first)?;
        if first.channel != channel {
            return Err(Error::NotFound);
        }
        entry::folder(reader, actor, channel, wanted.into)?;
        let layout = Layout::read(reader, visitor, Module::Files, "Move")?;
        let zone = times::zone(layout.time_zone.as_deref());
        let to = |into: Option<FileId>| {
            forms::address(&format!("/files/{channel}/move"), &MoveQuery { into, ..wanted.clone() })
        };
        // Folders come before everything else.
        let most = CHOICES_MAX as i64 + 1;
        let below = listing::in_folder(reader, actor, channel, wanted.into, None, most)?;
        let mut folders: Vec<Crumb> = below
            .into_iter()
            .filter(|entry| entry.kind == Kind::Folder && !wanted.files.contains(&entry.id))
            .map(|entry| Crumb { name: display::shown(&entry.name), href: to(Some(entry.id)) })
            .collect();
        let is_cut = folders.len() > CHOICES_MAX;
        folders.truncate(CHOICES_MAX);
        let way = paths::folders_to(reader, actor.workspace, channel, wanted.into)?;
        let mut crumbs = crumbs(reader, visitor, channel, &found.title, wanted.into)?;
        let ids = [None].into_iter().chain(way.iter().map(|(id, _)| Some(*id)));
        crumbs.iter_mut().zip(ids).for_each(|(crumb, id)| crumb.href = to(id));
        let name = crumbs.pop().map_or(found.title, |here| here.name);
        let shown = display::shown(&first.name);
        let id = |id: Option<FileId>| id.map(|id| id.to_string()).unwrap_or_default();
        Ok(MovePage {
            list: List::of(reader, visitor, Module::Files, &Listing::default(), Some(channel), &zone)?,
            what: match wanted.files.len() {
                1 => format!("“{shown}”"),
                more => format!("“{shown}” and {} more", more - 1),
            },
            chosen: wanted.files,
            inside: id(wanted.inside),
            into: id(wanted.into),
            cancel: address(channel, wanted.inside),
            is_here: wanted.inside == wanted.into,
            can_change: permissions::may_change(reader, actor, channel, wanted.into)?,
            layout,
            channel,
            name,
            crumbs,
            folders,
            is_cut,
            wrong,
        })
    }
}

async fn choose(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Query(wanted): Query<MoveQuery>,
) -> Result {
    if wanted.files.is_empty() {
        let nothing = Chosen { files: Vec::new(), inside: wanted.inside };
        return nothing.nothing(visit, channel).await;
    }
    visit.show_form::<MovePage>((channel, wanted), FieldError::default()).await
}

async fn put(
    visit: Visit,
    PathParam(channel): PathParam<ChannelId>,
    Input(wanted): Input<MoveQuery>,
) -> Result {
    let (moved, into) = (wanted.files.clone(), wanted.into);
    match visit.submit(move |tx, actor| changing::move_to(tx, actor, channel, &moved, into)).await? {
        Ok(()) => back(channel, into, &At::done("moved")),
        Err(_) if wanted.files.is_empty() => {
            Chosen { files: Vec::new(), inside: wanted.inside }.nothing(visit, channel).await
        }
        Err(wrong) => visit.show_form::<MovePage>((channel, wanted), wrong).await,
    }
}
