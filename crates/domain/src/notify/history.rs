//! The history of notices for admins: what was sent to whom about missed messages, why, and how it went (N12).

use store::{Reader, Time};
use uuid::Uuid;

use crate::channels::channel;
use crate::kernel::access::{self, Actor};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, DigestId, PersonId};
use crate::kernel::medium::{self, Medium};
use crate::kernel::name::Name;
use crate::messages::unread_backlog::Reason;

columns! {
    /// A digest and what became of it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Notice {
        pub digest: DigestId = "d.id",
        /// To whom.
        pub person: PersonId = "d.person",
        /// Their name and address now.
        pub name: Name = "p.given_name, p.family_name, p.email",
        /// When it was decided.
        pub created_at: Time = "d.created_at",
        /// Why nothing was sent at all.
        pub suppressed: Option<Reason> = "d.suppressed",
        pub about: Vec<About> => Vec::new(),
        /// What was to be sent: an email, a text message, or both.
        pub sendings: Vec<Sending> => Vec::new(),
    }
}

/// One channel of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub channel: ChannelId,
    /// Its title; nothing where the one who asks cannot see the channel.
    pub title: Option<String>,
    /// Why it was left out of what was sent (N13): of the email, where there is one.
    pub left_out: Option<Reason>,
}

columns! {
    /// One email or text message of a notice.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Sending {
        pub way: Medium = "kind" => medium::medium_of,
        /// How often it was tried.
        pub tries: i64 = "tries",
        /// When it left.
        pub sent_at: Option<Time> = "sent_at",
        /// When it failed for good.
        pub failed_at: Option<Time> = "failed_at",
        /// When it is tried next.
        pub next_try_at: Option<Time> = "next_try_at",
        /// Why it failed, is late or was not wanted any more, as it was recorded.
        pub reason: Option<String> = "reason",
    }
}

/// The newest notices of the workspace, those before `before` where one is named; at most `most`.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn list(reader: &Reader, actor: &Actor, before: Option<DigestId>, most: i64) -> Result<Vec<Notice>> {
    access::admin(actor)?;
    let before = before.unwrap_or(DigestId(Uuid::max()));
    // Ids begin with the time: their order is that of the decisions.
    let mut found: Vec<Notice> = reader.all(
        constcat::concat!(
            "SELECT ",
            Notice::COLUMNS,
            " FROM digests d JOIN people p ON p.workspace = d.workspace AND p.id = d.person \
             WHERE d.workspace = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3"
        ),
        &[&actor.workspace, &before, &most],
        |row| row.read(),
    )?;
    for notice in &mut found {
        notice.about = about(reader, actor, notice.digest)?;
        notice.sendings = sendings(reader, actor, notice.digest)?;
    }
    Ok(found)
}

fn about(reader: &Reader, actor: &Actor, digest: DigestId) -> Result<Vec<About>> {
    let mut parts = reader.all(
        "SELECT t.channel, CASE WHEN EXISTS (SELECT 1 FROM deliveries d \
         WHERE d.workspace = t.workspace AND d.reference = t.digest AND d.kind = $3) THEN t.left_out \
         ELSE t.text_left_out END FROM digest_parts t WHERE t.workspace = $1 AND t.digest = $2 ORDER BY t.channel",
        &[&actor.workspace, &digest, &medium::digest_word(Medium::Email)],
        |row| Ok(About { channel: row.get(0)?, title: None, left_out: row.get(1)? }),
    )?;
    for part in &mut parts {
        part.title = match channel::find(reader, actor, part.channel) {
            Ok(channel) => Some(channel.title),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        };
    }
    Ok(parts)
}

fn sendings(reader: &Reader, actor: &Actor, digest: DigestId) -> Result<Vec<Sending>> {
    Ok(reader.all(
        constcat::concat!(
            "SELECT ",
            Sending::COLUMNS,
            " FROM deliveries WHERE workspace = $1 AND reference = $2 ORDER BY kind"
        ),
        &[&actor.workspace, &digest],
        |row| row.read(),
    )?)
}
