//! Digests: everything a person has not read, in one email or text (N3, N5, N6, N13).
//!
//! A digest stores which messages it covers, by channel, but not their content. That is assembled at each
//! attempt from what is true then ([`prepare`]): edited text is sent as edited, and what was deleted, read or
//! lost meanwhile is left out. It is written in one transaction with its deliveries and each channel's
//! `told_position`, so no message is in two digests.

use store::{Reader, Time, Tx};

use crate::channels::channel::{self, Kind};
use crate::directory::addressee::{self, Addressee};
use crate::directory::person;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, DigestId, MessageId, PersonId, WorkspaceId};
use crate::kernel::limits;
use crate::kernel::medium::{self, Frequency, Medium};
use crate::kernel::name::Name;
use crate::kernel::secrets::Secret;
use crate::messages::attachments::{self, State};
use crate::messages::unread_backlog::{COUNTS, Reason, Waiting};
use crate::notify::{deliveries, delivery, preferences, reply_links, text_deliveries};
use crate::tenant::settings;

/// Messages of one channel in a mail; beyond that it only says how many more there are (N3).
pub const MESSAGES_MAX: i64 = limits::PAGE_MESSAGES;

/// The media a digest is sent by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    pub email: bool,
    pub text: bool,
}

/// Creates a digest of a person's unread messages, with its deliveries.
pub(crate) fn write(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
    waiting: &[Waiting],
    ways: Media,
) -> Result<DigestId> {
    let id = insert_digest(tx, workspace, person, waiting, None)?;
    for (way, wanted) in [(Medium::Email, ways.email), (Medium::Text, ways.text)] {
        if wanted {
            deliveries::add(tx, workspace, delivery::Kind::digest(way, id), Some(person))?;
        }
    }
    Ok(id)
}

/// Records that a person is never notified of these messages, and why (N12).
pub(crate) fn suppress(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
    waiting: &[Waiting],
    reason: Reason,
) -> Result<()> {
    insert_digest(tx, workspace, person, waiting, Some(reason)).map(|_| ())
}

fn insert_digest(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
    waiting: &[Waiting],
    suppressed: Option<Reason>,
) -> Result<DigestId> {
    let now = tx.now();
    let id = DigestId::new(now);
    tx.run(
        "INSERT INTO digests (workspace, id, person, created_at, suppressed) VALUES ($1, $2, $3, $4, $5)",
        &[&workspace, &id, &person, &now, &suppressed],
    )?;
    for part in waiting {
        tx.run(
            "INSERT INTO digest_parts (workspace, digest, channel, person, after_position, up_to_position) \
             VALUES ($1, $2, $3, $4, $5, $6)",
            &[&workspace, &id, &part.channel, &person, &part.after, &part.up_to],
        )?;
        tx.run(
            "UPDATE members SET told_position = $4 WHERE workspace = $1 AND channel = $2 AND person = $3",
            &[&workspace, &part.channel, &person, &part.up_to],
        )?;
    }
    Ok(id)
}

/// The content of a digest at this moment. It contains secrets that must not be logged, hence no `Debug`.
pub struct Digest {
    /// The same at every attempt.
    pub id: DigestId,
    pub created_at: Time,
    pub to: Addressee,
    /// As an IANA name.
    pub time_zone: Option<String>,
    /// Whether message text and file names are hidden (N11).
    pub hides_text: bool,
    /// Not empty; the one waiting longest first.
    pub channels: Vec<DigestChannel>,
    /// For the unsubscribe link; only in mails.
    pub unsubscribe: Option<Secret>,
}

pub struct DigestChannel {
    pub channel: ChannelId,
    /// The title as the recipient sees it.
    pub title: String,
    pub kind: Kind,
    /// Not empty; oldest first, at most [`MESSAGES_MAX`].
    pub messages: Vec<DigestMessage>,
    /// How many more there are.
    pub more: i64,
    /// For the reply link (N7).
    pub link: Secret,
}

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct DigestMessage {
        pub author: PersonId = "x.author",
        pub author_name: Name = "p.given_name, p.family_name, p.email",
        /// When the portal received it.
        pub sent_at: Time = "x.sent_at",
        pub edited_at: Option<Time> = "x.edited_at",
        /// Markdown. May be empty if there are files.
        pub text: String = "x.text",
        /// In the sender's order.
        pub files: Vec<SentFile> => Vec::new(),
    }
}

/// An attachment as a digest mentions it. The bytes are never mailed: they may be deleted or found to be
/// harmful later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// The file's name at the time of sending.
    pub name: String,
    /// In bytes.
    pub size: i64,
    /// Whether it has been deleted since (F5).
    pub is_removed: bool,
}

pub enum Prepared {
    Digest(Box<Digest>),
    /// There is nothing to send any more, with the reason: that of a [`Reason`], or [`NOTHING_LEFT`].
    Dropped(&'static str),
}

/// The reason for a digest whose messages were all read or deleted before it could be sent.
pub const NOTHING_LEFT: &str = "nothingLeft";

/// Assembles the content of a digest from what is true now. Called right before each attempt to send it.
pub fn prepare(tx: &mut Tx, workspace: WorkspaceId, id: DigestId, way: Medium) -> Result<Prepared> {
    let found: Option<(PersonId, Time)> = tx.first(
        "SELECT person, created_at FROM digests WHERE workspace = $1 AND id = $2",
        &[&workspace, &id],
        |row| row.read(),
    )?;
    let Some((person, created_at)) = found else { return Ok(Prepared::Dropped(NOTHING_LEFT)) };
    let mut parts = Vec::new();
    let mut left_out = None;
    // A text includes those merged into it (N9).
    let mut spans = spans(tx, workspace, id)?;
    if way == Medium::Text {
        for other in text_deliveries::merged(tx, workspace, id)? {
            spans.extend(self::spans(tx, workspace, other)?);
        }
    }
    for span in spans {
        let reason = span.member.left_out();
        note_left_out(tx, workspace, &span, way, reason)?;
        left_out = left_out.or(reason);
        if reason.is_none() {
            parts.push(span);
        }
    }
    let person_now = access::actor(tx, workspace, person)?.zip(addressee::addressee(tx, workspace, person)?);
    let Some((actor, to)) = person_now else { return Ok(Prepared::Dropped(Reason::LostAccess.word())) };
    if let Some(reason) = refused(tx, &actor, way)? {
        return Ok(Prepared::Dropped(reason.word()));
    }
    let mut channels = Vec::new();
    for span in parts {
        channels.extend(part(tx, &actor, &span)?);
    }
    if channels.is_empty() {
        return Ok(Prepared::Dropped(left_out.map_or(NOTHING_LEFT, Reason::word)));
    }
    channels.sort_by_key(|part| part.messages.first().map(|said| said.sent_at));
    let unsubscribe = match way {
        Medium::Email => Some(preferences::unsubscribe_secret(tx, workspace, person, way)?),
        Medium::Text => None,
    };
    Ok(Prepared::Digest(Box::new(Digest {
        id,
        created_at,
        to,
        time_zone: person::profile(tx, &actor)?.time_zone,
        hides_text: settings::messaging(tx, workspace)?.hide_text_at.is_some(),
        channels,
        unsubscribe,
    })))
}

/// The messages of a digest in one channel, and the recipient's current membership there.
struct Span {
    digest: DigestId,
    channel: ChannelId,
    after: i64,
    up_to: i64,
    member: Standing,
}

/// The recipient's membership in a channel.
struct Standing {
    /// The newest message when they joined; `None` if they are no longer a member.
    joined_position: Option<i64>,
    left_at: Option<Time>,
    muted_at: Option<Time>,
    read_position: i64,
    up_to: i64,
}

impl Standing {
    /// Why to leave the channel out.
    fn left_out(&self) -> Option<Reason> {
        match self.joined_position {
            None => Some(Reason::LostAccess),
            // They left and came back: earlier messages are not news to them.
            Some(joined) if joined >= self.up_to => Some(Reason::LostAccess),
            Some(_) if self.left_at.is_some() => Some(Reason::Left),
            Some(_) if self.muted_at.is_some() => Some(Reason::Muted),
            Some(_) => None,
        }
    }
}

fn spans(reader: &Reader, workspace: WorkspaceId, digest: DigestId) -> Result<Vec<Span>> {
    Ok(reader.all(
        "SELECT t.channel, t.after_position, t.up_to_position, m.joined_position, m.left_at, m.muted_at, \
         coalesce(m.read_position, 0) FROM digest_parts t \
         LEFT JOIN members m ON m.workspace = t.workspace AND m.channel = t.channel AND m.person = t.person \
         WHERE t.workspace = $1 AND t.digest = $2 ORDER BY t.channel",
        &[&workspace, &digest],
        |row| {
            let ((channel, after, up_to), member) = row.read()?;
            let (joined_position, left_at, muted_at, read_position) = member;
            let member = Standing { joined_position, left_at, muted_at, read_position, up_to };
            Ok(Span { digest, channel, after, up_to, member })
        },
    )?)
}

/// Records why a channel is left out of a medium, until that has been sent; what it was sent with is final.
fn note_left_out(
    tx: &Tx,
    workspace: WorkspaceId,
    span: &Span,
    way: Medium,
    reason: Option<Reason>,
) -> Result<()> {
    let column = match way {
        Medium::Email => "left_out",
        Medium::Text => "text_left_out",
    };
    let different = match reason {
        Some(_) => format!("({column} IS NULL OR {column} <> $4)"),
        None => format!("{column} IS NOT NULL AND CAST($4 AS TEXT) IS NULL"),
    };
    let sql = format!(
        "UPDATE digest_parts SET {column} = $4 WHERE workspace = $1 AND digest = $2 AND channel = $3 AND {different} \
         AND NOT EXISTS (SELECT 1 FROM deliveries d \
         WHERE d.workspace = $1 AND d.reference = $2 AND d.kind = $5 AND d.sent_at IS NOT NULL)"
    );
    tx.run(&sql, &[&workspace, &span.digest, &span.channel, &reason, &medium::digest_word(way)])?;
    Ok(())
}

/// Why a person is no longer to be notified by a medium.
fn refused(reader: &Reader, actor: &Actor, way: Medium) -> Result<Option<Reason>> {
    let chosen = preferences::of_person(reader, actor.workspace, actor.person)?;
    let choice = match way {
        Medium::Email => chosen.email,
        Medium::Text => chosen.text,
    };
    if choice == Frequency::Off {
        return Ok(Some(Reason::Choice));
    }
    let bounced_at: Option<Option<Time>> = reader.first(
        "SELECT bounced_at FROM people WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &actor.person],
        |row| row.get(0),
    )?;
    let bounced = way == Medium::Email && bounced_at.flatten().is_some();
    Ok(bounced.then_some(Reason::NoAddress))
}

/// What is left to send of one channel; `None` if everything was read or deleted.
fn part(tx: &mut Tx, actor: &Actor, span: &Span) -> Result<Option<DigestChannel>> {
    let joined = span.member.joined_position.unwrap_or(span.up_to);
    let after = span.after.max(span.member.read_position).max(joined);
    let of_it = format!(
        "FROM messages x JOIN members m ON m.workspace = x.workspace AND m.channel = x.channel AND m.person = $3 \
         JOIN people p ON p.workspace = x.workspace AND p.id = x.author \
         WHERE x.workspace = $1 AND x.channel = $2 AND x.position > $4 AND x.position <= $5 AND {COUNTS}"
    );
    let sql = format!(
        "SELECT {}, x.id, x.attachments {of_it} ORDER BY x.position LIMIT $6",
        DigestMessage::COLUMNS
    );
    let messages: Vec<(DigestMessage, MessageId, i64)> = tx.all(
        &sql,
        &[&actor.workspace, &span.channel, &actor.person, &after, &span.up_to, &MESSAGES_MAX],
        |row| row.read(),
    )?;
    let messages = messages.into_iter().map(|(said, message, files)| match files {
        0 => Ok(said),
        _ => Ok(DigestMessage { files: sent_files(tx, actor.workspace, message)?, ..said }),
    });
    let messages = messages.collect::<Result<Vec<DigestMessage>>>()?;
    if messages.is_empty() {
        return Ok(None);
    }
    let shown = i64::try_from(messages.len()).expect("a list in memory has a length of 63 bits");
    let all: i64 = if shown < MESSAGES_MAX {
        shown
    } else {
        let sql = format!("SELECT count(*) {of_it}");
        tx.one(&sql, &[&actor.workspace, &span.channel, &actor.person, &after, &span.up_to], |row| {
            row.get(0)
        })?
    };
    let channel = channel::find(tx, actor, span.channel)?;
    let link = reply_links::create(tx, actor.workspace, span.digest, actor.person, span.channel)?;
    Ok(Some(DigestChannel {
        channel: span.channel,
        title: channel.title,
        kind: channel.kind,
        messages,
        more: all - shown,
        link,
    }))
}

fn sent_files(reader: &Reader, workspace: WorkspaceId, message: MessageId) -> Result<Vec<SentFile>> {
    let found = attachments::of_message(reader, workspace, message)?.into_iter();
    let file = |attachment: attachments::Attachment| SentFile {
        is_removed: attachment.state == State::Removed,
        name: attachment.name,
        size: attachment.size,
    };
    Ok(found.map(file).collect())
}
