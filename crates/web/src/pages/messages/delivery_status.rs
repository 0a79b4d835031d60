//! The delivery status of a message (N12), shown below it to internal users only; sending its digest now and calling it
//! off (N14).

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::http::header::HeaderMap;
use axum::response::IntoResponse;
use domain::kernel::access::{self, Actor};
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, MessageId, PersonId};
use domain::kernel::medium::Medium;
use domain::kernel::name::Name;
use domain::messages::message::{self, Message};
use domain::messages::unread_backlog::Reason;
use domain::notify::delivery_status::{self, MessageStatus, RecipientStatus};
use domain::notify::digest_part::DeliveryState;
use domain::notify::manual_send;
use jiff::tz::TimeZone;
use serde::Deserialize;
use store::{Reader, Time, Tx};

use crate::http::answers::{Result, redirect};
use crate::http::extractors::{Input, PathParam};
use crate::http::response_format::ResponseFormat;
use crate::http::routes::Routes;
use crate::http::times::{self, Shown};
use crate::http::visit::Visit;
use crate::http::visitor::Visitor;
use crate::pages::messages::entry::Entry;
use crate::pages::messages::members::names;

/// Messages that one form may name: more than a page shows.
const AT_ONCE: usize = 100;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .post("/messages/{channel}/messages/{id}/send-now", send_now)
        .post("/messages/{channel}/messages/{id}/call-off", call_off)
}

/// One state and the recipients in it, in words.
struct Line {
    state: Shape,
    names: String,
    at: Option<Shown>,
    /// Why it failed, for those who run the portal; empty otherwise.
    why: String,
}

/// A state without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Due,
    /// Already notified by one medium; this one is still pending.
    Later(Medium),
    Sending,
    Emailed,
    Texted,
    Failed,
    Suppressed(Reason),
}

impl Line {
    /// The words before the names.
    fn before(&self) -> &'static str {
        match self.state {
            Shape::Due => "Notice to",
            Shape::Later(Medium::Email) => "Email to",
            Shape::Later(Medium::Text) => "Text to",
            Shape::Sending => "Being sent to",
            Shape::Emailed => "Emailed to",
            Shape::Texted => "Texted to",
            Shape::Failed => "Could not be sent to",
            Shape::Suppressed(_) => "Nothing is sent to",
        }
    }

    /// The words after the names and before the time, if there is one.
    fn after(&self) -> String {
        match self.state {
            Shape::Due | Shape::Later(_) => "at".to_string(),
            Shape::Sending | Shape::Emailed | Shape::Texted | Shape::Failed => String::new(),
            Shape::Suppressed(reason) => format!("({})", in_words(reason)),
        }
    }

    fn is(&self, shape: &str) -> bool {
        matches!(
            (self.state, shape),
            (Shape::Due | Shape::Later(_) | Shape::Sending, "due")
                | (Shape::Emailed, "emailed")
                | (Shape::Texted, "texted")
                | (Shape::Failed, "failed")
                | (Shape::Suppressed(_), "suppressed")
        )
    }
}

/// Why somebody is not notified, in a few words.
pub(crate) fn in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::NotInvited => "not invited yet",
        Reason::Choice => "their choice",
        Reason::NoAddress => "no address that takes it",
        Reason::Muted => "muted",
        Reason::LostAccess => "no access any more",
        Reason::Left => "left the channel",
        Reason::CalledOff => "called off",
        Reason::Earlier => "written before notices began",
    }
}

#[derive(Template)]
#[template(path = "messages/delivery_status.html")]
struct FatesPart {
    channel: ChannelId,
    message: MessageId,
    lines: Vec<Line>,
    is_due: bool,
    /// Whether the digest can be sent now. A text alone cannot: it waits for its reader's quiet hours to end (N14).
    can_hasten: bool,
    /// The messages directly before this one that share its status.
    also: Vec<MessageId>,
}

/// Adds each message's delivery status below it. Consecutive messages with the same status show it once, below the
/// last of them. Client users see none.
pub(crate) fn add(
    reader: &Reader,
    visitor: &Visitor,
    found: &[Message],
    entries: &mut [Entry],
    zone: &TimeZone,
    wait: Option<Duration>,
) -> error::Result<()> {
    let (Some(first), Some(last)) = (found.first(), found.last()) else { return Ok(()) };
    if access::internal(&visitor.actor).is_err() {
        return Ok(());
    }
    let now = reader.now();
    let fates = delivery_status::of_messages(
        reader,
        &visitor.actor,
        first.channel,
        first.position..=last.position,
        wait,
    )?;
    let shared_of = |message: &Message| {
        let fates = fates.iter().find(|one| one.message == message.id);
        fates.map(|one| shared(one, now)).unwrap_or_default()
    };
    let all: Vec<Vec<Shared<'_>>> = found.iter().map(shared_of).collect();
    let mut also = Vec::new();
    for (index, message) in found.iter().enumerate() {
        let shared = &all[index];
        if all.get(index + 1) == Some(shared) {
            also.push(message.id);
            continue;
        }
        let also = std::mem::take(&mut also);
        if shared.is_empty() {
            continue;
        }
        let lines: Vec<Line> = shared.iter().map(|shared| shared.line(now, zone)).collect();
        let is_due = lines.iter().any(|line| line.is("due"));
        let can_hasten = lines.iter().any(|line| line.is("due") && line.state != Shape::Later(Medium::Text));
        let part = FatesPart { channel: first.channel, message: message.id, lines, is_due, can_hasten, also };
        // Writing into memory does not fail.
        entries[index].fates = part.render().expect("a template renders into a string");
    }
    Ok(())
}

/// A status that several recipients of a message share.
#[derive(PartialEq, Eq)]
struct Shared<'a> {
    state: Shape,
    at: Option<Time>,
    why: &'a str,
    people: Vec<(PersonId, &'a Arc<Name>)>,
}

impl Shared<'_> {
    fn line(&self, now: Time, zone: &TimeZone) -> Line {
        Line {
            state: self.state,
            names: names(self.people.iter().map(|(_, name)| name.full())),
            at: self.at.map(|at| times::shown(at, now, zone)),
            why: self.why.to_string(),
        }
    }
}

/// Groups a message's recipients by status. "Seen" is left out: the page shows it elsewhere.
fn shared(message: &MessageStatus, now: Time) -> Vec<Shared<'_>> {
    let mut all: Vec<Shared<'_>> = Vec::new();
    let shapes = message.recipients.iter().flat_map(|fate| {
        shape(&fate.state, now).into_iter().chain(later(fate, now)).map(move |shape| (fate, shape))
    });
    for (fate, (state, at, why)) in shapes {
        let somebody = (fate.person, &fate.name);
        match all.iter_mut().find(|one| (one.state, one.at, one.why) == (state, at, why)) {
            Some(one) => one.people.push(somebody),
            None => all.push(Shared { state, at, why, people: vec![somebody] }),
        }
    }
    all
}

/// A state's shape, its time and the reason for it. Returns `None` if it is not shown.
fn shape(state: &DeliveryState, now: Time) -> Option<(Shape, Option<Time>, &str)> {
    Some(match state {
        DeliveryState::Seen(_) | DeliveryState::Suppressed(Reason::Earlier) => return None,
        DeliveryState::Due(at) if *at <= now => (Shape::Sending, None, ""),
        DeliveryState::Due(at) => (Shape::Due, Some(*at), ""),
        DeliveryState::Emailed(at) => (Shape::Emailed, Some(*at), ""),
        DeliveryState::Texted(at) => (Shape::Texted, Some(*at), ""),
        DeliveryState::Failed(at, why) => (Shape::Failed, Some(*at), why.as_str()),
        DeliveryState::Suppressed(reason) => (Shape::Suppressed(*reason), None, ""),
    })
}

/// What is still pending by the other medium for somebody already notified by one.
fn later(fate: &RecipientStatus, now: Time) -> Option<(Shape, Option<Time>, &str)> {
    let (way, state) = match fate.state {
        DeliveryState::Emailed(_) => (Medium::Text, fate.text.as_ref()?),
        DeliveryState::Texted(_) => (Medium::Email, fate.email.as_ref()?),
        _ => return None,
    };
    match shape(state, now)? {
        (Shape::Due, at, why) => Some((Shape::Later(way), at, why)),
        sending @ (Shape::Sending, ..) => Some(sending),
        _ => None,
    }
}

/// Checks that a message is in the channel that the address names.
fn in_channel(reader: &Reader, actor: &Actor, channel: ChannelId, message: MessageId) -> error::Result<()> {
    access::internal(actor)?;
    let found = message::find(reader, actor, message)?;
    if found.channel == channel { Ok(()) } else { Err(Error::NotFound) }
}

fn done(headers: &HeaderMap, channel: ChannelId, message: MessageId) -> axum::response::Response {
    match ResponseFormat::of(headers) {
        ResponseFormat::Json => axum::http::StatusCode::NO_CONTENT.into_response(),
        ResponseFormat::Page => redirect(&format!("/messages/{channel}?message={message}#message-{message}")),
    }
}

async fn send_now(
    visit: Visit,
    PathParam((channel, id)): PathParam<(ChannelId, MessageId)>,
    headers: HeaderMap,
) -> Result {
    let send = move |tx: &mut Tx, actor: &Actor| {
        in_channel(tx, actor, channel, id)?;
        manual_send::send_now(tx, actor, id)
    };
    visit.write(send).await?;
    Ok(done(&headers, channel, id))
}

/// The other messages with the same status, as the page groups them.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Others {
    also: Vec<MessageId>,
}

async fn call_off(
    visit: Visit,
    PathParam((channel, id)): PathParam<(ChannelId, MessageId)>,
    headers: HeaderMap,
    Input(others): Input<Others>,
) -> Result {
    let call_off = move |tx: &mut Tx, actor: &Actor| {
        for message in others.also.iter().take(AT_ONCE).chain([&id]) {
            in_channel(tx, actor, channel, *message)?;
            match manual_send::call_off(tx, actor, *message) {
                // Deleted meanwhile: there is nothing left to send.
                Err(Error::Conflict(_)) if *message != id => {}
                called_off => called_off?,
            }
        }
        Ok(())
    };
    visit.write(call_off).await?;
    Ok(done(&headers, channel, id))
}
