//! Deliveries: what has to be sent, and what became of it. The world outside is not reached from here.
//!
//! A worker takes due rows by a lease ([`claim`]), sends with no transaction open, and records how it went. One that
//! dies in between leaves a lease that runs out, and the delivery is taken again: sent at least once, always under
//! the same id, so that a repeat can be recognised.

use std::time::Duration;

use store::{Param, Reader, Time, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, DeliveryId, DigestId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::medium::Medium;
use crate::notify::delivery::{Delivery, Kind, channels};
use crate::notify::text_deliveries;

/// A worker has this long for one try: longer than any mail server is waited for.
pub const LEASE: Duration = Duration::from_secs(2 * 60);
/// The waits after the first tries that failed for now; later ones are [`LATER_WAIT`].
const WAITS: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
];
const LATER_WAIT: Duration = Duration::from_secs(3600);
/// Characters kept of why something failed: a server's answer may be long.
const REASON_CHARACTERS: usize = 500;
/// Why a call is not tried any more whose webhook was switched off.
pub(crate) const REASON_DROPPED: &str = "switched off";

/// Makes a delivery, due now, to somebody who is here or has just signed up. To nobody there is none; the work is the same, so that its time tells nothing (S3).
pub(crate) fn add(tx: &Tx, workspace: WorkspaceId, kind: Kind, person: Option<PersonId>) -> Result<()> {
    let now = tx.now();
    tx.run(
        "INSERT INTO deliveries (workspace, id, kind, person, reference, created_at, next_try_at, tries) \
         SELECT p.workspace, $2, $3, p.id, $5, CAST($6 AS BIGINT), CAST($6 AS BIGINT), 0 \
         FROM (SELECT workspace, id FROM people UNION ALL SELECT workspace, person FROM newcomers) p \
         WHERE p.workspace = $1 AND p.id = $4",
        &[&workspace, &DeliveryId::new(now), &kind.word(), &person, &kind.reference(), &now],
    )?;
    Ok(())
}

/// Takes at most `most` due mails and texts of all workspaces for the time of a [`LEASE`]. No two workers hold the same one.
pub fn claim(tx: &mut Tx, most: i64) -> Result<Vec<Delivery>> {
    take(tx, "webhook IS NULL AND carried_by IS NULL", "id", most, &[])
}

/// Takes at most `most` due deliveries of which `which` is true, those that wait longest first, then by `order`. What is asked
/// for comes as `$4` and on.
pub(crate) fn take(
    tx: &mut Tx,
    which: &str,
    order: &str,
    most: i64,
    asked: &[&dyn Param],
) -> Result<Vec<Delivery>> {
    // SQLite has one writer; on PostgreSQL rows that another worker is taking just now are passed over. The list is
    // made once (MATERIALIZED): a plan that made it anew for each row would lock more than `most`.
    let lock = tx.row_lock("FOR UPDATE SKIP LOCKED");
    let now = tx.now();
    let sql = format!(
        "WITH due AS MATERIALIZED (SELECT workspace, id FROM deliveries \
         WHERE {which} AND next_try_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) \
         ORDER BY next_try_at, {order} LIMIT $2 {lock}) \
         UPDATE deliveries SET leased_until = $3, tries = tries + 1 \
         WHERE (workspace, id) IN (SELECT workspace, id FROM due) \
         RETURNING {columns}",
        columns = Delivery::COLUMNS
    );
    let until = now.after(LEASE);
    let mut params: Vec<&dyn Param> = vec![&now, &most, &until];
    params.extend(asked);
    let mut claimed: Vec<Delivery> = tx.all(&sql, &params, |row| row.read())?;
    claimed.sort_by_key(|delivery| (delivery.created_at, delivery.id));
    Ok(claimed)
}

/// When the next mail or text wants to be taken; nothing where none is left.
pub fn next_due(reader: &Reader) -> Result<Option<Time>> {
    Ok(reader.one(
        "SELECT min(CASE WHEN leased_until > next_try_at THEN leased_until ELSE next_try_at END) FROM deliveries \
         WHERE webhook IS NULL AND carried_by IS NULL AND next_try_at IS NOT NULL",
        &[],
        |row| row.get(0),
    )?)
}

/// How long to wait before the next try, after `tries` of them and at `age` since it was due first; nothing where that
/// would be later than `retried_for`, and it has failed for good.
pub fn next_wait(tries: i64, age: Duration, retried_for: Duration) -> Option<Duration> {
    let place = usize::try_from(tries.max(1) - 1).unwrap_or(usize::MAX);
    let wait = WAITS.get(place).copied().unwrap_or(LATER_WAIT);
    (age.saturating_add(wait) <= retried_for).then_some(wait)
}

/// Records that it has left. Counts also where the lease had run out meanwhile: what was sent was sent.
pub fn sent(tx: &mut Tx, delivery: &Delivery) -> Result<()> {
    let changed = tx.run(
        "UPDATE deliveries SET sent_at = $3, next_try_at = NULL, leased_until = NULL, failed_at = NULL, reason = NULL \
         WHERE workspace = $1 AND id = $2 AND sent_at IS NULL",
        &[&delivery.workspace, &delivery.id, &tx.now()],
    )?;
    tell(tx, delivery, changed, |channel, digest, way| Event::NotificationSent {
        channel,
        person: delivery.person,
        digest,
        way,
    })
}

/// Records that this try failed, and when the next one is due: the time of that, or nothing where it was the last one.
/// `reason` is for the people who run the portal.
pub fn failed_for_now(tx: &mut Tx, delivery: &Delivery, reason: &str) -> Result<Option<Time>> {
    let now = tx.now();
    let Some(wait) = next_wait(delivery.tries, now.since(delivery.created_at), delivery.kind.retried_for())
    else {
        failed(tx, delivery, reason)?;
        return Ok(None);
    };
    let next = now.after(wait);
    let changed = tx.run(
        "UPDATE deliveries SET next_try_at = $4, leased_until = NULL, reason = $5 \
         WHERE workspace = $1 AND id = $2 AND tries = $3 AND next_try_at IS NOT NULL",
        &[&delivery.workspace, &delivery.id, &delivery.tries, &next, &shortened(reason)],
    )?;
    tell(tx, delivery, changed, |channel, _, _| Event::NotificationChanged { channel })?;
    Ok(Some(next))
}

/// Puts it off until a time: it may not go yet (quiet hours). Decided again then.
pub fn held(tx: &mut Tx, delivery: &Delivery, until: Time) -> Result<()> {
    let changed = tx.run(
        "UPDATE deliveries SET next_try_at = $4, leased_until = NULL \
         WHERE workspace = $1 AND id = $2 AND tries = $3 AND next_try_at IS NOT NULL",
        &[&delivery.workspace, &delivery.id, &delivery.tries, &until],
    )?;
    tell(tx, delivery, changed, |channel, _, _| Event::NotificationChanged { channel })
}

/// Records that it will never leave.
pub fn failed(tx: &mut Tx, delivery: &Delivery, reason: &str) -> Result<()> {
    let now = tx.now();
    let changed = finish(tx, delivery, Some(now), reason)?;
    tell_failed(tx, delivery, changed)
}

fn tell_failed(tx: &mut Tx, delivery: &Delivery, changed: usize) -> Result<()> {
    tell(tx, delivery, changed, |channel, digest, way| Event::NotificationFailed {
        channel,
        person: delivery.person,
        digest,
        way,
    })
}

/// Records that what had left, or was about to again, came back. Again changes nothing.
pub(crate) fn returned(tx: &mut Tx, delivery: &Delivery, reason: &str) -> Result<()> {
    let changed = tx.run(
        "UPDATE deliveries SET next_try_at = NULL, leased_until = NULL, failed_at = $3, reason = $4 \
         WHERE workspace = $1 AND id = $2 AND failed_at IS NULL AND (sent_at IS NOT NULL OR next_try_at IS NOT NULL)",
        &[&delivery.workspace, &delivery.id, &tx.now(), &shortened(reason)],
    )?;
    tell_failed(tx, delivery, changed)
}

/// Records that it is no longer wanted: the sign-in is over, the person deactivated.
pub fn dropped(tx: &mut Tx, delivery: &Delivery, reason: &str) -> Result<()> {
    let changed = finish(tx, delivery, None, reason)?;
    tell(tx, delivery, changed, |channel, _, _| Event::NotificationChanged { channel })
}

/// A worker whose lease ran out and was taken by another has no say any more.
fn finish(tx: &Tx, delivery: &Delivery, failed_at: Option<Time>, reason: &str) -> Result<usize> {
    Ok(tx.run(
        "UPDATE deliveries SET next_try_at = NULL, leased_until = NULL, failed_at = $4, reason = $5 \
         WHERE workspace = $1 AND id = $2 AND tries = $3 AND next_try_at IS NOT NULL",
        &[&delivery.workspace, &delivery.id, &delivery.tries, &failed_at, &shortened(reason)],
    )?)
}

/// Tells of what became of a digest, and of those whose text goes with its own, once for each of their channels, where that
/// is news: `changed` rows say so.
fn tell(
    tx: &mut Tx,
    delivery: &Delivery,
    changed: usize,
    event: impl Fn(ChannelId, DigestId, Medium) -> Event,
) -> Result<()> {
    let Some((digest, way)) = delivery.kind.digest_and_way().filter(|_| changed > 0) else { return Ok(()) };
    let mut digests = vec![digest];
    if way == Medium::Text {
        digests.extend(text_deliveries::merge_into(tx, delivery, digest)?);
    }
    for digest in digests {
        for channel in channels(tx, delivery.workspace, digest)? {
            journal::record(tx, delivery.workspace, &event(channel, digest, way));
        }
    }
    Ok(())
}

/// What is kept of a reason.
pub(crate) fn shortened(reason: &str) -> String {
    reason.chars().filter(|character| !character.is_control()).take(REASON_CHARACTERS).collect()
}
