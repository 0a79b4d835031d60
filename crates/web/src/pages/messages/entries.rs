//! The messages on a page: which window of the conversation, and what each viewer sees around them: the day, the line
//! above the first unread message, grouping under one header, seen-by marks.

use std::time::Duration;

use askama::Template;
use domain::channels::channel::{self, Channel};
use domain::channels::members::Member;
use domain::directory::person;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, MessageId};
use domain::kernel::limits;
use domain::messages::message::{self, Message, Window};
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{Reader, Time};

use crate::http::times;
use crate::http::visitor::Visitor;
use crate::pages::messages::entry::{Entry, Seen};
use crate::pages::messages::members::{names, others, seen_up_to};
use crate::pages::messages::{delivery_status, fragment};

/// Messages by one author share a header if they are at most this far apart.
const RUN_WITHIN_MS: i64 = 5 * 60 * 1000;
/// Messages shown before the one that a link leads to.
const BEFORE_LINKED: i64 = 20;

/// The part of a conversation that a page asks for.
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

impl EntriesPart {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: ChannelId,
        place: &Where,
        wait: Option<Duration>,
    ) -> error::Result<EntriesPart> {
        let channel = channel::find(reader, &visitor.actor, channel)?;
        let zone = times::zone(person::profile(reader, &visitor.actor)?.time_zone.as_deref());
        let found = stretch(reader, visitor, channel.id, place)?;
        let seen_from =
            Viewpoint { visitor, channel: &channel, members: &[], now: reader.now(), zone: &zone };
        let mut entries = seen_from.entries(&found, place);
        delivery_status::add(reader, visitor, &found, &mut entries, &zone, wait)?;
        Ok(EntriesPart { entries, channel_id: channel.id })
    }
}

/// The messages of the requested part; the newest if none is named.
pub(crate) fn stretch(
    reader: &Reader,
    visitor: &Visitor,
    channel: ChannelId,
    place: &Where,
) -> error::Result<Vec<Message>> {
    let actor = &visitor.actor;
    let wanted = match (place.before, place.after, place.message) {
        (Some(before), _, _) => Window::Before(before),
        (None, Some(after), _) => Window::After(after),
        (None, None, Some(id)) => {
            let message = message::find(reader, actor, id)?;
            if message.channel != channel {
                return Err(Error::NotFound);
            }
            Window::After(message.position - 1 - BEFORE_LINKED)
        }
        (None, None, None) => Window::Newest,
    };
    message::page(reader, actor, channel, wanted, limits::PAGE_MESSAGES)
}

pub(crate) struct Viewpoint<'a> {
    pub(crate) visitor: &'a Visitor,
    pub(crate) channel: &'a Channel,
    pub(crate) members: &'a [Member],
    pub(crate) now: Time,
    pub(crate) zone: &'a TimeZone,
}

impl Viewpoint<'_> {
    pub(crate) fn entries(&self, found: &[Message], place: &Where) -> Vec<Entry> {
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
                html: fragment::fragment(message),
                seen: self.seen(found, message),
                fates: String::new(),
            });
        }
        entries
    }

    /// The position of the first message that the visitor has not read, if it is among those found.
    fn first_unread(&self, found: &[Message]) -> Option<i64> {
        let read = self.channel.read_position;
        // Everything up to the read position is read. A window that begins after it may lack the first unread message.
        let may_hold =
            found.first().is_some_and(|first| first.position <= read + 1) && self.channel.unread > 0;
        let unread = |message: &&Message| {
            message.position > read
                && message.author != self.visitor.actor.person
                && message.deleted_at.is_none()
        };
        found.iter().find(unread).filter(|_| may_hold).map(|message| message.position)
    }

    /// Who has read up to this message and no further. Authors of this or a later message are left out: they have
    /// obviously seen it.
    fn seen(&self, found: &[Message], message: &Message) -> Option<Seen> {
        let is_newest = message.position >= self.channel.last_position;
        let here = |member: &&Member| {
            let seen_up_to = seen_up_to(member);
            let is_past = seen_up_to > message.position;
            let spoke = |other: &Message| other.author == member.person && other.position >= message.position;
            others(&self.visitor.actor, member)
                && (seen_up_to == message.position || (is_newest && is_past))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::theme::Theme;
    use domain::channels::channel::Kind;
    use domain::kernel::access::{Actor, Role};
    use domain::kernel::ids::{PersonId, SessionId, WorkspaceId};
    use domain::kernel::name::Name;
    use domain::tenant::brand;
    use domain::tenant::workspaces::Workspace;

    /// Monday 5 January 2026, 09:00 UTC.
    const MORNING: Time = Time(1_767_603_600_000);

    fn minutes(count: i64) -> Time {
        Time(MORNING.0 + count * 60_000)
    }

    fn name(given: &str) -> Name {
        Name { given: given.to_string(), family: "Lee".to_string(), email: format!("{given}@example.com") }
    }

    struct Scene {
        visitor: Visitor,
        channel: Channel,
        members: Vec<Member>,
        messages: Vec<Message>,
    }

    impl Scene {
        /// Jane views her channel with Maria, who wrote at minutes 0, 4 and 12; Jane wrote at 13, Maria at 14.
        fn new() -> Scene {
            let workspace = WorkspaceId::new(MORNING);
            let [jane, maria] = [PersonId::new(MORNING), PersonId::new(MORNING)];
            let actor = Actor::new(workspace, jane, Role::Admin, false);
            let channel = ChannelId::new(MORNING);
            let message = |(position, author, at): (i64, PersonId, i64)| Message {
                id: MessageId::new(MORNING),
                channel,
                position,
                author,
                author_name: name("Somebody"),
                author_role: Role::Client,
                text: "Hello".to_string(),
                sent_at: minutes(at),
                edited_at: None,
                deleted_at: None,
                mentions: Vec::new(),
                attachments: Vec::new(),
            };
            let messages = [(1, maria, 0), (2, maria, 4), (3, maria, 12), (4, jane, 13), (5, maria, 14)];
            let member = |person, given: &str, read_position| Member {
                person,
                name: name(given),
                role: Role::Client,
                joined_at: MORNING,
                left_at: None,
                muted_at: None,
                read_position,
                read_at: Some(minutes(14)),
                spoke_at: None,
            };
            Scene {
                members: vec![
                    member(jane, "Jane", 2),
                    member(maria, "Maria", 5),
                    member(PersonId::new(MORNING), "Tom", 4),
                ],
                messages: messages.into_iter().map(message).collect(),
                visitor: Visitor {
                    actor,
                    session: SessionId::new(MORNING),
                    look: Theme::default(),
                    workspace: Workspace {
                        id: workspace,
                        host: None,
                        brand_name: "Harbor & Lee".to_string(),
                        brand: brand::Brand::default(),
                        sign_up_at: None,
                        created_at: MORNING,
                        updated_at: MORNING,
                    },
                },
                channel: Channel {
                    id: channel,
                    kind: Kind::Client,
                    subject: maria.0,
                    company: None,
                    title: "Maria Lee".to_string(),
                    last_position: 5,
                    last_message_at: Some(minutes(14)),
                    archived_at: None,
                    created_at: MORNING,
                    updated_at: MORNING,
                    read_position: 2,
                    unread: 2,
                    muted_at: None,
                    left_at: None,
                },
            }
        }

        fn entries(&self) -> Vec<Entry> {
            let (channel, members) = (&self.channel, self.members.as_slice());
            let zone = &TimeZone::UTC;
            let looking = Viewpoint { visitor: &self.visitor, channel, members, now: minutes(20), zone };
            looking.entries(&self.messages, &Where::default())
        }
    }

    #[test]
    fn one_author_s_messages_within_five_minutes_share_a_header() {
        let runs: Vec<bool> = Scene::new().entries().iter().map(|entry| entry.is_run).collect();
        assert_eq!(runs, [false, true, false, false, false]);
    }

    #[test]
    fn a_day_is_named_above_its_first_message_only() {
        let mut scene = Scene::new();
        scene.messages[4].sent_at = minutes(24 * 60);
        let days: Vec<bool> = scene.entries().iter().map(|entry| entry.day.is_some()).collect();
        assert_eq!(days, [true, false, false, false, true]);
    }

    #[test]
    fn the_line_stands_above_the_first_message_of_others_that_is_unread() {
        let first_unread = |scene: &Scene| {
            scene.entries().iter().position(|entry| entry.is_first_unread).map(|index| index + 1)
        };
        let mut scene = Scene::new();
        assert_eq!(first_unread(&scene), Some(3));
        scene.channel.read_position = 3;
        assert_eq!(first_unread(&scene), Some(5), "one's own message is never new");
        scene.messages[4].deleted_at = Some(minutes(15));
        assert_eq!(first_unread(&scene), None, "neither is a deleted one");
        let mut scene = Scene::new();
        scene.messages.drain(..3);
        assert_eq!(first_unread(&scene), None, "the first one lies before this stretch");
    }

    #[test]
    fn m8_who_has_seen_what_stands_under_the_newest_message_they_have_read() {
        let mut scene = Scene::new();
        let seen = |scene: &Scene| -> Vec<String> {
            let names =
                |entry: &Entry| entry.seen.as_ref().map(|seen| seen.names.clone()).unwrap_or_default();
            scene.entries().iter().map(names).collect()
        };
        assert_eq!(
            seen(&scene),
            ["", "", "", "Tom Lee", ""],
            "Maria wrote last, and Jane is the one who looks"
        );
        scene.messages[4].author = scene.visitor.actor.person;
        assert_eq!(seen(&scene), ["", "", "", "Tom Lee", "Maria Lee"]);
        scene.members[2].left_at = Some(minutes(15));
        assert_eq!(seen(&scene), ["", "", "", "", "Maria Lee"], "who has left is not shown");
        scene.members[1].read_at = None;
        assert_eq!(seen(&scene), [""; 5], "who was only just added has seen nothing");
    }

    #[test]
    fn m5_only_an_own_message_that_is_not_deleted_can_be_changed() {
        let mut scene = Scene::new();
        let can_change =
            |scene: &Scene| scene.entries().iter().map(|entry| entry.can_change).collect::<Vec<_>>();
        assert_eq!(can_change(&scene), [false, false, false, true, false]);
        scene.messages[3].deleted_at = Some(minutes(15));
        assert_eq!(can_change(&scene), [false; 5]);
    }
}
