//! Settings of a workspace about messages (Settings → Messaging): the wait, hidden text, what reply links allow, where new
//! client users talk and what they may start; and about files (Settings → Files): how large one may be. How client users are
//! welcomed is in `welcome`.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::WorkspaceId;
use crate::kernel::words::words;

/// Minutes that a workspace may let its messages wait (N2).
pub const WAIT_MINUTES: std::ops::RangeInclusive<i64> = 1..=60;

words! {
    /// What a reply link leads to on a device where nobody is signed in (N8).
    pub enum ReplyLinks {
        /// A page that shows the messages and sends an answer.
        Reply = "reply",
        /// Signing in, and then the channel.
        SignIn = "signIn",
    }
}

words! {
    /// Where a new client user's conversation is (C6).
    pub enum DefaultChannel {
        /// In a channel of their own.
        Client = "client",
        /// In their company's channel.
        Company = "company",
    }
}

columns! {
    /// How people talk in a workspace, and are told what they have missed.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Messaging {
        /// How many minutes a message may stay unread before its reader is told: one of [`WAIT_MINUTES`].
        pub wait_minutes: i64 = "wait_minutes",
        /// Since when the text of messages is left out of emails (N11).
        pub hide_text_at: Option<Time> = "hide_text_at",
        /// What reply links lead to.
        pub reply_links: ReplyLinks = "reply_links",
        /// Where a new client user's conversation is (C6).
        pub default_channel: DefaultChannel = "default_channel",
        /// Since when client users may start channels themselves.
        pub clients_start_at: Option<Time> = "clients_start_at",
    }
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
        constcat::concat!("SELECT ", Messaging::COLUMNS, " FROM workspaces WHERE id = $1"),
        &[&workspace],
        |row| row.read(),
    )?;
    found.ok_or(Error::NotFound)
}

/// Since when something holds, where it is switched on or off, or stays as it is.
pub(crate) fn since(tx: &Tx, before: Option<Time>, wanted: Option<bool>) -> Option<Time> {
    match wanted {
        Some(true) => before.or(Some(tx.now())),
        Some(false) => None,
        None => before,
    }
}

/// Most bytes of one file, where the workspace has set any.
///
/// # Errors
/// `NotFound` where there is no such workspace.
pub fn file_limit(reader: &Reader, workspace: WorkspaceId) -> Result<Option<i64>> {
    let sql = "SELECT upload_limit FROM workspaces WHERE id = $1";
    reader.first(sql, &[&workspace], |row| row.get(0))?.ok_or(Error::NotFound)
}
