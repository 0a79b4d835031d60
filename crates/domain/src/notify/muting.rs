//! Muting a channel (C8), and its effect on pending notifications (N1).

use store::{Time, Tx};

use crate::channels::members::own_choice;
use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::kernel::ids::ChannelId;
use crate::kernel::journal::{self, Event};
use crate::messages::unread_backlog::{AFTER, Reason, waiting};
use crate::notify::digests;

/// Mutes or unmutes a channel for the requester. Messages that arrive while it is muted stay unread and are
/// never sent, not even after unmuting.
///
/// # Errors
/// `Forbidden` for client users.
pub fn mute(tx: &mut Tx, actor: &Actor, channel: ChannelId, muted: bool) -> Result<()> {
    own_choice(tx, actor, channel)?;
    let (muted_at, after, up_to): (Option<Time>, i64, i64) = tx.one(
        &format!(
            "SELECT m.muted_at, {AFTER}, c.last_position FROM members m \
             JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel \
             WHERE m.workspace = $1 AND m.channel = $2 AND m.person = $3"
        ),
        &[&actor.workspace, &channel, &actor.person],
        |row| row.read(),
    )?;
    let was_muted = muted_at.is_some();
    let at = muted.then(|| tx.now());
    tx.run(
        "UPDATE members SET muted_at = $4 WHERE workspace = $1 AND channel = $2 AND person = $3",
        &[&actor.workspace, &channel, &actor.person, &at],
    )?;
    if was_muted && !muted {
        suppress_muted(tx, actor, channel)?;
    }
    if was_muted != muted {
        let (person, positions) = (Some(actor.person), Some((after, up_to)));
        journal::record(tx, actor.workspace, &Event::NotificationChanged { channel, person, positions });
    }
    Ok(())
}

/// Records that a person who just unmuted a channel is never notified of what arrived while it was muted.
pub(crate) fn suppress_muted(tx: &mut Tx, actor: &Actor, channel: ChannelId) -> Result<()> {
    let mut waiting = waiting(tx, actor.workspace, actor.person)?;
    waiting.retain(|waiting| waiting.channel == channel);
    if waiting.is_empty() {
        return Ok(());
    }
    digests::suppress(tx, actor.workspace, actor.person, &waiting, Reason::Muted)
}
