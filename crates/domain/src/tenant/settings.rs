//! Reads a workspace's settings. Messaging: the wait, hidden text, reply links, where new client users' conversations
//! are, and what they may start. Files: the size limit. The welcome message is in `welcome`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{Reader, Time, Tx};

use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::WorkspaceId;
use crate::kernel::words::words;

/// The choices for the wait (N2).
pub const WAIT_MINUTES: std::ops::RangeInclusive<i64> = 1..=60;

words! {
    /// Where a reply link leads on a device where nobody is signed in (N8).
    #[derive(Deserialize, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub enum ReplyLinks {
        /// A page that shows the messages and takes a reply.
        Reply = "reply",
        /// To the channel, after signing in.
        SignIn = "signIn",
    }
}

words! {
    /// Where a new client user's conversation is (C6).
    #[derive(Deserialize, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub enum DefaultChannel {
        Client = "client",
        Company = "company",
    }
}

columns! {
    /// Settings → Messaging.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Messaging {
        /// How long a message may stay unread before its reader is notified (N2); within [`WAIT_MINUTES`].
        pub wait_minutes: i64 = "wait_minutes",
        /// Set while emails leave out message text (N11).
        pub hide_text_at: Option<Time> = "hide_text_at",
        pub reply_links: ReplyLinks = "reply_links",
        pub default_channel: DefaultChannel = "default_channel",
        /// Set while client users may start channels (C5).
        pub clients_start_at: Option<Time> = "clients_start_at",
    }
}

impl Messaging {
    pub fn wait(&self) -> Duration {
        Duration::from_secs(60 * u64::try_from(self.wait_minutes).expect("a wait is at least a minute"))
    }
}

pub fn messaging(reader: &Reader, workspace: WorkspaceId) -> Result<Messaging> {
    let found = reader.first(
        constcat::concat!("SELECT ", Messaging::COLUMNS, " FROM workspaces WHERE id = $1"),
        &[&workspace],
        |row| row.read(),
    )?;
    found.ok_or(Error::NotFound)
}

/// The new value of a switch stored as its time: an unchanged switch keeps its time.
pub(crate) fn since(tx: &Tx, before: Option<Time>, wanted: Option<bool>) -> Option<Time> {
    match wanted {
        Some(true) => before.or(Some(tx.now())),
        Some(false) => None,
        None => before,
    }
}

/// The workspace's limit for one file, in bytes; `None` if it has set none (F3).
pub fn file_limit(reader: &Reader, workspace: WorkspaceId) -> Result<Option<i64>> {
    let sql = "SELECT upload_limit FROM workspaces WHERE id = $1";
    reader.first(sql, &[&workspace], |row| row.get(0))?.ok_or(Error::NotFound)
}
