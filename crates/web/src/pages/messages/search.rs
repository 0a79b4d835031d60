//! The page for searching one's own channels (M8).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use askama::Template;
use domain::channels::channel;
use domain::formatting::plain_text;
use domain::kernel::ids::{ChannelId, MessageId};
use domain::kernel::{error, limits};
use domain::messages::search::{self, Cursor, Found};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{Reader, Time};

use crate::app::App;
use crate::http::answers::Result;
use crate::http::avatars::Avatar;
use crate::http::extractors::Query;
use crate::http::layout::{Layout, Module};
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::messages::channel_list::{List, Listing};

/// Results on one page.
const FOUND: i64 = 20;
/// Characters shown of each result.
const SHOWN_CHARACTERS: usize = 280;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/messages/search", find)
}

#[derive(Clone, Debug, Default, Deserialize)]
struct SearchQuery {
    #[serde(default)]
    words: String,
    channel: Option<ChannelId>,
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "messages/search.html")]
struct SearchPage {
    layout: Layout,
    list: List,
    words: String,
    /// The id and title of the channel, if only one is searched.
    within: Option<(ChannelId, String)>,
    results: Vec<FoundMessage>,
    /// The address of the next page.
    more: Option<String>,
}

struct FoundMessage {
    id: MessageId,
    channel: ChannelId,
    channel_title: String,
    author: String,
    face: Avatar,
    at: Shown,
    text: String,
}

impl SearchPage {
    fn read(reader: &Reader, visitor: &Visitor, wanted: &SearchQuery) -> error::Result<SearchPage> {
        let actor = &visitor.actor;
        let words: String = wanted.words.trim().chars().take(limits::NAME_CHARACTERS).collect();
        // An invalid cursor starts at the beginning.
        let before: Option<Cursor> = wanted.before.as_deref().and_then(|text| text.parse().ok());
        let within = match wanted.channel {
            Some(channel) => Some((channel, channel::find(reader, actor, channel)?.title)),
            None => None,
        };
        let title = match &within {
            Some((_, title)) => format!("Search in {title}"),
            None => "Search messages".to_string(),
        };
        let layout = Layout::read(reader, visitor, Module::Messages, &title)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let found = if words.is_empty() {
            Vec::new()
        } else {
            search::messages(reader, actor, &words, wanted.channel, before, FOUND)?
        };
        let is_full = found.len() as i64 == FOUND;
        let more = found.last().filter(|_| is_full).map(|last| last.cursor.to_string());
        let mut titles = HashMap::new();
        for found in &found {
            let channel = found.message.channel;
            if let Entry::Vacant(place) = titles.entry(channel) {
                place.insert(channel::find(reader, actor, channel)?.title);
            }
        }
        let results = found.into_iter().map(|found| shown(found, &titles, reader.now(), &zone)).collect();
        let list = List::read(reader, visitor, &Listing::default(), None, &zone)?;
        Ok(SearchPage { layout, list, words, within, results, more })
    }
}

fn shown(found: Found, titles: &HashMap<ChannelId, String>, now: Time, zone: &TimeZone) -> FoundMessage {
    let message = found.message;
    FoundMessage {
        id: message.id,
        channel: message.channel,
        channel_title: titles.get(&message.channel).cloned().unwrap_or_default(),
        author: message.author_name.full(),
        face: Avatar::of_person(message.author.0, &message.author_name),
        at: times::shown(message.sent_at, now, zone),
        text: plain_text::plain(&message.text, SHOWN_CHARACTERS),
    }
}

/// Indexes everything sent so far, so that a search finds it.
pub(crate) async fn catch_up(app: &App) -> error::Result<()> {
    while app.store().write(|tx| search::catch_up(tx)).await? {}
    Ok(())
}

async fn find(visit: Visit, Query(wanted): Query<SearchQuery>) -> Result {
    catch_up(&visit.app).await?;
    visit.show_long(move |reader, visitor| SearchPage::read(reader, visitor, &wanted)).await
}
