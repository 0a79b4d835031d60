//! What a journal entry changed about the delivery status of messages (N12), for API clients that follow the journal.
//!
//! Reading, sending and failing are told as the entry says; what is due or suppressed, as it is when the entry is read.

use std::time::Duration;

use store::{Reader, Time};

use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, DigestId, MessageId, PersonId, WorkspaceId};
use crate::kernel::journal::Event;
use crate::kernel::medium::{self, Medium};
use crate::notify::delivery_status;
use crate::notify::digest_part::DeliveryState;

/// The newest positions of which an entry tells, so that somebody who reads a long backlog at once costs no more than that.
pub const POSITIONS_MAX: i64 = 100;

/// The new status of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusChange {
    pub channel: ChannelId,
    pub message: MessageId,
    /// The recipient.
    pub person: PersonId,
    pub state: DeliveryState,
    /// Set if `state` is the status by this medium alone.
    pub medium: Option<Medium>,
}

/// The changes of an entry recorded `at` this time, oldest message first. `wait` overrides the workspace's setting.
///
/// # Errors
/// `NotFound` also for client users.
pub fn of_event(
    reader: &Reader,
    actor: &Actor,
    at: Time,
    event: &Event,
    wait: Option<Duration>,
) -> Result<Vec<StatusChange>> {
    let workspace = actor.workspace;
    match *event {
        Event::ChannelRead { channel, person, position, after: Some(after) } => {
            let messages = read(reader, workspace, channel, person, (after, position))?;
            let seen = |message| StatusChange {
                channel,
                message,
                person,
                state: DeliveryState::Seen(at),
                medium: None,
            };
            Ok(messages.into_iter().map(seen).collect())
        }
        Event::NotificationSent { channel, person, digest, way } => {
            let state = match way {
                Medium::Email => DeliveryState::Emailed(at),
                Medium::Text => DeliveryState::Texted(at),
            };
            by_medium(reader, workspace, at, (channel, person, digest, way), state)
        }
        Event::NotificationFailed { channel, person, digest, way } => {
            let state = DeliveryState::Failed(at, failure(reader, workspace, digest, way)?);
            by_medium(reader, workspace, at, (channel, person, digest, way), state)
        }
        Event::NotificationChanged { channel, person, positions: Some((after, up_to)) } => {
            let positions = after.max(up_to - POSITIONS_MAX) + 1..=up_to;
            let statuses = delivery_status::of_recipients(reader, actor, channel, positions, person, wait)?;
            Ok(statuses.into_iter().flat_map(|status| pending(channel, status)).collect())
        }
        _ => Ok(Vec::new()),
    }
}

/// The messages that somebody has seen by moving their read position.
fn read(
    reader: &Reader,
    workspace: WorkspaceId,
    channel: ChannelId,
    person: PersonId,
    (after, position): (i64, i64),
) -> Result<Vec<MessageId>> {
    Ok(reader.all(
        "SELECT id FROM messages WHERE workspace = $1 AND channel = $2 AND position > $4 AND position <= $5 \
         AND author <> $3 AND deleted_at IS NULL ORDER BY position",
        &[&workspace, &channel, &person, &after.max(position - POSITIONS_MAX), &position],
        |row| row.get(0),
    )?)
}

/// The status of a digest's messages in one channel by one medium, without those that were left out or called off before.
fn by_medium(
    reader: &Reader,
    workspace: WorkspaceId,
    at: Time,
    (channel, person, digest, way): (ChannelId, PersonId, DigestId, Medium),
    state: DeliveryState,
) -> Result<Vec<StatusChange>> {
    let left_out = match way {
        Medium::Email => "left_out",
        Medium::Text => "text_left_out",
    };
    let sql = format!(
        "SELECT x.id FROM digest_parts t JOIN messages x ON x.workspace = t.workspace AND x.channel = t.channel \
         AND x.position > t.after_position AND x.position > t.up_to_position - $6 AND x.position <= t.up_to_position \
         WHERE t.workspace = $1 AND t.digest = $2 AND t.channel = $3 AND t.{left_out} IS NULL AND x.author <> $4 \
         AND x.deleted_at IS NULL AND (x.called_off_at IS NULL OR x.called_off_at > $5) ORDER BY x.position"
    );
    let params: [&dyn store::Param; 6] = [&workspace, &digest, &channel, &person, &at, &POSITIONS_MAX];
    let changed =
        |message| StatusChange { channel, message, person, state: state.clone(), medium: Some(way) };
    Ok(reader.all(&sql, &params, |row| Ok(changed(row.get(0)?)))?)
}

/// Why a digest failed by a medium.
fn failure(reader: &Reader, workspace: WorkspaceId, digest: DigestId, way: Medium) -> Result<String> {
    let reason: Option<Option<String>> = reader.first(
        "SELECT reason FROM deliveries WHERE workspace = $1 AND reference = $2 AND kind = $3",
        &[&workspace, &digest, &medium::digest_word(way)],
        |row| row.get(0),
    )?;
    Ok(reason.flatten().unwrap_or_default())
}

/// For whom a message is due or suppressed. Other changes of status have entries of their own.
fn pending(channel: ChannelId, status: delivery_status::MessageStatus) -> impl Iterator<Item = StatusChange> {
    let message = status.message;
    let is_pending =
        |state: &DeliveryState| matches!(state, DeliveryState::Due(_) | DeliveryState::Suppressed(_));
    status.recipients.into_iter().filter(move |recipient| is_pending(&recipient.state)).map(
        move |recipient| StatusChange {
            channel,
            message,
            person: recipient.person,
            state: recipient.state,
            medium: None,
        },
    )
}
