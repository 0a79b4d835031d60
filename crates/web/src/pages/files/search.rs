//! The page for searching files by name, in one's own channels or in one of them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use askama::Template;
use domain::channels::channel;
use domain::files::listing;
use domain::kernel::ids::{ChannelId, FileId};
use domain::kernel::{error, limits};
use serde::{Deserialize, Serialize};
use store::Reader;

use crate::http::answers::Result;
use crate::http::extractors::Query;
use crate::http::layout::{Layout, Module};
use crate::http::paging;
use crate::http::routes::Routes;
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::http::{forms, times};
use crate::pages::files::entries::Row;
use crate::pages::messages::channel_list::{List, Listing};

/// Results on one page.
const FOUND: usize = 50;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/files/search", find)
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct SearchQuery {
    #[serde(default)]
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<ChannelId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<FileId>,
}

#[derive(Template)]
#[template(path = "files/search.html")]
struct SearchPage {
    layout: Layout,
    list: List,
    words: String,
    /// The id and title of the channel, if only one is searched.
    within: Option<(ChannelId, String)>,
    /// Each entry with its channel's title.
    found: Vec<(Row, String)>,
    next: Option<String>,
}

impl SearchPage {
    fn read(reader: &Reader, visitor: &Visitor, wanted: &SearchQuery) -> error::Result<SearchPage> {
        let actor = &visitor.actor;
        let words: String = wanted.words.trim().chars().take(limits::NAME_CHARACTERS).collect();
        let within = match wanted.channel {
            Some(channel) => Some((channel, channel::find(reader, actor, channel)?.title)),
            None => None,
        };
        let title = match &within {
            Some((_, title)) => format!("Search files of {title}"),
            None => "Search files".to_string(),
        };
        let layout = Layout::read(reader, visitor, Module::Files, &title)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let most = FOUND as i64 + 1;
        let mut entries = listing::search(reader, actor, &words, wanted.channel, wanted.after, most)?;
        let last = paging::cut_to(&mut entries, FOUND, |entry| entry.id);
        let next = last.map(|after| {
            forms::address("/files/search", &SearchQuery { after: Some(after), ..wanted.clone() })
        });
        let mut titles: HashMap<ChannelId, String> = HashMap::new();
        let mut found = Vec::with_capacity(entries.len());
        for entry in &entries {
            if let Entry::Vacant(place) = titles.entry(entry.channel) {
                place.insert(channel::find(reader, actor, entry.channel)?.title);
            }
            let title = titles.get(&entry.channel).cloned().unwrap_or_default();
            found.push((Row::of(entry, actor, reader.now(), &zone), title));
        }
        let list = List::of(reader, visitor, Module::Files, &Listing::default(), wanted.channel, &zone)?;
        Ok(SearchPage { layout, list, words, within, found, next })
    }
}

async fn find(visit: Visit, Query(wanted): Query<SearchQuery>) -> Result {
    visit.show_long(move |reader, visitor| SearchPage::read(reader, visitor, &wanted)).await
}
