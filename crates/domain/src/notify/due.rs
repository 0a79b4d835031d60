//! Finds out who is due to be notified of unread messages, and when (N1 to N6, N10, N14).
//!
//! Sending a message records its channel in one row (`mark_pending` in [`crate::messages::unread_backlog`]): the
//! same cost however many members it has. Once the oldest message there has waited long enough, [`enqueue_due`]
//! creates a `due` row for each member for whom something still counts and is unread; reading costs nothing here,
//! as read positions are only looked at then. [`decide`] decides about one such person with what is true at that
//! moment ([`crate::notify::decision`]) and writes the digest ([`crate::notify::digests`]). All of it may run in
//! any number of workers at once.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, DigestId, PersonId, WorkspaceId};
use crate::kernel::limits::CLOCKS_DIFFER;
use crate::kernel::medium::{self, Frequency, Medium};
use crate::messages::unread_backlog::{AFTER, COUNTS, waiting};
use crate::notify;
use crate::notify::decision::{Circumstances, Decision, Reach};
use crate::notify::digests::{self, Media};
use crate::notify::preferences::Preferences;
use crate::notify::quiet_hours::{self, TextDue};
use crate::notify::{phone_settings, text_deliveries};
use crate::tenant::settings;

/// SQL: the wait of the workspace `w` in milliseconds, or `$2` as an override.
const WAIT: &str = "coalesce(CAST($2 AS BIGINT), w.wait_minutes * 60000)";

/// Up to `most` channels, of all workspaces, where something has waited long enough, the longest waiting
/// first. `wait` overrides every workspace's setting.
pub fn channels_past_wait(
    reader: &Reader,
    wait: Option<Duration>,
    most: i64,
) -> Result<Vec<(WorkspaceId, ChannelId)>> {
    // Up to `most` of each workspace, however many it has. The cross join tells SQLite the join order.
    let sql = format!(
        "SELECT d.workspace, d.channel FROM workspaces w CROSS JOIN waiting d WHERE d.workspace = w.id \
         AND d.channel IN (SELECT o.channel FROM waiting o WHERE o.workspace = w.id \
         AND (o.since <= CAST($1 AS BIGINT) - {WAIT} OR o.since > $4) ORDER BY o.since, o.channel LIMIT $3) \
         ORDER BY d.since, d.channel LIMIT $3"
    );
    let now = reader.now();
    let ahead = now.after(CLOCKS_DIFFER);
    Ok(reader.all(&sql, &[&now, &wait, &most, &ahead], |row| row.read())?)
}

/// Up to `most` people, of all workspaces, who are due.
pub fn due(reader: &Reader, most: i64) -> Result<Vec<(WorkspaceId, PersonId)>> {
    Ok(reader.all(
        "SELECT workspace, person FROM due WHERE decide_at <= $1 ORDER BY decide_at, workspace, person LIMIT $2",
        &[&reader.now(), &most],
        |row| row.read(),
    )?)
}

/// When the next step is due; `None` if nothing is waiting.
pub fn next(reader: &Reader, wait: Option<Duration>) -> Result<Option<Time>> {
    let ripe: Option<Time> = reader.one(
        "SELECT min((SELECT min(d.since) FROM waiting d WHERE d.workspace = w.id) \
         + coalesce(CAST($1 AS BIGINT), w.wait_minutes * 60000)) FROM workspaces w",
        &[&wait],
        |row| row.get(0),
    )?;
    let due: Option<Time> = reader.one("SELECT min(decide_at) FROM due", &[], |row| row.get(0))?;
    Ok([ripe, due].into_iter().flatten().min())
}

/// Makes members due for whom something in the channel has waited long enough, and records when its next
/// message will have. Does nothing if another worker has done so meanwhile.
pub fn enqueue_due(
    tx: &mut Tx,
    workspace: WorkspaceId,
    channel: ChannelId,
    wait: Option<Duration>,
) -> Result<()> {
    // A sender in this channel right now has locked it: their message is seen below, or comes after this transaction.
    tx.lock_rows(
        "SELECT 1 FROM channels WHERE workspace = $1 AND id = $2 FOR NO KEY UPDATE",
        &[&workspace, &channel],
    )?;
    let first: Option<i64> = tx.first(
        "SELECT position FROM waiting WHERE workspace = $1 AND channel = $2",
        &[&workspace, &channel],
        |row| row.get(0),
    )?;
    let Some(first) = first else { return Ok(()) };
    let received_until = tx.now().before(wait_of(tx, workspace, wait)?);
    let ahead = tx.now().after(CLOCKS_DIFFER);
    // Ordered by person, so that two workers cannot deadlock.
    let sql = format!(
        "INSERT INTO due (workspace, person, decide_at) \
         SELECT m.workspace, m.person, CAST($3 AS BIGINT) FROM members m \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.left_at IS NULL AND m.muted_at IS NULL \
         AND EXISTS (SELECT 1 FROM messages x WHERE x.workspace = m.workspace AND x.channel = m.channel \
         AND x.position > {AFTER} AND (x.sent_at <= $4 OR x.sent_at > $5) AND {COUNTS}) ORDER BY m.person \
         ON CONFLICT (workspace, person) DO UPDATE SET decide_at = excluded.decide_at \
         WHERE due.decide_at > excluded.decide_at"
    );
    tx.run(&sql, &[&workspace, &channel, &tx.now(), &received_until, &ahead])?;
    let (since, position): (Option<Time>, Option<i64>) = tx.one(
        "SELECT min(sent_at), min(position) FROM messages \
         WHERE workspace = $1 AND channel = $2 AND position >= $3 AND sent_at > $4 AND sent_at <= $5",
        &[&workspace, &channel, &first, &received_until, &ahead],
        |row| row.read(),
    )?;
    match (since, position) {
        (Some(since), Some(position)) => tx.run(
            "UPDATE waiting SET since = $3, position = $4 WHERE workspace = $1 AND channel = $2",
            &[&workspace, &channel, &since, &position],
        )?,
        _ => tx.run("DELETE FROM waiting WHERE workspace = $1 AND channel = $2", &[&workspace, &channel])?,
    };
    Ok(())
}

/// Decides about a person who is due with what is true now, and writes the digest if there is one to send.
/// Returns `None` also if another worker is doing so or has done so.
pub fn decide(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
    wait: Option<Duration>,
) -> Result<Option<DigestId>> {
    let lock = tx.row_lock("FOR UPDATE SKIP LOCKED");
    let sql = format!("SELECT asked_at FROM due WHERE workspace = $1 AND person = $2 {lock}");
    let asked_at: Option<Option<Time>> = tx.first(&sql, &[&workspace, &person], |row| row.get(0))?;
    let Some(asked_at) = asked_at else { return Ok(None) };
    let waiting = waiting(tx, workspace, person)?;
    let wait = wait_of(tx, workspace, wait)?;
    let circumstances =
        Circumstances { asked: asked_at.is_some(), ..circumstances(tx, workspace, person, wait)? };
    let written = match notify::decision::decide(&waiting, &circumstances, tx.now()) {
        Decision::Later(at) => {
            tx.run(
                "UPDATE due SET decide_at = $3 WHERE workspace = $1 AND person = $2",
                &[&workspace, &person, &at],
            )?;
            return Ok(None);
        }
        Decision::Nothing => None,
        Decision::Digest { email, text } => {
            Some(digests::write(tx, workspace, person, &waiting, Media { email, text })?)
        }
        Decision::Suppressed(reason) => {
            digests::suppress(tx, workspace, person, &waiting, reason)?;
            None
        }
    };
    tx.run("DELETE FROM due WHERE workspace = $1 AND person = $2", &[&workspace, &person])?;
    Ok(written)
}

/// Postpones a person whose decision failed, so that they do not block others.
pub fn postpone(tx: &mut Tx, workspace: WorkspaceId, person: PersonId, by: Duration) -> Result<()> {
    tx.run(
        "UPDATE due SET decide_at = $3 WHERE workspace = $1 AND person = $2",
        &[&workspace, &person, &tx.now().after(by)],
    )?;
    Ok(())
}

/// Everything that a person's decision depends on, besides their unread messages.
pub(crate) fn circumstances(
    reader: &Reader,
    workspace: WorkspaceId,
    person: PersonId,
    wait: Duration,
) -> Result<Circumstances> {
    let (invited, bounced, last_seen_at, choices): (bool, bool, Option<Time>, Preferences) = reader
        .first(
            constcat::concat!(
                "SELECT invited_at, first_seen_at, bounced_at, last_seen_at, ",
                Preferences::COLUMNS,
                " FROM people WHERE workspace = $1 AND id = $2"
            ),
            &[&workspace, &person],
            |row| {
                let (invited, seen, bounced, last_seen, choices) = row.read()?;
                let is_invited = Option::<Time>::or(invited, seen).is_some();
                Ok((is_invited, Option::<Time>::is_some(&bounced), last_seen, choices))
            },
        )?
        .ok_or(Error::NotFound)?;
    let reach = |choice, way, reachable| -> Result<Reach> {
        let told = choice == Frequency::OncePerVisit
            && digest_since_visit(reader, workspace, person, way, last_seen_at)?;
        Ok(Reach { choice, reachable, told })
    };
    let texts = choices.text != Frequency::Off
        && !matches!(
            quiet_hours::text_due(&phone_settings::texting(reader, workspace, person)?, reader.now()),
            TextDue::NotAtAll(_)
        );
    Ok(Circumstances {
        wait,
        asked: false,
        invited,
        email: reach(choices.email, Medium::Email, !bounced)?,
        text: reach(choices.text, Medium::Text, texts)?,
    })
}

/// Whether a digest was sent by this medium, or is about to be, since the person's last visit (signed in, or had
/// something on screen). A text held by quiet hours does not count: it will include what arrives until then (N10).
fn digest_since_visit(
    reader: &Reader,
    workspace: WorkspaceId,
    person: PersonId,
    way: Medium,
    last_seen_at: Option<Time>,
) -> Result<bool> {
    let last_read_at: Option<Time> = reader.one(
        "SELECT max(at) FROM read_moves WHERE workspace = $1 AND person = $2",
        &[&workspace, &person],
        |row| row.get(0),
    )?;
    let back_at = last_seen_at.max(last_read_at).unwrap_or_default();
    let sql = format!(
        "SELECT 1 FROM digests g JOIN deliveries d ON d.workspace = g.workspace AND d.reference = g.id AND d.kind = $4 \
         WHERE g.workspace = $1 AND g.person = $2 AND g.created_at >= $3 \
         AND d.failed_at IS NULL AND (d.sent_at IS NOT NULL OR d.next_try_at IS NOT NULL) \
         AND NOT ({})",
        text_deliveries::is_held("$5")
    );
    let told = reader.first(
        &sql,
        &[&workspace, &person, &back_at, &medium::digest_word(way), &reader.now()],
        |_| Ok(()),
    )?;
    Ok(told.is_some())
}

pub(crate) fn wait_of(reader: &Reader, workspace: WorkspaceId, wait: Option<Duration>) -> Result<Duration> {
    match wait {
        Some(wait) => Ok(wait),
        None => Ok(settings::messaging(reader, workspace)?.wait()),
    }
}
