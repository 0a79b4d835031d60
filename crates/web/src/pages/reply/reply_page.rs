//! The page of a reply link (N8): the brand, the messages from the digest on, and the composer. Nothing else of the
//! portal.

use askama::Template;
use axum::http::StatusCode;
use domain::channels::channel::Channel;
use domain::channels::members;
use domain::kernel::access::Actor;
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, MessageId, UploadId};
use domain::messages::message::Message;
use domain::notify::reply_links::Opened;
use domain::tenant::workspaces::Workspace;
use jiff::tz::TimeZone;
use store::{Reader, Time};

use crate::http::answers::Answer;
use crate::http::brand::Brand;
use crate::http::theme::Theme;
use crate::http::times::{self, Shown};
use crate::pages::files::attached::Reached;
use crate::pages::messages::conversation::Waiting;
use crate::pages::messages::fragment::fragment_for;
use crate::pages::messages::members::readers;

/// Messages by one author share a header if they are at most this far apart.
const RUN_WITHIN_MS: i64 = 5 * 60 * 1000;

/// A reply that could not be sent, and why.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) problem: Option<Trouble>,
    /// Files that are uploaded but not sent yet.
    pub(crate) waiting: Vec<UploadId>,
}

/// Why a reply could not be sent.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The domain refused it.
    Rule(Error),
    /// A file was refused.
    File(Answer),
}

impl Written {
    /// The status of the page that shows it.
    pub(crate) fn status(&self) -> StatusCode {
        match &self.problem {
            None => StatusCode::OK,
            Some(Trouble::Rule(Error::TooMany(_))) => StatusCode::TOO_MANY_REQUESTS,
            Some(Trouble::Rule(Error::Conflict(_))) => StatusCode::CONFLICT,
            Some(_) => StatusCode::BAD_REQUEST,
        }
    }

    fn words(&self) -> String {
        match &self.problem {
            None => String::new(),
            Some(Trouble::Rule(Error::Field { problem, .. })) => problem.to_string(),
            Some(Trouble::Rule(error)) => error.to_string(),
            Some(Trouble::File(answer)) => answer.message().to_string(),
        }
    }
}

/// A message as its reader sees it.
pub(crate) struct Entry {
    pub(crate) day: Option<Shown>,
    pub(crate) is_first_unread: bool,
    pub(crate) is_own: bool,
    pub(crate) is_run: bool,
    pub(crate) html: String,
}

#[derive(Template)]
#[template(path = "reply/reply.html")]
pub(crate) struct ReplyPage {
    look: Theme,
    brand: Brand,
    token: String,
    channel: ChannelId,
    title: String,
    /// The name of the person who replies.
    name: String,
    time_zone: Option<String>,
    readers: String,
    entries: Vec<Entry>,
    /// The position after which newer messages continue.
    newer: Option<i64>,
    read_position: i64,
    last_position: i64,
    unread: bool,
    is_sent: bool,
    /// The id of the next reply: submitting twice still posts one message (M2).
    next_id: MessageId,
    text: String,
    problem: String,
    waiting: Vec<Waiting>,
}

impl ReplyPage {
    pub(crate) fn new(
        reader: &Reader,
        (workspace, look): (&Workspace, Theme),
        actor: &Actor,
        token: &str,
        opened: Opened,
        sent: Option<i64>,
        written: &Written,
    ) -> error::Result<ReplyPage> {
        let Opened { name, time_zone, channel, messages, newer } = opened;
        let members = members::of_channel(reader, actor, channel.id)?;
        let zone = times::zone(time_zone.as_deref());
        let reached = Reached::by_link(token);
        let entries = entries(actor, &channel, &messages, &reached, reader.now(), &zone);
        let own = |message: &&Message| message.author == actor.person;
        Ok(ReplyPage {
            look,
            brand: Brand::of(workspace),
            token: token.to_string(),
            name: name.full(),
            time_zone,
            readers: readers(actor, &members),
            newer,
            read_position: channel.read_position,
            last_position: messages.last().map_or(0, |message| message.position),
            unread: entries.iter().any(|entry| entry.is_first_unread),
            // Confirm only what the page shows: the position comes from the address.
            is_sent: sent.is_some_and(|sent| messages.iter().filter(own).any(|one| one.position == sent)),
            next_id: MessageId::new(reader.now()),
            problem: written.words(),
            waiting: Waiting::of(reader, actor, &written.waiting)?,
            text: written.text.clone(),
            channel: channel.id,
            title: channel.title,
            entries,
        })
    }
}

fn entries(
    actor: &Actor,
    channel: &Channel,
    found: &[Message],
    reached: &Reached,
    now: Time,
    zone: &TimeZone,
) -> Vec<Entry> {
    let unread = |message: &&Message| {
        message.position > channel.read_position
            && message.author != actor.person
            && message.deleted_at.is_none()
    };
    let first_unread = found.iter().find(unread).map(|message| message.position);
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
        entries.push(Entry {
            day: is_new_day.then_some(sent),
            is_first_unread,
            is_own: message.author == actor.person,
            is_run: follows && !is_new_day && !is_first_unread,
            html: fragment_for(message, reached),
        });
    }
    entries
}
