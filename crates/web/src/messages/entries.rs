//! Messages on a page: which stretch of the conversation, and what each viewer sees around them: the day, the line above
//! what is new, whether it is their own or goes on a run, who has seen it.

use std::time::Duration;

use askama::Template;
use domain::channels::{self, Channel};
use domain::ids::{ChannelId, MessageId};
use domain::members::Member;
use domain::messages::{self, Message, Stretch};
use domain::{Error, limits, people};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{Reader, Time};

use super::fates;
use super::members::{names, others};
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

#[derive(Template)]
#[template(path = "messages/entries.html")]
pub(crate) struct EntriesPart {
    entries: Vec<Entry>,
    channel_id: ChannelId,
}

/// A message with what differs between those who look at it.
pub(super) struct Entry {
    pub(super) day: Option<Shown>,
    pub(super) is_first_unread: bool,
    pub(super) is_own: bool,
    pub(super) is_run: bool,
    pub(super) is_linked: bool,
    pub(super) can_change: bool,
    pub(super) id: MessageId,
    pub(super) html: String,
    pub(super) seen: Option<Seen>,
    /// What became of it outside the portal, as HTML; nothing for client users.
    pub(super) fates: String,
}

/// Who has seen everything up to here and nothing beyond.
pub(super) struct Seen {
    pub(super) names: String,
    pub(super) at: Option<Shown>,
}

impl EntriesPart {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: ChannelId,
        place: &Where,
        wait: Option<Duration>,
    ) -> domain::Result<EntriesPart> {
        let channel = channels::find(reader, &visitor.actor, channel)?;
        let zone = times::zone(people::myself(reader, &visitor.actor)?.time_zone.as_deref());
        let found = stretch(reader, visitor, channel.id, place)?;
        let seen_from = Looking { visitor, channel: &channel, members: &[], now: reader.now(), zone: &zone };
        let mut entries = seen_from.entries(&found, place);
        fates::add(reader, visitor, &found, &mut entries, &zone, wait)?;
        Ok(EntriesPart { entries, channel_id: channel.id })
    }
}

/// The messages that a place in the conversation asks for: the newest where it names none.
pub(super) fn stretch(
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

/// Who looks at which channel, and when.
pub(super) struct Looking<'a> {
    pub(super) visitor: &'a Visitor,
    pub(super) channel: &'a Channel,
    pub(super) members: &'a [Member],
    pub(super) now: Time,
    pub(super) zone: &'a TimeZone,
}

impl Looking<'_> {
    pub(super) fn entries(&self, found: &[Message], place: &Where) -> Vec<Entry> {
        let me = self.visitor.actor.person;
        let first_unread = self.first_unread(found);
        let mut entries: Vec<Entry> = Vec::with_capacity(found.len());
        let mut before: Option<(&Message, String)> = None;
        for message in found {
            let sent = times::shown(message.sent_at, self.now, self.zone);
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
                seen: self.seen(found, message),
                fates: String::new(),
            });
        }
        entries
    }

    /// The position of the first message that the visitor has not read, where this stretch holds it.
    fn first_unread(&self, found: &[Message]) -> Option<i64> {
        let read = self.channel.read_position;
        // Up to the read position nothing is unread: a stretch that begins behind it may have missed the first.
        let may_hold =
            found.first().is_some_and(|first| first.position <= read + 1) && self.channel.unread > 0;
        let unread = |message: &&Message| {
            message.position > read
                && message.author != self.visitor.actor.person
                && message.deleted_at.is_none()
        };
        found.iter().find(unread).filter(|_| may_hold).map(|message| message.position)
    }

    /// Who has read up to this message and no further. Who wrote it, or anything after it, has seen it, which goes
    /// without saying.
    fn seen(&self, found: &[Message], message: &Message) -> Option<Seen> {
        let is_newest = message.position >= self.channel.last_position;
        let here = |member: &&Member| {
            let is_past = member.read_position > message.position;
            let spoke = |other: &Message| other.author == member.person && other.position >= message.position;
            others(&self.visitor.actor, member)
                && (member.read_position == message.position || (is_newest && is_past))
                && !found.iter().any(spoke)
        };
        let here: Vec<&Member> = self.members.iter().filter(here).collect();
        let at = match here.as_slice() {
            [] => return None,
            [only] => only.read_at.map(|at| times::shown(at, self.now, self.zone)),
            _ => None,
        };
        Some(Seen { names: names(here.iter().map(|member| member.name.full())), at })
    }
}
