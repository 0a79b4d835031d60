//! The page of a conversation: the channel list, a stretch of messages, the composer, the details.

use askama::Template;
use domain::channels::{self, Channel, Kind};
use domain::ids::{ChannelId, MessageId, PersonId};
use domain::members::{self, Member};
use domain::messages::{self, Message, Stretch};
use domain::{Error, access, companies, limits, people};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{Reader, Time};

use super::members::{MemberShown, added, names, others, readers, shown};
use crate::channels::list::{List, Listing, face};
use crate::faces::Face;
use crate::layout::{Layout, Module};
use crate::times::{self, Shown};
use crate::visitor::Visitor;

/// Messages of one author share one header while no longer apart than this.
const RUN_WITHIN_MS: i64 = 5 * 60 * 1000;
/// Messages shown before one that a link leads to.
const BEFORE_LINKED: i64 = 20;

/// Where in a conversation a page is wanted.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Where {
    before: Option<i64>,
    after: Option<i64>,
    message: Option<MessageId>,
}

/// What was written and could not be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) problem: Option<String>,
}

#[derive(Template)]
#[template(path = "messages/conversation.html")]
pub(crate) struct ConversationPage {
    layout: Layout,
    list: List,
    talk: Talk,
    entries: Vec<Entry>,
    channel_id: ChannelId,
    /// The id for a message written without scripts: sent twice it is still one message (M2).
    next_id: MessageId,
    /// An own message without text, for scripts.
    blank: String,
    written: Written,
}

#[derive(Template)]
#[template(path = "messages/entries.html")]
pub(crate) struct EntriesPart {
    entries: Vec<Entry>,
    channel_id: ChannelId,
}

/// Everything around the messages.
struct Talk {
    title: String,
    subtitle: String,
    face: Face,
    kind: &'static str,
    placeholder: String,
    /// The page of the subject, for internal users.
    subject: Option<String>,
    /// The clock where a client user is.
    local: Option<Local>,
    older: Option<i64>,
    newer: Option<i64>,
    first_position: i64,
    last_position: i64,
    read_position: i64,
    members: Vec<MemberShown>,
    readers: String,
    added: Option<String>,
    can_archive: bool,
    is_muted: bool,
    has_left: bool,
    is_archived: bool,
}

struct Local {
    clock: String,
    exact: String,
    zone: String,
    city: String,
}

/// A message with what differs between those who look at it.
struct Entry {
    day: Option<Shown>,
    is_first_unread: bool,
    is_own: bool,
    is_run: bool,
    is_linked: bool,
    can_change: bool,
    id: MessageId,
    html: String,
    seen: Option<Seen>,
}

/// Who has seen everything up to here and nothing beyond.
struct Seen {
    names: String,
    at: Option<Shown>,
}

impl ConversationPage {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: ChannelId,
        place: &Where,
        listing: &Listing,
        written: Written,
    ) -> domain::Result<ConversationPage> {
        let actor = &visitor.actor;
        let channel = channels::find(reader, actor, channel)?;
        let layout = Layout::read(reader, visitor, Module::Messages, &channel.title)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let members = members::of_channel(reader, actor, channel.id)?;
        let found = stretch(reader, visitor, channel.id, place)?;
        let entries = entries(reader, visitor, &channel, &members, &found, place, &zone);
        Ok(ConversationPage {
            list: List::read(reader, visitor, listing, Some(channel.id), &zone)?,
            talk: Talk::read(reader, visitor, &channel, &members, &found, &zone)?,
            entries,
            channel_id: channel.id,
            next_id: MessageId::new(reader.now()),
            blank: super::blank(&layout),
            layout,
            written,
        })
    }
}

impl EntriesPart {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: ChannelId,
        place: &Where,
    ) -> domain::Result<EntriesPart> {
        let channel = channels::find(reader, &visitor.actor, channel)?;
        let zone = times::zone(people::myself(reader, &visitor.actor)?.time_zone.as_deref());
        let found = stretch(reader, visitor, channel.id, place)?;
        let entries = entries(reader, visitor, &channel, &[], &found, place, &zone);
        Ok(EntriesPart { entries, channel_id: channel.id })
    }
}

/// The messages that a place in the conversation asks for: the newest where it names none.
fn stretch(
    reader: &Reader,
    visitor: &Visitor,
    channel: ChannelId,
    place: &Where,
) -> domain::Result<Vec<Message>> {
    let actor = &visitor.actor;
    let wanted = match (place.before, place.after, place.message) {
        (Some(before), _, _) => Stretch::Before(before),
        (None, Some(after), _) => Stretch::After(after),
        (None, None, Some(id)) => {
            let message = messages::find(reader, actor, id)?;
            if message.channel != channel {
                return Err(Error::NotFound);
            }
            Stretch::After(message.position - 1 - BEFORE_LINKED)
        }
        (None, None, None) => Stretch::Newest,
    };
    messages::page(reader, actor, channel, wanted, limits::PAGE_MESSAGES)
}

fn entries(
    reader: &Reader,
    visitor: &Visitor,
    channel: &Channel,
    members: &[Member],
    found: &[Message],
    place: &Where,
    zone: &TimeZone,
) -> Vec<Entry> {
    let me = visitor.actor.person;
    let now = reader.now();
    let last = found.last().map_or(0, |message| message.position);
    let is_newest = last >= channel.last_position;
    let unread = |message: &&Message| {
        message.position > channel.read_position && message.author != me && message.deleted_at.is_none()
    };
    // Before the read position nothing is unread, so the first one found here is the first there is.
    let starts_unread = found.first().is_some_and(|first| first.position <= channel.read_position + 1);
    let first_unread = found.iter().find(unread).filter(|_| starts_unread && channel.unread > 0);
    let first_unread = first_unread.map(|message| message.position);
    let mut entries: Vec<Entry> = Vec::with_capacity(found.len());
    let mut before: Option<(&Message, String)> = None;
    for message in found {
        let sent = times::shown(message.sent_at, now, zone);
        let is_new_day = before.as_ref().is_none_or(|(_, day)| *day != sent.day);
        let is_first_unread = first_unread == Some(message.position);
        let follows = before.as_ref().is_some_and(|(other, _)| {
            other.author == message.author && message.sent_at.0 - other.sent_at.0 <= RUN_WITHIN_MS
        });
        before = Some((message, sent.day.clone()));
        let is_own = message.author == me;
        entries.push(Entry {
            day: is_new_day.then_some(sent),
            is_first_unread,
            is_own,
            is_run: follows && !is_new_day && !is_first_unread,
            is_linked: place.message == Some(message.id),
            can_change: is_own && message.deleted_at.is_none(),
            id: message.id,
            html: super::fragment(message),
            seen: seen(visitor, members, message, is_newest && message.position == last, now, zone),
        });
    }
    entries
}

/// Who has read up to this message and no further. Who wrote it has seen it, which goes without saying.
fn seen(
    visitor: &Visitor,
    members: &[Member],
    message: &Message,
    is_newest: bool,
    now: Time,
    zone: &TimeZone,
) -> Option<Seen> {
    let here = |member: &&Member| {
        let up_to_here = member.read_position == message.position
            || (is_newest && member.read_position > message.position);
        others(&visitor.actor, member) && member.person != message.author && up_to_here
    };
    let here: Vec<&Member> = members.iter().filter(here).collect();
    let at = match here.as_slice() {
        [] => return None,
        [only] => only.read_at.map(|at| times::shown(at, now, zone)),
        _ => None,
    };
    Some(Seen { names: names(here.iter().map(|member| member.name.full())), at })
}

impl Talk {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: &Channel,
        members: &[Member],
        found: &[Message],
        zone: &TimeZone,
    ) -> domain::Result<Talk> {
        let actor = &visitor.actor;
        let first_position = found.first().map_or(0, |message| message.position);
        let last_position = found.last().map_or(0, |message| message.position);
        let is_internal = actor.role.is_internal();
        let client = match channel.kind {
            Kind::Client if is_internal => Some(people::client(reader, actor, PersonId(channel.subject))?),
            _ => None,
        };
        let local = client.as_ref().and_then(|client| client.time_zone.as_deref());
        let first_name = client.as_ref().map(|client| client.name.given_or_full());
        Ok(Talk {
            subtitle: subtitle(reader, visitor, channel, members)?,
            face: face(visitor, channel),
            kind: channel.kind.word(),
            placeholder: format!("Write to {}", first_name.as_deref().unwrap_or(&channel.title)),
            subject: is_internal.then(|| subject(channel)).flatten(),
            local: local.map(|name| local_time(reader.now(), name)),
            older: (first_position > 1).then_some(first_position),
            newer: (last_position > 0 && last_position < channel.last_position).then_some(last_position),
            first_position,
            last_position,
            read_position: channel.read_position,
            members: shown(visitor, members, reader.now(), zone),
            readers: readers(actor, members),
            added: added(actor, members),
            can_archive: access::admin(actor).is_ok(),
            is_muted: channel.muted_at.is_some(),
            has_left: channel.left_at.is_some(),
            is_archived: channel.archived_at.is_some(),
            title: channel.title.clone(),
        })
    }
}

/// What a channel is about, in a few words: for internal users the kind of its subject, for clients who is there.
fn subtitle(
    reader: &Reader,
    visitor: &Visitor,
    channel: &Channel,
    members: &[Member],
) -> domain::Result<String> {
    let actor = &visitor.actor;
    if !actor.role.is_internal() {
        return Ok(readers(actor, members));
    }
    let clients = members.iter().filter(|member| !member.role.is_internal()).count();
    let people = if clients == 1 { "1 client user".to_string() } else { format!("{clients} client users") };
    Ok(match channel.kind {
        Kind::Client => {
            let companies = people::companies_of(reader, actor, PersonId(channel.subject))?;
            let companies =
                companies.into_iter().filter(|(_, _, placeholder)| !placeholder).map(|(_, name, _)| name);
            std::iter::once("Client user".to_string()).chain(companies).collect::<Vec<_>>().join(" · ")
        }
        Kind::Company => format!("Company · {people}"),
        Kind::Project => format!("Project · {people}"),
        Kind::Group => match channel.company {
            Some(company) => format!("Group · {}", companies::find(reader, actor, company)?.name),
            None => "Group".to_string(),
        },
    })
}

fn subject(channel: &Channel) -> Option<String> {
    Some(match channel.kind {
        Kind::Client => format!("/clients/{}", channel.subject),
        Kind::Company => format!("/companies/{}", channel.subject),
        Kind::Project => format!("/projects/{}", channel.subject),
        Kind::Group => format!("/companies/{}", channel.company?),
    })
}

fn local_time(now: Time, zone: &str) -> Local {
    let shown = times::shown(now, now, &times::zone(Some(zone)));
    let city = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
    Local { clock: shown.clock, exact: shown.exact, zone: zone.to_string(), city }
}
