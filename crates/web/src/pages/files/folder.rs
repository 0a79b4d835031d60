//! The page of a file channel or of a folder in it (F6): its entries and the forms that add to it.

use askama::Template;
use axum::http::StatusCode;
use domain::channels::channel;
use domain::files::changing::Deletion;
use domain::files::entry::{self, Entry, Kind};
use domain::files::{browsing, listing, paths, permissions, uploads};
use domain::kernel::ids::{ChannelId, FileId};
use domain::kernel::{display, error};
use serde::{Deserialize, Serialize};
use store::Reader;
use uuid::Uuid;

use crate::http::answers::{Answer, Result, page};
use crate::http::avatars::Avatar;
use crate::http::extractors::{PathParam, Query};
use crate::http::forms::{self, FieldError};
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::http::{paging, times};
use crate::pages::files::entries::Row;
use crate::pages::files::file_page;
use crate::pages::files::urls::address;
use crate::pages::messages::channel_list::{List, Listing, face};

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/files/{channel}", top).get("/files/{channel}/{file}", entry)
}

/// The query of a folder's address.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct At {
    /// The last entry of the previous page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<FileId>,
    /// What was just done, so that the page can confirm it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) done: String,
    /// The deletion that can be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deletion: Option<Uuid>,
}

impl At {
    pub(crate) fn done(word: &str) -> At {
        At { done: word.to_string(), ..At::default() }
    }
}

/// A form of this page that was refused, with its input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refused {
    /// `folder`, `link`, or empty for any other form.
    pub(crate) form: &'static str,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) wrong: FieldError,
    /// What belongs to no field.
    pub(crate) problem: Option<String>,
}

/// A folder on the path to another.
pub(crate) struct Crumb {
    pub(crate) name: String,
    pub(crate) href: String,
}

/// A deletion that can be undone.
struct Undo {
    deletion: Uuid,
    words: String,
}

#[derive(Template)]
#[template(path = "files/folder.html")]
pub(crate) struct FolderPage {
    layout: Layout,
    list: List,
    channel: ChannelId,
    title: String,
    face: Avatar,
    /// The folder's id; empty at the top.
    inside: String,
    /// The address one level up.
    up: String,
    crumbs: Vec<Crumb>,
    name: String,
    is_read_only: bool,
    rows: Vec<Row>,
    listing: paging::Listing,
    can_change: bool,
    has_left: bool,
    done: String,
    undo: Option<Undo>,
    refused: Refused,
    /// The size limit of a file in bytes, for people and for scripts.
    most: i64,
}

impl FolderPage {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        (channel, inside): (ChannelId, Option<FileId>),
        at: &At,
        refused: Refused,
        room: &uploads::StorageLimits,
    ) -> error::Result<FolderPage> {
        let actor = &visitor.actor;
        let found = channel::find(reader, actor, channel)?;
        let folder = entry::folder(reader, actor, channel, inside)?;
        let name = folder.as_ref().map_or(found.title.clone(), |folder| display::shown(&folder.name));
        let layout = Layout::read(reader, visitor, Module::Files, &name)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let mut entries = listing::in_folder(reader, actor, channel, inside, at.after, listing::PAGE + 1)?;
        let here = address(channel, inside);
        let listing = cut(&here, at, &mut entries);
        let mut crumbs = crumbs(reader, visitor, channel, &found.title, inside)?;
        crumbs.pop();
        let undo = match at.deletion {
            Some(deletion) => browsing::deleted(reader, actor, channel, Deletion(deletion))?
                .map(|deleted| Undo { deletion, words: words(&deleted) }),
            None => None,
        };
        Ok(FolderPage {
            list: List::of(reader, visitor, Module::Files, &Listing::default(), Some(channel), &zone)?,
            rows: entries.iter().map(|entry| Row::of(entry, actor, reader.now(), &zone)).collect(),
            can_change: permissions::may_change(reader, actor, channel, inside)?,
            most: uploads::file_max(reader, actor.workspace, room)?,
            face: face(visitor, &found),
            has_left: found.left_at.is_some(),
            is_read_only: match &folder {
                Some(folder) => folder.read_only_at.is_some(),
                None => permissions::is_channel_read_only(reader, actor.workspace, channel)?,
            },
            up: crumbs.last().map_or("/files".to_string(), |crumb| crumb.href.clone()),
            inside: inside.map(|inside| inside.to_string()).unwrap_or_default(),
            title: found.title,
            done: at.done.clone(),
            layout,
            channel,
            crumbs,
            name,
            listing,
            undo,
            refused,
        })
    }

    fn most_in_words(&self) -> String {
        display::size(self.most)
    }

    /// The confirmation of what was just done.
    fn said(&self) -> Option<&'static str> {
        match self.done.as_str() {
            "uploaded" => Some("Uploaded."),
            "made" => Some("Added."),
            "saved" => Some("Saved."),
            "moved" => Some("Moved here."),
            "restored" => Some("Brought back."),
            "deleted" if self.undo.is_none() => Some("Deleted."),
            _ => None,
        }
    }

    fn is_top(&self) -> bool {
        self.inside.is_empty()
    }
}

fn words(deleted: &browsing::Deleted) -> String {
    let first = display::shown(&deleted.first);
    match deleted.count {
        0 | 1 => format!("“{first}” was deleted."),
        2 => format!("“{first}” and 1 more were deleted."),
        more => format!("“{first}” and {} more were deleted.", more - 1),
    }
}

/// Cuts the entries to one page. One more than a page was read, to know whether another follows.
fn cut(here: &str, at: &At, entries: &mut Vec<Entry>) -> paging::Listing {
    let page = listing::PAGE as usize;
    let is_longer = entries.len() > page;
    entries.truncate(page);
    let next = entries.last().filter(|_| is_longer).map(|last| last.id);
    paging::Listing {
        find: String::new(),
        archived: false,
        first: at.after.is_some().then(|| here.to_string()),
        next: next.map(|last| forms::address(here, &At { after: Some(last), ..At::default() })),
    }
}

/// The path from a channel to one of its folders, including that folder.
pub(crate) fn crumbs(
    reader: &Reader,
    visitor: &Visitor,
    channel: ChannelId,
    title: &str,
    folder: Option<FileId>,
) -> error::Result<Vec<Crumb>> {
    let way = paths::folders_to(reader, visitor.actor.workspace, channel, folder)?;
    let top = Crumb { name: title.to_string(), href: address(channel, None) };
    let below = way
        .into_iter()
        .map(|(id, name)| Crumb { name: display::shown(&name.given), href: address(channel, Some(id)) });
    Ok([top].into_iter().chain(below).collect())
}

/// The page of a folder, with what was wrong with one of its forms.
pub(crate) async fn show(
    visit: Visit,
    place: (ChannelId, Option<FileId>),
    at: At,
    refused: Refused,
) -> Result {
    let status = match (refused.wrong.status(), &refused.problem) {
        (StatusCode::OK, Some(_)) => StatusCode::BAD_REQUEST,
        (status, _) => status,
    };
    let (room, store) = (visit.app.web.room, visit.app.store().clone());
    let read = move |reader: &Reader| FolderPage::read(reader, &visit.visitor, place, &at, refused, &room);
    page(status, &store.read(read).await?)
}

async fn top(visit: Visit, PathParam(channel): PathParam<ChannelId>, Query(at): Query<At>) -> Result {
    show(visit, (channel, None), at, Refused::default()).await
}

/// The page of any entry: a folder's contents, or the page of a file or link.
async fn entry(
    visit: Visit,
    PathParam((channel, file)): PathParam<(ChannelId, FileId)>,
    Query(at): Query<At>,
) -> Result {
    let actor = visit.actor();
    let found = visit.app.store().read(move |reader| entry::find(reader, &actor, file)).await?;
    if found.channel != channel {
        return Err(Answer::not_found());
    }
    if found.kind == Kind::Folder {
        show(visit, (channel, Some(file)), at, Refused::default()).await
    } else {
        file_page::show(visit, found).await
    }
}
