//! The history of digests for admins: to whom, about what, by which medium, and the outcome (N12).

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
    /// A digest and its outcome.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Notice {
        pub digest: DigestId = "d.id",
        /// The recipient.
        pub person: PersonId = "d.person",
        /// Their current name and address.
        pub name: Name = "p.given_name, p.family_name, p.email",
        pub created_at: Time = "d.created_at",
        /// Why nothing was sent at all.
        pub suppressed: Option<Reason> = "d.suppressed",
        pub about: Vec<About> => Vec::new(),
        /// An email, a text message, or both.
        pub sendings: Vec<Sending> => Vec::new(),
    }
}

/// One channel of a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    pub channel: ChannelId,
    /// `None` if the requester cannot see the channel.
    pub title: Option<String>,
    /// Why it was left out (N13): of the email, or of the text if there was no email.
    pub left_out: Option<Reason>,
}

columns! {
    /// One email or text message of a digest.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Sending {
        pub way: Medium = "kind" => medium::medium_of,
        pub tries: i64 = "tries",
        pub sent_at: Option<Time> = "sent_at",
        /// When it failed for good.
        pub failed_at: Option<Time> = "failed_at",
        pub next_try_at: Option<Time> = "next_try_at",
        /// Why it failed, is late or was no longer needed, as recorded.
        pub reason: Option<String> = "reason",
    }
}

/// The newest digests of the workspace, older than `before` if given; admins only.
pub fn list(reader: &Reader, actor: &Actor, before: Option<DigestId>, most: i64) -> Result<Vec<Notice>> {
    access::admin(actor)?;
    let before = before.unwrap_or(DigestId(Uuid::max()));
    // Ids begin with the time, so they are in the order of the decisions.
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
