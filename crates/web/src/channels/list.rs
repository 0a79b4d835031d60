//! The list of channels, which stands beside every page of Messages.

use domain::channels::{self, Channel, Filter, Kind, Listed};
use domain::ids::ChannelId;
use domain::limits;
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::Reader;
use uuid::Uuid;

use crate::faces::Face;
use crate::messages::first_words;
use crate::times::{self, Shown};
use crate::visitor::Visitor;

/// How the list is filtered, as the address says.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Listing {
    filter: Option<String>,
    find: Option<String>,
}

/// The list as templates show it.
pub(crate) struct List {
    pub(crate) rows: Vec<Row>,
    pub(crate) chips: Vec<Chip>,
    pub(crate) filter: &'static str,
    pub(crate) find: String,
    /// Whether the list is the page itself and not only at its side.
    pub(crate) is_page: bool,
    /// Whether the visitor makes channels.
    pub(crate) is_internal: bool,
    pub(crate) brand: String,
}

/// A filter to choose.
pub(crate) struct Chip {
    pub(crate) word: &'static str,
    pub(crate) label: &'static str,
    pub(crate) is_current: bool,
}

/// A channel in the list.
pub(crate) struct Row {
    pub(crate) id: ChannelId,
    pub(crate) title: String,
    pub(crate) face: Face,
    /// Whose messages stand without a name: the client user's in their own channel.
    pub(crate) subject: Uuid,
    pub(crate) at: Option<Shown>,
    pub(crate) last_position: i64,
    pub(crate) preview: String,
    pub(crate) unread: i64,
    pub(crate) is_current: bool,
    pub(crate) is_muted: bool,
}

const CHIPS: [(&str, &str); 6] = [
    ("all", "All"),
    ("unread", "Unread"),
    ("client", "Client users"),
    ("company", "Companies"),
    ("project", "Projects"),
    ("archived", "Archived"),
];

impl List {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        listing: &Listing,
        current: Option<ChannelId>,
        zone: &TimeZone,
    ) -> domain::Result<List> {
        let is_internal = visitor.actor.role.is_internal();
        // A client has few channels and no use for their kinds.
        let chips: &[_] = if is_internal { &CHIPS } else { &CHIPS[..2] };
        let wanted = listing.filter.as_deref().unwrap_or_default();
        let filter = chips.iter().map(|(word, _)| *word).find(|word| *word == wanted).unwrap_or("all");
        let find: String = listing
            .find
            .as_deref()
            .unwrap_or_default()
            .trim()
            .chars()
            .take(limits::NAME_CHARACTERS)
            .collect();
        let asked = Filter {
            unread: filter == "unread",
            kind: Kind::from_word(filter),
            title: find.clone(),
            archived: filter == "archived",
        };
        let mut found = channels::list(reader, &visitor.actor, &asked, limits::PAGE_CHANNELS)?;
        if !is_internal {
            // Archiving tidies the firm's lists; a client keeps their conversation in sight.
            let archived = Filter { archived: true, ..asked };
            found.extend(channels::list(reader, &visitor.actor, &archived, limits::PAGE_CHANNELS)?);
        }
        let rows = found.into_iter().map(|listed| row(reader, visitor, listed, current, zone)).collect();
        let chips =
            chips.iter().map(|&(word, label)| Chip { word, label, is_current: word == filter }).collect();
        let brand = visitor.workspace.brand_name.clone();
        Ok(List { rows, chips, filter, find, is_page: false, is_internal, brand })
    }

    pub(crate) fn is_filtered(&self) -> bool {
        self.filter != "all" || !self.find.is_empty()
    }
}

fn row(
    reader: &Reader,
    visitor: &Visitor,
    listed: Listed,
    current: Option<ChannelId>,
    zone: &TimeZone,
) -> Row {
    let Listed { channel, last } = listed;
    let preview = last.map(|last| {
        let files = (last.attachments, last.first_attachment.as_deref().unwrap_or(""));
        let words = first_words(&last.text, last.deleted_at.is_some(), files);
        if last.author == visitor.actor.person {
            format!("You: {words}")
        } else if last.author.0 == channel.subject {
            words
        } else {
            let name = last.author_name.full();
            format!("{}: {words}", name.split(' ').next().unwrap_or(&name))
        }
    });
    Row {
        id: channel.id,
        face: face(visitor, &channel),
        subject: channel.subject,
        at: channel.last_message_at.map(|at| times::shown(at, reader.now(), zone)),
        last_position: channel.last_position,
        preview: preview.unwrap_or_default(),
        unread: channel.unread,
        is_current: current == Some(channel.id),
        is_muted: channel.muted_at.is_some(),
        title: channel.title,
    }
}

/// The face of a channel: a client user's is round, as a person's is, except to that client user, who sees the firm.
pub(crate) fn face(visitor: &Visitor, channel: &Channel) -> Face {
    let face = Face::of_title(channel.subject, &channel.title);
    let is_person = channel.kind == Kind::Client && channel.subject != visitor.actor.person.0;
    Face { square: !is_person, ..face }
}
