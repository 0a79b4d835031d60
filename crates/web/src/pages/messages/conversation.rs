//! The page of a conversation: the channel list, a window of messages, the composer and the details.

use std::time::Duration;

use askama::Template;
use domain::channels::channel::{self, Channel, Kind};
use domain::channels::members::{self, Member};
use domain::directory::{clients, companies};
use domain::files::uploads;
use domain::kernel::access::{self, Actor};
use domain::kernel::display;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, MessageId, PersonId, UploadId};
use domain::messages::message::Message;
use jiff::tz::TimeZone;
use store::{Reader, Time};

use crate::http::avatars::Avatar;
use crate::http::layout::{Layout, Module};
use crate::http::times;
use crate::http::visitor::Visitor;
use crate::pages::clients::subject_channel::seen;
use crate::pages::files::entries::{self, Row};
use crate::pages::messages::channel_list::{List, Listing, face};
use crate::pages::messages::delivery_status;
use crate::pages::messages::entries::{Viewpoint, Where, stretch};
use crate::pages::messages::entry::Entry;
use crate::pages::messages::fragment::MessagePart;
use crate::pages::messages::members::{MemberShown, added, readers, shown};
use crate::pages::settings::welcome::ToCome;

/// A message without text, with the visitor's avatar, that scripts fill in while it is being sent.
pub(crate) fn blank(layout: &Layout) -> String {
    let part = MessagePart {
        id: String::new(),
        position: String::new(),
        author: layout.my_id.clone(),
        name: layout.my_name.clone(),
        face: layout.my_face.clone(),
        at: String::new(),
        clock: String::new(),
        html: String::new(),
        files: String::new(),
        // Scripts fill in or remove the text and the files.
        has_text: true,
        has_files: true,
        is_emoji: false,
        is_edited: false,
        is_deleted: false,
    };
    part.render().expect("a template renders into a string")
}

/// Files shown in the details.
const FILES: i64 = 4;

/// What was written but could not be sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) problem: Option<String>,
    /// Files that are uploaded but not sent yet.
    pub(crate) waiting: Vec<Waiting>,
}

/// An uploaded file that the next attempt to send will include.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) id: UploadId,
    pub(crate) name: String,
    pub(crate) size: String,
}

impl Waiting {
    /// Looks up these uploads, leaving out those that no longer exist.
    pub(crate) fn of(reader: &Reader, actor: &Actor, given: &[UploadId]) -> error::Result<Vec<Waiting>> {
        let mut waiting = Vec::new();
        for id in given {
            match uploads::find(reader, actor, *id) {
                Ok(upload) => waiting.push(Waiting {
                    id: *id,
                    name: display::shown(&upload.name),
                    size: display::size(upload.received),
                }),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(waiting)
    }
}

#[derive(Template)]
#[template(path = "messages/conversation.html")]
pub(crate) struct ConversationPage {
    layout: Layout,
    list: List,
    talk: Talk,
    entries: Vec<Entry>,
    channel_id: ChannelId,
    /// The id of the next message if it is written without scripts: submitting twice still posts one message (M2).
    next_id: MessageId,
    /// See [`blank`].
    blank: String,
    written: Written,
    /// The welcome message that a client user will find who has not signed in yet (W3).
    welcome: Option<ToCome>,
    files: Vec<Row>,
}

/// Everything on the page except the messages.
struct Talk {
    title: String,
    subtitle: String,
    face: Avatar,
    kind: &'static str,
    placeholder: String,
    /// The address of the subject's page, for internal users.
    subject: Option<String>,
    /// The local time of a client user.
    local: Option<Local>,
    older: Option<i64>,
    /// The read position, if there are unread messages before this page.
    unread_from: Option<i64>,
    newer: Option<i64>,
    first_position: i64,
    last_position: i64,
    is_empty: bool,
    read_position: i64,
    unread: i64,
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

impl ConversationPage {
    pub(crate) fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: ChannelId,
        place: &Where,
        listing: &Listing,
        written: Written,
        wait: Option<Duration>,
    ) -> error::Result<ConversationPage> {
        let actor = &visitor.actor;
        let channel = channel::find(reader, actor, channel)?;
        let layout = Layout::read(reader, visitor, Module::Messages, &channel.title)?;
        let zone = times::zone(layout.time_zone.as_deref());
        let members = members::of_channel(reader, actor, channel.id)?;
        let found = stretch(reader, visitor, channel.id, place)?;
        let looking =
            Viewpoint { visitor, channel: &channel, members: &members, now: reader.now(), zone: &zone };
        let mut entries = looking.entries(&found, place);
        delivery_status::add(reader, visitor, &found, &mut entries, &zone, wait)?;
        Ok(ConversationPage {
            list: List::read(reader, visitor, listing, Some(channel.id), &zone)?,
            talk: Talk::read(reader, visitor, &channel, &members, &found, &zone)?,
            entries,
            channel_id: channel.id,
            next_id: MessageId::new(reader.now()),
            blank: blank(&layout),
            welcome: ToCome::read(reader, visitor, channel.id)?,
            files: entries::newest(reader, actor, channel.id, FILES, &zone)?,
            layout,
            written,
        })
    }
}

impl Talk {
    fn read(
        reader: &Reader,
        visitor: &Visitor,
        channel: &Channel,
        members: &[Member],
        found: &[Message],
        zone: &TimeZone,
    ) -> error::Result<Talk> {
        let actor = &visitor.actor;
        let first_position = found.first().map_or(0, |message| message.position);
        let last_position = found.last().map_or(0, |message| message.position);
        let is_internal = actor.role.is_internal();
        let client = match channel.kind {
            // A conversation with a deleted client user stays readable (R3).
            Kind::Client if is_internal => seen(clients::client(reader, actor, PersonId(channel.subject)))?,
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
            unread_from: (channel.unread > 0 && first_position > channel.read_position + 1)
                .then_some(channel.read_position),
            newer: (last_position < channel.last_position).then_some(last_position),
            is_empty: channel.last_position == 0,
            first_position,
            last_position,
            read_position: channel.read_position,
            unread: channel.unread,
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

/// What a channel is about: for internal users the kind of its subject, for client users the other members.
fn subtitle(
    reader: &Reader,
    visitor: &Visitor,
    channel: &Channel,
    members: &[Member],
) -> error::Result<String> {
    let actor = &visitor.actor;
    if !actor.role.is_internal() {
        return Ok(readers(actor, members));
    }
    let clients = members.iter().filter(|member| !member.role.is_internal()).count();
    let people = if clients == 1 { "1 client user".to_string() } else { format!("{clients} client users") };
    Ok(match channel.kind {
        Kind::Client => {
            let companies = seen(clients::companies_of(reader, actor, PersonId(channel.subject)))?;
            let companies = companies
                .into_iter()
                .flatten()
                .filter(|(_, _, placeholder)| !placeholder)
                .map(|(_, name, _)| name);
            std::iter::once("Client user".to_string()).chain(companies).collect::<Vec<_>>().join(" · ")
        }
        Kind::Company => format!("Company · {people}"),
        Kind::Project => format!("Project · {people}"),
        Kind::Group => {
            let company = channel.company.map(|company| seen(companies::find(reader, actor, company)));
            match company.transpose()?.flatten() {
                Some(company) => format!("Group · {}", company.name),
                None => "Group".to_string(),
            }
        }
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
