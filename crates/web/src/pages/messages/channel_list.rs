//! The channel list, shown beside every page of Messages and of Files: both have the same channels.

use domain::channels::channel::{Channel, Kind};
use domain::channels::list::{self, Filed, Filter, Listed};
use domain::channels::starting;
use domain::kernel::ids::{ChannelId, PersonId};
use domain::kernel::{display, error, limits};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::Reader;
use uuid::Uuid;

use crate::http::avatars::Avatar;
use crate::http::layout::Module;
use crate::http::times::{self, Shown};
use crate::http::visitor::Visitor;
use crate::pages::messages::fragment::first_words;

/// The filter, as given in the address.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Listing {
    filter: Option<String>,
    find: Option<String>,
}

/// The list as templates show it.
pub(crate) struct List {
    /// `/messages` or `/files`.
    pub(crate) base: &'static str,
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
    pub(crate) chips: Vec<Chip>,
    pub(crate) filter: &'static str,
    pub(crate) find: String,
    /// Whether the list is the page itself rather than its sidebar.
    pub(crate) is_page: bool,
    pub(crate) is_internal: bool,
    /// Whether the visitor may start a channel.
    pub(crate) may_start: bool,
    pub(crate) brand: String,
}

pub(crate) struct Chip {
    pub(crate) word: &'static str,
    pub(crate) label: &'static str,
    pub(crate) is_current: bool,
}

pub(crate) struct Row {
    pub(crate) id: ChannelId,
    pub(crate) title: String,
    pub(crate) face: Avatar,
    /// The channel's subject. A client user's messages in their own channel are shown without a name.
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
    ) -> error::Result<List> {
        List::of(reader, visitor, Module::Messages, listing, current, zone)
    }

    /// The channels of Messages with their last message, or those of Files with their newest file.
    pub(crate) fn of(
        reader: &Reader,
        visitor: &Visitor,
        module: Module,
        listing: &Listing,
        current: Option<ChannelId>,
        zone: &TimeZone,
    ) -> error::Result<List> {
        let is_internal = visitor.actor.role.is_internal();
        let is_files = module == Module::Files;
        // A client user has few channels and does not care about their kinds.
        let offered: &[_] = if is_internal { &CHIPS } else { &CHIPS[..2] };
        let chips: Vec<_> = offered.iter().filter(|(word, _)| !is_files || *word != "unread").collect();
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
        let seen = Seen { reader, visitor, current, zone };
        let mut rows = seen.rows(is_files, &asked)?;
        if !is_internal {
            // Archiving tidies the firm's lists; client users keep seeing their conversation.
            rows.extend(seen.rows(is_files, &Filter { archived: true, ..asked })?);
        }
        let chips =
            chips.iter().map(|&&(word, label)| Chip { word, label, is_current: word == filter }).collect();
        let brand = visitor.workspace.brand_name.clone();
        let (base, title) = if is_files { ("/files", "Files") } else { ("/messages", "Messages") };
        let may_start =
            is_internal || (!is_files && !starting::startable(reader, &visitor.actor)?.is_empty());
        Ok(List { base, title, rows, chips, filter, find, is_page: false, is_internal, may_start, brand })
    }

    pub(crate) fn is_files(&self) -> bool {
        self.base == "/files"
    }

    /// Whether search and filters are worth their space.
    pub(crate) fn is_narrowed(&self) -> bool {
        self.is_internal || self.rows.len() > 6 || self.is_filtered()
    }

    pub(crate) fn is_filtered(&self) -> bool {
        self.filter != "all" || !self.find.is_empty()
    }
}

struct Seen<'a> {
    reader: &'a Reader,
    visitor: &'a Visitor,
    current: Option<ChannelId>,
    zone: &'a TimeZone,
}

impl Seen<'_> {
    fn rows(&self, is_files: bool, asked: &Filter) -> error::Result<Vec<Row>> {
        let (reader, actor) = (self.reader, &self.visitor.actor);
        Ok(if is_files {
            let found = list::with_files(reader, actor, asked, limits::PAGE_CHANNELS)?;
            found.into_iter().map(|filed| self.of_files(filed)).collect()
        } else {
            let found = list::list(reader, actor, asked, limits::PAGE_CHANNELS)?;
            found.into_iter().map(|listed| self.of_messages(listed)).collect()
        })
    }

    fn of_messages(&self, Listed { channel, last }: Listed) -> Row {
        let preview = last.map(|last| {
            let files = (last.attachments, last.first_attachment.as_deref().unwrap_or(""));
            let words = first_words(&last.text, last.deleted_at.is_some(), files);
            self.said(&channel, last.author, &last.author_name.full(), &words)
        });
        let preview = preview.unwrap_or_else(|| "Nothing written yet".to_string());
        let at = channel.last_message_at.map(|at| times::shown(at, self.reader.now(), self.zone));
        Row { at, unread: channel.unread, is_muted: channel.muted_at.is_some(), ..self.row(channel, preview) }
    }

    fn of_files(&self, Filed { channel, changed_at, newest }: Filed) -> Row {
        let preview = newest.map(|newest| {
            self.said(&channel, newest.creator, &newest.creator_name.full(), &display::shown(&newest.name))
        });
        let preview = preview.unwrap_or_else(|| "No files yet".to_string());
        let at = changed_at.map(|at| times::shown(at, self.reader.now(), self.zone));
        Row { at, ..self.row(channel, preview) }
    }

    /// Prefixes a preview with its author's first name, except for the client user in their own channel.
    fn said(&self, channel: &Channel, author: PersonId, name: &str, words: &str) -> String {
        if author == self.visitor.actor.person {
            format!("You: {words}")
        } else if author.0 == channel.subject {
            words.to_string()
        } else {
            format!("{}: {words}", name.split(' ').next().unwrap_or(name))
        }
    }

    fn row(&self, channel: Channel, preview: String) -> Row {
        Row {
            id: channel.id,
            face: face(self.visitor, &channel),
            subject: channel.subject,
            at: None,
            last_position: channel.last_position,
            preview,
            unread: 0,
            is_current: self.current == Some(channel.id),
            is_muted: false,
            title: channel.title,
        }
    }
}

/// The avatar of a channel. A client user's is round like any person's, but client users see the firm's for their own
/// channel (C2).
pub(crate) fn face(visitor: &Visitor, channel: &Channel) -> Avatar {
    let face = Avatar::of_title(channel.subject, &channel.title);
    let is_person = channel.kind == Kind::Client && channel.subject != visitor.actor.person.0;
    Avatar { square: !is_person, ..face }
}
