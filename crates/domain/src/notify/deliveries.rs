//! The queue of deliveries: what has to be sent, and the outcome. Nothing here reaches the network.
//!
//! A worker takes due rows with a lease ([`claim`]), sends them with no transaction open, and records the
//! outcome. If it dies in between, the lease runs out and the delivery is taken again: at least once, always
//! under the same id, so that a repeat can be recognized (N5, N11).

use std::time::Duration;

use store::{Param, Reader, Time, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, DeliveryId, DigestId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::medium::Medium;
use crate::notify::delivery::{Delivery, Kind, parts};
use crate::notify::text_deliveries;

/// How long a worker has for one attempt: longer than the timeout for any mail server.
pub const LEASE: Duration = Duration::from_secs(2 * 60);
/// The waits after the first temporary failures; after that, [`LATER_WAIT`].
const WAITS: [Duration; 5] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
];
const LATER_WAIT: Duration = Duration::from_secs(3600);
/// Characters stored of a failure's reason: a server's answer may be long.
const REASON_CHARACTERS: usize = 500;
/// The reason stored for calls of a webhook that was switched off.
pub(crate) const REASON_DROPPED: &str = "switched off";

/// Creates a delivery, due now, for a person or a pending sign-up. For `None` it does the same work without
/// creating one, so that the timing does not reveal whether an address is known (S3).
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

/// Takes up to `most` due mails and texts of all workspaces for one [`LEASE`]. No two workers get the same one.
pub fn claim(tx: &mut Tx, most: i64) -> Result<Vec<Delivery>> {
    take(tx, "webhook IS NULL AND carried_by IS NULL", "id", most, &[])
}

/// Takes up to `most` due deliveries that match the condition `which`, the longest overdue first, then by
/// `order`. The parameters `asked` start at `$4`.
pub(crate) fn take(
    tx: &mut Tx,
    which: &str,
    order: &str,
    most: i64,
    asked: &[&dyn Param],
) -> Result<Vec<Delivery>> {
    // SQLite has a single writer; on PostgreSQL rows that another worker is taking are skipped. MATERIALIZED
    // makes the list once: a plan that evaluated it for each row would lock more than `most`.
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

/// When the next mail or text can be taken; `None` if there is none.
pub fn next_due(reader: &Reader) -> Result<Option<Time>> {
    Ok(reader.one(
        "SELECT min(CASE WHEN leased_until > next_try_at THEN leased_until ELSE next_try_at END) FROM deliveries \
         WHERE webhook IS NULL AND carried_by IS NULL AND next_try_at IS NOT NULL",
        &[],
        |row| row.get(0),
    )?)
}

/// The wait before the next attempt, after `tries` attempts and at `age` since the first was due. `None` if
/// that would be past `retried_for`: it has failed for good.
pub fn next_wait(tries: i64, age: Duration, retried_for: Duration) -> Option<Duration> {
    let place = usize::try_from(tries.max(1) - 1).unwrap_or(usize::MAX);
    let wait = WAITS.get(place).copied().unwrap_or(LATER_WAIT);
    (age.saturating_add(wait) <= retried_for).then_some(wait)
}

/// Records that it was sent, even if the lease has run out meanwhile.
pub fn sent(tx: &mut Tx, delivery: &Delivery) -> Result<()> {
    let changed = tx.run(
        "UPDATE deliveries SET sent_at = $3, next_try_at = NULL, leased_until = NULL, failed_at = NULL, reason = NULL \
         WHERE workspace = $1 AND id = $2 AND sent_at IS NULL",
        &[&delivery.workspace, &delivery.id, &tx.now()],
    )?;
    tell(tx, delivery, changed, |(channel, _), digest, way| Event::NotificationSent {
        channel,
        person: delivery.person,
        digest,
        way,
    })
}

/// Records a temporary failure. Returns when the next attempt is due, or `None` if it has failed for good.
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
    tell_changed(tx, delivery, changed)?;
    Ok(Some(next))
}

/// Postpones it during quiet hours (N9). It is decided about again then.
pub fn held(tx: &mut Tx, delivery: &Delivery, until: Time) -> Result<()> {
    let changed = tx.run(
        "UPDATE deliveries SET next_try_at = $4, leased_until = NULL \
         WHERE workspace = $1 AND id = $2 AND tries = $3 AND next_try_at IS NOT NULL",
        &[&delivery.workspace, &delivery.id, &delivery.tries, &until],
    )?;
    tell_changed(tx, delivery, changed)
}

/// Records a permanent failure.
pub fn failed(tx: &mut Tx, delivery: &Delivery, reason: &str) -> Result<()> {
    let now = tx.now();
    let changed = finish(tx, delivery, Some(now), reason)?;
    tell_failed(tx, delivery, changed)
}

fn tell_failed(tx: &mut Tx, delivery: &Delivery, changed: usize) -> Result<()> {
    tell(tx, delivery, changed, |(channel, _), digest, way| Event::NotificationFailed {
        channel,
        person: delivery.person,
        digest,
        way,
    })
}

fn tell_changed(tx: &mut Tx, delivery: &Delivery, changed: usize) -> Result<()> {
    tell(tx, delivery, changed, |(channel, positions), _, _| Event::NotificationChanged {
        channel,
        person: Some(delivery.person),
        positions: Some(positions),
    })
}

/// Records a bounce of a delivery that was sent or is being retried. Again changes nothing.
pub(crate) fn returned(tx: &mut Tx, delivery: &Delivery, reason: &str) -> Result<()> {
    let changed = tx.run(
        "UPDATE deliveries SET next_try_at = NULL, leased_until = NULL, failed_at = $3, reason = $4 \
         WHERE workspace = $1 AND id = $2 AND failed_at IS NULL AND (sent_at IS NOT NULL OR next_try_at IS NOT NULL)",
        &[&delivery.workspace, &delivery.id, &tx.now(), &shortened(reason)],
    )?;
    tell_failed(tx, delivery, changed)
}

/// Records that it is no longer needed: the sign-in is over, or the person was deactivated.
pub fn dropped(tx: &mut Tx, delivery: &Delivery, reason: &str) -> Result<()> {
    let changed = finish(tx, delivery, None, reason)?;
    tell_changed(tx, delivery, changed)
}

/// Ignores a worker whose lease ran out and was taken by another.
fn finish(tx: &Tx, delivery: &Delivery, failed_at: Option<Time>, reason: &str) -> Result<usize> {
    Ok(tx.run(
        "UPDATE deliveries SET next_try_at = NULL, leased_until = NULL, failed_at = $4, reason = $5 \
         WHERE workspace = $1 AND id = $2 AND tries = $3 AND next_try_at IS NOT NULL",
        &[&delivery.workspace, &delivery.id, &delivery.tries, &failed_at, &shortened(reason)],
    )?)
}

/// Publishes a change in the delivery status of a digest, and of those whose texts are merged into its own,
/// once for each of their channels. Does nothing if no rows `changed`.
fn tell(
    tx: &mut Tx,
    delivery: &Delivery,
    changed: usize,
    event: impl Fn((ChannelId, (i64, i64)), DigestId, Medium) -> Event,
) -> Result<()> {
    let Some((digest, way)) = delivery.kind.digest_and_way().filter(|_| changed > 0) else { return Ok(()) };
    let mut digests = vec![digest];
    if way == Medium::Text {
        digests.extend(text_deliveries::merge_into(tx, delivery, digest)?);
    }
    for digest in digests {
        for part in parts(tx, delivery.workspace, digest)? {
            journal::record(tx, delivery.workspace, &event(part, digest, way));
        }
    }
    Ok(())
}

/// The part of a reason that is stored.
pub(crate) fn shortened(reason: &str) -> String {
    reason.chars().filter(|character| !character.is_control()).take(REASON_CHARACTERS).collect()
}
