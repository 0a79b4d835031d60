//! Settings of a workspace about messages (Settings → Messaging): the wait, hidden text, what reply links allow.

use std::time::Duration;

use store::{FromValue, Param, Reader, Time, Tx, Value};

use crate::access::{self, Actor};
use crate::error::{Error, Problem, Result};
use crate::ids::WorkspaceId;
use crate::missed;

/// Minutes that a workspace may let its messages wait (N2).
pub const WAIT_MINUTES: std::ops::RangeInclusive<i64> = 1..=60;

/// What a reply link leads to on a device where nobody is signed in (N8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyLinks {
    /// A page that shows the messages and sends an answer.
    Reply,
    /// Signing in, and then the channel.
    SignIn,
}

impl ReplyLinks {
    /// The word that the database and forms use.
    pub fn word(self) -> &'static str {
        match self {
            ReplyLinks::Reply => "reply",
            ReplyLinks::SignIn => "signIn",
        }
    }

    /// The meaning of a word.
    pub fn from_word(word: &str) -> Option<ReplyLinks> {
        [ReplyLinks::Reply, ReplyLinks::SignIn].into_iter().find(|links| links.word() == word)
    }
}

impl FromValue for ReplyLinks {
    fn from_value(value: Value<'_>) -> Option<ReplyLinks> {
        match value {
            Value::Text(word) => ReplyLinks::from_word(word),
            _ => None,
        }
    }
}

impl Param for ReplyLinks {
    fn value(&self) -> Value<'_> {
        Value::Text(self.word())
    }
}

/// How a workspace tells people what they have missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Messaging {
    /// How many minutes a message may stay unread before its reader is told: one of [`WAIT_MINUTES`].
    pub wait_minutes: i64,
    /// Since when the text of messages is left out of emails (N11).
    pub hide_text_at: Option<Time>,
    /// What reply links lead to.
    pub reply_links: ReplyLinks,
}

impl Messaging {
    /// The wait as a span of time.
    pub fn wait(&self) -> Duration {
        Duration::from_secs(60 * u64::try_from(self.wait_minutes).unwrap_or(0))
    }
}

/// What holds in a workspace.
///
/// # Errors
/// `NotFound` where there is no such workspace.
pub fn messaging(reader: &Reader, workspace: WorkspaceId) -> Result<Messaging> {
    let found = reader.first(
        "SELECT wait_minutes, hide_text_at, reply_links FROM workspaces WHERE id = $1",
        &[&workspace],
        |row| {
            Ok(Messaging { wait_minutes: row.get(0)?, hide_text_at: row.get(1)?, reply_links: row.get(2)? })
        },
    )?;
    found.ok_or(Error::NotFound)
}

/// What an admin changes; nothing for what stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagingChange {
    /// The wait in minutes.
    pub wait_minutes: Option<i64>,
    /// Whether the text of messages is left out of emails.
    pub hide_text: Option<bool>,
    /// What reply links lead to.
    pub reply_links: Option<ReplyLinks>,
}

/// Changes how the workspace tells people what they have missed. It holds from now on, for links sent before too.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for a wait that is not one of [`WAIT_MINUTES`].
pub fn change_messaging(tx: &mut Tx, actor: &Actor, change: &MessagingChange) -> Result<()> {
    access::admin(actor)?;
    if change.wait_minutes.is_some_and(|minutes| !WAIT_MINUTES.contains(&minutes)) {
        return Err(Error::field("waitMinutes", Problem::NoChoice));
    }
    let before = messaging(tx, actor.workspace)?;
    let hide_text_at = match change.hide_text {
        Some(true) => before.hide_text_at.or(Some(tx.now())),
        Some(false) => None,
        None => before.hide_text_at,
    };
    let wait_minutes = change.wait_minutes.unwrap_or(before.wait_minutes);
    let reply_links = change.reply_links.unwrap_or(before.reply_links);
    tx.run(
        "UPDATE workspaces SET wait_minutes = $2, hide_text_at = $3, reply_links = $4, updated_at = $5 WHERE id = $1",
        &[&actor.workspace, &wait_minutes, &hide_text_at, &reply_links, &tx.now()],
    )?;
    if wait_minutes != before.wait_minutes {
        missed::wait_changed(tx, actor.workspace)?;
    }
    Ok(())
}
