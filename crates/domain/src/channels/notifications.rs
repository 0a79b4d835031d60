//! In-product notifications: one for each recipient and channel while something that counts is unread (N15).
//!
//! Open notifications are not stored but derived from read positions, so posting costs the same however many members
//! there are. A row is written when one ends, because its recipient reads, or when somebody marks it as read or
//! unread or deletes it. Relies on [`members`](crate::channels::members) for read positions.

use store::{Reader, Row, Time};
use uuid::Uuid;

use crate::channels::notification_id;
use crate::kernel::access::{Actor, Role};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, DigestId, MessageId, NotificationId, PersonId, WorkspaceId};
use crate::kernel::medium::{self, Medium};
use crate::kernel::name::Name;

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Notification {
        pub recipient: PersonId = "m.person",
        pub recipient_role: Role = "p.role",
        pub channel: ChannelId = "m.channel",
        /// The first of the messages that it is about.
        pub message: MessageId = "x.id",
        /// Stable as long as `message` is the same.
        pub id: NotificationId => notification_id::of(recipient, message),
        /// The position of `message`.
        pub position: i64 = "x.position",
        /// The author of `message`.
        pub sender: PersonId = "x.author",
        pub sender_name: Name = "s.given_name, s.family_name, s.email",
        pub sender_role: Role = "s.role",
        /// The text of `message`, in Markdown.
        pub text: String = "x.text",
        /// When `message` was received.
        pub created_at: Time = "x.sent_at",
        /// When the notification was read or marked as read.
        pub read_at: Option<Time> => None,
        /// The delivery status of its email; `None` if that is not decided yet.
        pub email: Option<Email> => None,
        /// The last position it is about; `None` while it is open.
        pub(crate) up_to: Option<i64> => None,
    }
}

/// The delivery status of an email about a notification's messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Email {
    /// The time of the next attempt.
    Due(Time),
    Sent(Time),
    /// When it failed, and why.
    Failed(Time, String),
    /// Why it was called off.
    Dropped(String),
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    /// `None` for everybody's, for API clients.
    pub recipient: Option<PersonId>,
    /// Also those that were read.
    pub include_read: bool,
    /// Only those after this place in the list.
    pub after: Option<Place>,
}

/// A notification's place in lists, newest first. It never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When `message` was received.
    pub created_at: Time,
    pub message: MessageId,
    pub recipient: PersonId,
}

impl Notification {
    pub fn place(&self) -> Place {
        Place { created_at: self.created_at, message: self.message, recipient: self.recipient }
    }
}

/// The position up to which the member `m` has read everything or has notifications that ended.
const AFTER: &str = "(SELECT CASE WHEN max(n.up_to_position) > m.read_position THEN max(n.up_to_position) \
     ELSE m.read_position END FROM notifications n \
     WHERE n.workspace = m.workspace AND n.channel = m.channel AND n.person = m.person)";

/// The members for whom messages count (N1): those who have not left, have not muted the channel, and were invited.
const RECEIVES: &str =
    "m.left_at IS NULL AND m.muted_at IS NULL AND (p.invited_at IS NOT NULL OR p.first_seen_at IS NOT NULL)";

/// Columns of a notification of the member `m`, who is the person `p`, about the message `x` by the person `s`.
const COLUMNS: &str = Notification::COLUMNS;

/// Open notifications: of members for whom something counts beyond [`AFTER`].
fn open(which: &str) -> String {
    format!(
        "SELECT {COLUMNS}, CAST(NULL AS BIGINT) AS read_at, CAST(NULL AS BIGINT) AS up_to \
         FROM members m \
         JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel AND c.last_position > m.read_position + m.skipped \
         JOIN people p ON p.workspace = m.workspace AND p.id = m.person \
         JOIN messages x ON x.workspace = m.workspace AND x.channel = m.channel AND x.position = (SELECT y.position FROM messages y \
         WHERE y.workspace = m.workspace AND y.channel = m.channel AND y.position > {AFTER} \
         AND y.author <> m.person AND y.deleted_at IS NULL ORDER BY y.position LIMIT 1) \
         JOIN people s ON s.workspace = x.workspace AND s.id = x.author \
         WHERE m.workspace = $1 AND {RECEIVES} AND {which}"
    )
}

/// Notifications that ended, if the recipient is still a member and the message was not deleted. What was read on
/// screen counts as read, whatever was marked before.
fn over(which: &str) -> String {
    format!(
        "SELECT {COLUMNS}, n.read_at AS read_at, n.up_to_position AS up_to FROM notifications n \
         JOIN members m ON m.workspace = n.workspace AND m.channel = n.channel AND m.person = n.person AND m.left_at IS NULL \
         JOIN people p ON p.workspace = m.workspace AND p.id = m.person \
         JOIN messages x ON x.workspace = n.workspace AND x.channel = n.channel AND x.position = n.position AND x.deleted_at IS NULL \
         JOIN people s ON s.workspace = x.workspace AND s.id = x.author \
         WHERE n.workspace = $1 AND n.deleted_at IS NULL AND {which}"
    )
}

/// A notification from [`open`] or [`over`].
fn read(row: &Row<'_>) -> store::Result<Notification> {
    let (notification, read_at, up_to) = row.read()?;
    Ok(Notification { read_at, up_to, ..notification })
}

/// The newest notifications that the actor may see, at most `most`: everybody's for API clients, otherwise the
/// actor's own.
///
/// # Errors
/// `NotFound` for those of somebody else.
pub fn list(reader: &Reader, actor: &Actor, search: &Search, most: i64) -> Result<Vec<Notification>> {
    let recipient = recipient(actor, search.recipient)?;
    let after = search.after.unwrap_or(Place {
        created_at: Time(i64::MAX),
        message: MessageId(Uuid::max()),
        recipient: PersonId(Uuid::max()),
    });
    // One query serves one person as well as everybody; each case uses its own index.
    let of = |column: &str| match recipient {
        Some(_) => format!("{column} = $2"),
        None => "CAST($2 AS UUID) IS NULL".to_string(),
    };
    let beyond = |at: &str, message: &str, person: &str| {
        format!(
            "{at} <= $3 AND ({at} < $3 OR {message} < $4 OR ({message} = $4 AND {person} < $5)) AND {}",
            of(person)
        )
    };
    let unread = if search.include_read { "" } else { "AND n.read_at IS NULL" };
    let sql = format!(
        "SELECT * FROM ({} UNION ALL SELECT * FROM ({} ORDER BY n.created_at DESC, n.message DESC, n.person DESC LIMIT $6) AS over) \
         AS found ORDER BY sent_at DESC, id DESC, person DESC LIMIT $6",
        open(&beyond("x.sent_at", "x.id", "m.person")),
        over(&format!("{} {unread}", beyond("n.created_at", "n.message", "n.person"))),
    );
    let mut found = reader.all(
        &sql,
        &[&actor.workspace, &recipient, &after.created_at, &after.message, &after.recipient, &most],
        read,
    )?;
    for notification in &mut found {
        notification.email = email(reader, actor.workspace, notification)?;
    }
    Ok(found)
}

/// The recipient to filter by, if the actor may see their notifications.
fn recipient(actor: &Actor, named: Option<PersonId>) -> Result<Option<PersonId>> {
    if actor.is_api_client() {
        return Ok(named);
    }
    match named {
        None => Ok(Some(actor.person)),
        Some(named) if named == actor.person => Ok(Some(named)),
        Some(_) => Err(Error::NotFound),
    }
}

/// A notification that the actor may see.
pub fn find(reader: &Reader, actor: &Actor, id: NotificationId) -> Result<Notification> {
    let mut found = look_up(reader, actor.workspace, id)?.ok_or(Error::NotFound)?;
    recipient(actor, Some(found.recipient))?;
    found.email = email(reader, actor.workspace, &found)?;
    Ok(found)
}

fn look_up(reader: &Reader, workspace: WorkspaceId, id: NotificationId) -> Result<Option<Notification>> {
    // Between the two places where it may be, somebody else may have moved it.
    match look_once(reader, workspace, id)? {
        None => look_once(reader, workspace, id),
        found => Ok(found),
    }
}

fn look_once(reader: &Reader, workspace: WorkspaceId, id: NotificationId) -> Result<Option<Notification>> {
    if let Some(known) = reader.first(&over("n.id = $2"), &[&workspace, &id], read)? {
        return Ok(Some(known));
    }
    for (recipient, channel) in notification_id::candidates(reader, workspace, id)? {
        let found = open_at(reader, workspace, channel, recipient)?;
        if found.as_ref().is_some_and(|found| found.id == id) {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The member's open notification in a channel.
pub(crate) fn open_at(
    reader: &Reader,
    workspace: WorkspaceId,
    channel: ChannelId,
    person: PersonId,
) -> Result<Option<Notification>> {
    Ok(reader.first(&open("m.channel = $2 AND m.person = $3"), &[&workspace, &channel, &person], read)?)
}

/// The notification that corresponds to a digest's part for one channel, for events about the digest.
pub fn of_digest(
    reader: &Reader,
    workspace: WorkspaceId,
    digest: DigestId,
    channel: ChannelId,
    person: PersonId,
) -> Result<Option<Notification>> {
    let first: Option<i64> = reader.first(
        "SELECT x.position FROM digest_parts t JOIN messages x ON x.workspace = t.workspace AND x.channel = t.channel \
         AND x.position > t.after_position AND x.position <= t.up_to_position \
         WHERE t.workspace = $1 AND t.digest = $2 AND t.channel = $3 AND x.author <> $4 AND x.deleted_at IS NULL \
         ORDER BY x.position LIMIT 1",
        &[&workspace, &digest, &channel, &person],
        |row| row.get(0),
    )?;
    let Some(first) = first else { return Ok(None) };
    let around = "n.channel = $2 AND n.person = $3 AND n.position <= $4 AND n.up_to_position >= $4";
    let found = match reader.first(&over(around), &[&workspace, &channel, &person, &first], read)? {
        Some(over) => Some(over),
        None => open_at(reader, workspace, channel, person)?.filter(|open| open.position <= first),
    };
    let Some(mut found) = found else { return Ok(None) };
    found.email = email(reader, workspace, &found)?;
    Ok(Some(found))
}

/// The status of the newest email about a notification's messages.
fn email(reader: &Reader, workspace: WorkspaceId, notification: &Notification) -> Result<Option<Email>> {
    let up_to = notification.up_to.unwrap_or(i64::MAX);
    let found = reader.first(
        "SELECT d.sent_at, d.failed_at, d.next_try_at, d.reason FROM digest_parts t \
         JOIN deliveries d ON d.workspace = t.workspace AND d.reference = t.digest AND d.kind = $6 \
         WHERE t.workspace = $1 AND t.channel = $2 AND t.person = $3 AND t.up_to_position >= $4 AND t.after_position < $5 \
         ORDER BY t.up_to_position DESC, d.created_at DESC LIMIT 1",
        &[
            &workspace,
            &notification.channel,
            &notification.recipient,
            &notification.position,
            &up_to,
            &medium::digest_word(Medium::Email),
        ],
        |row| {
            let times: [Option<Time>; 3] = [row.get(0)?, row.get(1)?, row.get(2)?];
            Ok((times, row.get::<Option<String>>(3)?.unwrap_or_default()))
        },
    )?;
    Ok(found.map(|(times, reason)| match times {
        [_, Some(failed_at), _] => Email::Failed(failed_at, reason),
        [Some(sent_at), ..] => Email::Sent(sent_at),
        [_, _, Some(next)] => Email::Due(next),
        _ => Email::Dropped(reason),
    }))
}
