//! Changing the settings of messaging and files.

use store::Tx;

use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::display;
use crate::kernel::error::{Error, Problem, Result};
use crate::messages::unread_backlog;
use crate::tenant::settings::{
    DefaultChannel, Messaging, ReplyLinks, WAIT_MINUTES, file_limit, messaging, since,
};

/// Changes by an admin; `None` leaves a value unchanged.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagingChange {
    pub wait_minutes: Option<i64>,
    /// Whether emails leave out the text of messages.
    pub hide_text: Option<bool>,
    pub reply_links: Option<ReplyLinks>,
    /// Where a new client user's conversation takes place (C6).
    pub default_channel: Option<DefaultChannel>,
    pub clients_may_start: Option<bool>,
}

/// Changes the messaging settings. They apply immediately, also to reply links already sent; existing channels stay as
/// they are.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for a wait outside [`WAIT_MINUTES`].
pub fn change_messaging(tx: &mut Tx, actor: &Actor, change: &MessagingChange) -> Result<()> {
    access::admin(actor)?;
    if change.wait_minutes.is_some_and(|minutes| !WAIT_MINUTES.contains(&minutes)) {
        return Err(Error::field("waitMinutes", Problem::NoChoice));
    }
    let before = messaging(tx, actor.workspace)?;
    let after = Messaging {
        wait_minutes: change.wait_minutes.unwrap_or(before.wait_minutes),
        hide_text_at: since(tx, before.hide_text_at, change.hide_text),
        reply_links: change.reply_links.unwrap_or(before.reply_links),
        default_channel: change.default_channel.unwrap_or(before.default_channel),
        clients_start_at: since(tx, before.clients_start_at, change.clients_may_start),
    };
    if after == before {
        return Ok(());
    }
    tx.run(
        "UPDATE workspaces SET wait_minutes = $2, hide_text_at = $3, reply_links = $4, default_channel = $5, \
         clients_start_at = $6, updated_at = $7 WHERE id = $1",
        &[
            &actor.workspace,
            &after.wait_minutes,
            &after.hide_text_at,
            &after.reply_links,
            &after.default_channel,
            &after.clients_start_at,
            &tx.now(),
        ],
    )?;
    if after.wait_minutes != before.wait_minutes {
        unread_backlog::wait_changed(tx, actor.workspace)?;
    }
    let changes = Changes::none()
        .field("waitMinutes", before.wait_minutes, after.wait_minutes)
        .switch("hideText", before.hide_text_at.is_some(), after.hide_text_at.is_some())
        .field("replyLinks", before.reply_links.word(), after.reply_links.word())
        .field("defaultChannel", before.default_channel.word(), after.default_channel.word())
        .switch(
            "clientsMayStartChannels",
            before.clients_start_at.is_some(),
            after.clients_start_at.is_some(),
        );
    audit_log::append_change(tx, actor, AuditAction::SettingsChanged, None, changes)
}

/// Sets the size limit for new files, in bytes. `None` means the server's own limit, `most`.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for less than 1 or more than `most`.
pub fn limit_files(tx: &mut Tx, actor: &Actor, limit: Option<i64>, most: i64) -> Result<()> {
    access::admin(actor)?;
    if limit.is_some_and(|bytes| !(1..=most).contains(&bytes)) {
        return Err(Error::field("uploadLimitBytes", Problem::NotBetween(1, most)));
    }
    let before = file_limit(tx, actor.workspace)?;
    if before == limit {
        return Ok(());
    }
    tx.run(
        "UPDATE workspaces SET upload_limit = $2, updated_at = $3 WHERE id = $1",
        &[&actor.workspace, &limit, &tx.now()],
    )?;
    let words = |limit: Option<i64>| limit.map(display::size).unwrap_or_default();
    let changes = Changes::none().field("fileLimit", words(before), words(limit));
    audit_log::append_change(tx, actor, AuditAction::SettingsChanged, None, changes)
}
