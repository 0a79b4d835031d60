//! The delivery status of a message for each of its recipients, exactly one (N12). It is derived from data stored
//! anyway: read positions, digests and their deliveries, departures.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use store::{Reader, Row, Time};

use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, DigestId, MessageId, PersonId};
use crate::kernel::medium::{self, Medium};
use crate::kernel::name::Name;
use crate::messages::unread_backlog::{self, Reason};
use crate::notify::digest_part::{DeliveryState, DigestPart, Sending};
use crate::notify::{decision, due};

/// A recipient of a message and its status for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipientStatus {
    pub person: PersonId,
    pub name: Arc<Name>,
    /// The overall status; being seen outranks the media below.
    pub state: DeliveryState,
    /// By email, if one was to be sent.
    pub email: Option<DeliveryState>,
    /// By text message, if one was to be sent.
    pub text: Option<DeliveryState>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageStatus {
    pub message: MessageId,
    pub position: i64,
    /// Everybody who was in the channel when it was sent, except its author; ordered by name.
    pub recipients: Vec<RecipientStatus>,
}

/// The delivery status of the messages at these positions, for internal users who can see the channel.
/// Deleted messages have none. `wait` overrides the workspace's setting.
///
/// # Errors
/// `NotFound` also for client users.
pub fn of_messages(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    positions: RangeInclusive<i64>,
    wait: Option<Duration>,
) -> Result<Vec<MessageStatus>> {
    of_recipients(reader, actor, channel, positions, None, wait)
}

/// As [`of_messages`], for one of the recipients if there is a `person`: that costs the same however many others there are.
pub fn of_recipients(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    positions: RangeInclusive<i64>,
    person: Option<PersonId>,
    wait: Option<Duration>,
) -> Result<Vec<MessageStatus>> {
    access::internal(actor)?;
    access::channel(reader, actor, channel)?;
    let wait = due::wait_of(reader, actor.workspace, wait)?;
    let (first, last) = (*positions.start(), *positions.end());
    let asked = Asked { reader, actor, channel, first, last, person, wait };
    let (recipients, moves, parts) = (asked.recipients()?, asked.moves()?, asked.parts()?);
    let mut known: Vec<Known<'_>> = recipients
        .iter()
        .map(|recipient| Known {
            recipient,
            moves: moves.get(&recipient.person).map_or(&[], Vec::as_slice),
            parts: parts.get(&recipient.person).map_or(&[], Vec::as_slice),
            outlook: None,
        })
        .collect();
    let fates_of = |message: Message| {
        let receiving = known.iter_mut().filter(|known| known.recipient.receives(&message));
        let statuses = receiving.map(|known| known.fate(&asked, &message)).collect::<Result<_>>()?;
        Ok(MessageStatus { message: message.id, position: message.position, recipients: statuses })
    };
    asked.messages()?.into_iter().map(fates_of).collect()
}

struct Asked<'a> {
    reader: &'a Reader,
    actor: &'a Actor,
    channel: ChannelId,
    first: i64,
    last: i64,
    /// `None` for all recipients.
    person: Option<PersonId>,
    wait: Duration,
}

struct Message {
    id: MessageId,
    position: i64,
    author: PersonId,
    sent_at: Time,
    called_off_at: Option<Time>,
}

/// A member, past or present, who receives the messages in (joined, left].
struct Recipient {
    person: PersonId,
    name: Arc<Name>,
    joined: i64,
    /// `None` while they are a member.
    left: Option<(i64, Reason)>,
    muted: bool,
    told_position: i64,
}

impl Recipient {
    fn receives(&self, message: &Message) -> bool {
        message.author != self.person
            && self.joined < message.position
            && self.left.is_none_or(|(left, _)| message.position <= left)
    }

    /// Why an unseen message that is in no digest will never be in one.
    fn untold(&self, message: &Message) -> Option<Reason> {
        if let Some((_, reason)) = self.left {
            Some(reason)
        } else if message.called_off_at.is_some() {
            Some(Reason::CalledOff)
        } else if self.told_position >= message.position {
            Some(Reason::Earlier)
        } else if self.muted {
            Some(Reason::Muted)
        } else {
            None
        }
    }
}

/// A recipient with everything loaded about them, once for all messages.
struct Known<'a> {
    recipient: &'a Recipient,
    moves: &'a [(i64, Time)],
    parts: &'a [DigestPart],
    /// Computed when the first message needs it.
    outlook: Option<Forecast>,
}

impl Known<'_> {
    fn fate(&mut self, asked: &Asked<'_>, message: &Message) -> Result<RecipientStatus> {
        let part = self.parts.iter().find(|part| part.covers(message.position));
        let state = match (first_at(self.moves, message.position), part) {
            (Some(at), _) => DeliveryState::Seen(at),
            (None, Some(part)) => part.state(message.called_off_at),
            (None, None) => match self.recipient.untold(message) {
                Some(reason) => DeliveryState::Suppressed(reason),
                None => self.outlook(asked)?.state(message),
            },
        };
        let way = |way| part.and_then(|part| part.by(way, message.called_off_at));
        let (email, text) = (way(Medium::Email), way(Medium::Text));
        Ok(RecipientStatus {
            person: self.recipient.person,
            name: Arc::clone(&self.recipient.name),
            state,
            email,
            text,
        })
    }

    fn outlook(&mut self, asked: &Asked<'_>) -> Result<Forecast> {
        match self.outlook {
            Some(known) => Ok(known),
            None => Ok(*self.outlook.insert(asked.outlook(self.recipient.person)?)),
        }
    }
}

/// What will happen to a person's unread messages.
#[derive(Clone, Copy)]
enum Forecast {
    Due(Time),
    Suppressed(Reason),
}

impl Forecast {
    fn state(self, message: &Message) -> DeliveryState {
        match self {
            // Never before it was sent, even if the clock was set back.
            Forecast::Due(at) => DeliveryState::Due(at.max(message.sent_at)),
            Forecast::Suppressed(reason) => DeliveryState::Suppressed(reason),
        }
    }
}

/// When the read position first reached `position`.
fn first_at(moves: &[(i64, Time)], position: i64) -> Option<Time> {
    moves.iter().filter(|(to, _)| *to >= position).map(|(_, at)| *at).min()
}

impl Asked<'_> {
    fn messages(&self) -> Result<Vec<Message>> {
        Ok(self.reader.all(
            "SELECT id, position, author, sent_at, called_off_at FROM messages WHERE workspace = $1 AND channel = $2 \
             AND position >= $3 AND position <= $4 AND deleted_at IS NULL ORDER BY position",
            &[&self.actor.workspace, &self.channel, &self.first, &self.last],
            |row| {
                Ok(Message {
                    id: row.get(0)?,
                    position: row.get(1)?,
                    author: row.get(2)?,
                    sent_at: row.get(3)?,
                    called_off_at: row.get(4)?,
                })
            },
        )?)
    }

    /// SQL: the condition on the recipient, who is this parameter.
    fn of(&self, column: &str, parameter: &str) -> String {
        match self.person {
            Some(_) => format!("{column} = {parameter}"),
            None => format!("CAST({parameter} AS UUID) IS NULL"),
        }
    }

    /// The parameters of the queries below.
    fn place(&self) -> [&dyn store::Param; 5] {
        [&self.actor.workspace, &self.channel, &self.first, &self.last, &self.person]
    }

    fn recipients(&self) -> Result<Vec<Recipient>> {
        let members = format!(
            "SELECT m.person, p.given_name, p.family_name, p.email, m.joined_position, m.muted_at, m.told_position \
             FROM members m JOIN people p ON p.workspace = m.workspace AND p.id = m.person \
             WHERE m.workspace = $1 AND m.channel = $2 AND m.left_at IS NULL AND m.joined_position < $3 AND {}",
            self.of("m.person", "$4")
        );
        let departed = format!(
            "SELECT d.person, p.given_name, p.family_name, p.email, d.joined_position, d.left_position, d.reason \
             FROM departures d JOIN people p ON p.workspace = d.workspace AND p.id = d.person \
             WHERE d.workspace = $1 AND d.channel = $2 AND d.joined_position < $4 AND d.left_position >= $3 AND {}",
            self.of("d.person", "$5")
        );
        let params: [&dyn store::Param; 4] = [&self.actor.workspace, &self.channel, &self.last, &self.person];
        let mut found = self.reader.all(&members, &params, |row| {
            let (person, name, joined, muted_at, told_position): (_, Name, _, Option<Time>, _) =
                row.read()?;
            let (name, muted) = (Arc::new(name), muted_at.is_some());
            Ok(Recipient { person, name, joined, left: None, muted, told_position })
        })?;
        found.extend(self.reader.all(&departed, &self.place(), |row| {
            let (person, name, joined, left): (_, Name, _, _) = row.read()?;
            let (name, left) = (Arc::new(name), Some(left));
            Ok(Recipient { person, name, joined, left, muted: false, told_position: 0 })
        })?);
        found.sort_by_cached_key(|recipient| (recipient.name.full(), recipient.person));
        Ok(found)
    }

    /// The read moves within these positions, and each person's first one beyond: later ones add nothing,
    /// however many there are.
    fn moves(&self) -> Result<HashMap<PersonId, Vec<(i64, Time)>>> {
        let of = self.of("person", "$5");
        let sql = format!(
            "SELECT person, position, at FROM read_moves \
             WHERE workspace = $1 AND channel = $2 AND position >= $3 AND position <= $4 AND {of} \
             UNION ALL SELECT v.person, v.position, v.at FROM ( \
             SELECT person FROM members WHERE workspace = $1 AND channel = $2 AND {of} \
             UNION SELECT person FROM departures WHERE workspace = $1 AND channel = $2 AND {of}) m \
             JOIN read_moves v ON v.workspace = $1 AND v.channel = $2 AND v.person = m.person \
             AND v.position = (SELECT min(n.position) FROM read_moves n \
             WHERE n.workspace = $1 AND n.channel = $2 AND n.person = m.person AND n.position > $4)"
        );
        let moves = self.reader.all(&sql, &self.place(), |row| {
            let (person, position, at) = row.read()?;
            Ok((person, (position, at)))
        })?;
        Ok(by_person(moves))
    }

    fn parts(&self) -> Result<HashMap<PersonId, Vec<DigestPart>>> {
        let of = self.of("t.person", "$5");
        let sql = format!(
            "SELECT t.person, t.digest, t.after_position, t.up_to_position, t.left_out, t.text_left_out, g.suppressed \
             FROM digest_parts t JOIN digests g ON g.workspace = t.workspace AND g.id = t.digest \
             WHERE t.workspace = $1 AND t.channel = $2 AND t.up_to_position >= $3 AND t.after_position < $4 AND {of} \
             ORDER BY t.digest DESC"
        );
        let mut parts = self.reader.all(&sql, &self.place(), |row| {
            let (digest, after, up_to) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let (left_out, suppressed) = ([row.get(4)?, row.get(5)?], row.get(6)?);
            Ok((
                row.get(0)?,
                DigestPart { digest, after, up_to, suppressed, left_out, deliveries: Vec::new() },
            ))
        })?;
        let sending = |row: &Row<'_>| -> store::Result<(DigestId, Sending)> {
            let (digest, kind, next_try_at, sent_at, failed_at, reason) = row.read()?;
            let sending = Sending { way: medium::medium_of(kind), next_try_at, sent_at, failed_at, reason };
            Ok((digest, sending))
        };
        let sql = format!(
            "SELECT t.digest, d.kind, d.next_try_at, d.sent_at, d.failed_at, d.reason FROM digest_parts t \
             JOIN deliveries d ON d.workspace = t.workspace AND d.reference = t.digest \
             WHERE t.workspace = $1 AND t.channel = $2 AND t.up_to_position >= $3 AND t.after_position < $4 AND {of} \
             ORDER BY d.kind"
        );
        let sendings = self.reader.all(&sql, &self.place(), sending)?;
        let mut of_digest: HashMap<DigestId, Vec<Sending>> = HashMap::new();
        for (digest, sending) in sendings {
            of_digest.entry(digest).or_default().push(sending);
        }
        for (_, part) in &mut parts {
            part.deliveries = of_digest.remove(&part.digest).unwrap_or_default();
        }
        Ok(by_person(parts))
    }

    fn outlook(&self, person: PersonId) -> Result<Forecast> {
        let workspace = self.actor.workspace;
        let circumstances = match due::circumstances(self.reader, workspace, person, self.wait) {
            Err(Error::NotFound) => return Ok(Forecast::Suppressed(Reason::LostAccess)),
            found => found?,
        };
        if let Some(reason) = circumstances.refused() {
            return Ok(Forecast::Suppressed(reason));
        }
        let waiting = unread_backlog::waiting(self.reader, workspace, person)?;
        let at = decision::due_at(&waiting, circumstances.wait).unwrap_or(self.reader.now());
        Ok(Forecast::Due(at.max(self.reader.now())))
    }
}

fn by_person<T>(pairs: Vec<(PersonId, T)>) -> HashMap<PersonId, Vec<T>> {
    let mut found: HashMap<PersonId, Vec<T>> = HashMap::new();
    for (person, value) in pairs {
        found.entry(person).or_default().push(value);
    }
    found
}
