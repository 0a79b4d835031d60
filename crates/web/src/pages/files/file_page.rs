//! The page of a file or link (F11): shown or played in place if that is safe, with the previous and the next file of
//! its folder.

use askama::Template;
use domain::channels::channel;
use domain::files::content::Class;
use domain::files::entry::{self, Entry, Kind, Stored};
use domain::files::{browsing, permissions};
use domain::kernel::ids::{ChannelId, FileId};
use domain::kernel::{display, error};
use store::Reader;

use crate::http::answers::Result;
use crate::http::layout::{Layout, Module};
use crate::http::times;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::files::entries::{Row, host, state};
use crate::pages::files::serving::held_back;
use crate::pages::files::urls;
use crate::pages::messages::channel_list::{List, Listing};

/// How the page shows the file.
enum Seen {
    Picture {
        src: String,
        width: i64,
        height: i64,
    },
    /// The first page of a PDF.
    Page {
        src: String,
        width: i64,
        height: i64,
    },
    Video(String),
    Audio(String),
    /// Only a description.
    Plain,
    /// A link's address and its host.
    Link(String, String),
    /// Why it is currently unavailable.
    Away(&'static str),
}

#[derive(Template)]
#[template(path = "files/file_page.html")]
struct FilePage {
    layout: Layout,
    list: List,
    channel: ChannelId,
    /// The address and name of the folder that contains it.
    up: String,
    above: String,
    row: Row,
    seen: Seen,
    previous: Option<FileId>,
    next: Option<FileId>,
    download: String,
    can_change: bool,
}

impl FilePage {
    fn read(reader: &Reader, visitor: &Visitor, entry: &Entry) -> error::Result<FilePage> {
        let actor = &visitor.actor;
        let channel = entry.channel;
        let found = channel::find(reader, actor, channel)?;
        let (previous, next) = match entry.kind {
            Kind::File => browsing::beside(reader, actor, entry.id)?,
            _ => (None, None),
        };
        let name = display::shown(&entry.name);
        let layout = Layout::read(reader, visitor, Module::Files, &name)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let above = entry::folder(reader, actor, channel, entry.folder)?;
        Ok(FilePage {
            list: List::of(reader, visitor, Module::Files, &Listing::default(), Some(channel), &zone)?,
            layout,
            channel,
            up: urls::address(channel, entry.folder),
            above: above.map_or(found.title, |above| display::shown(&above.name)),
            row: Row::of(entry, actor, reader.now(), &zone),
            seen: seen(entry),
            previous,
            next,
            download: format!("/files/{channel}/{}/download", entry.id),
            can_change: permissions::may_change(reader, actor, channel, entry.folder)?,
        })
    }
}

fn seen(entry: &Entry) -> Seen {
    if let Some(url) = &entry.link_url {
        return Seen::Link(url.clone(), host(url).to_string());
    }
    let Some(stored) = &entry.stored else { return Seen::Away("This file has not been uploaded yet.") };
    if state(entry).is_some() {
        return Seen::Away(held_back(stored));
    }
    let bytes = |way: &str| format!("/files/{}/{}/{way}", entry.channel, entry.id);
    match (entry.class(), stored) {
        (Class::Picture, Stored { dimensions: Some((width, height)), .. }) => {
            Seen::Picture { src: bytes("content"), width: *width, height: *height }
        }
        (Class::Pdf, Stored { small: Some((width, height)), .. }) => {
            Seen::Page { src: bytes("small"), width: *width, height: *height }
        }
        (Class::Video, _) => Seen::Video(bytes("content")),
        (Class::Audio, _) => Seen::Audio(bytes("content")),
        _ => Seen::Plain,
    }
}

/// Shows a file or link. The caller must have checked read access.
pub(crate) async fn show(visit: Visit, entry: Entry) -> Result {
    visit.show(move |reader, visitor| FilePage::read(reader, visitor, &entry)).await
}
