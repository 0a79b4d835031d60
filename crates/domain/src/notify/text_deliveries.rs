//! Texts to one person held by quiet hours are merged into one (N9): the last to be prepared includes the
//! others, and its outcome is recorded for each of them, so that each digest has its own status.

use store::{Reader, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{DigestId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::notify::delivery::{self, Delivery};

/// SQL: a waiting text that was never handed to a server. One that a server may have accepted could arrive twice.
const UNTRIED: &str =
    "kind = 'digestText' AND next_try_at IS NOT NULL AND leased_until IS NULL AND reason IS NULL";

/// SQL: a text held by quiet hours; `now` is the parameter with the current time.
pub(crate) fn is_held(now: &str) -> String {
    format!("{UNTRIED} AND next_try_at > {now}")
}

/// Merges the person's older texts that wait and were never tried into the text of `digest`. If that has
/// failed before, it gets no more: new messages have their own 24 hours (N12).
pub fn merge(tx: &mut Tx, delivery: &Delivery, digest: DigestId) -> Result<()> {
    let sql = format!(
        "UPDATE deliveries SET carried_by = $3 WHERE workspace = $1 AND person = $2 AND carried_by IS NULL \
         AND id <> $4 AND created_at <= $5 AND {UNTRIED} AND EXISTS (SELECT 1 FROM deliveries o \
         WHERE o.workspace = $1 AND o.id = $4 AND o.reason IS NULL) RETURNING reference"
    );
    let Delivery { workspace, id, person, created_at, .. } = delivery;
    let taken: Vec<DigestId> =
        tx.all(&sql, &[workspace, person, &digest, id, created_at], |row| row.get(0))?;
    // Include what was merged into those.
    for other in taken {
        tx.run(
            "UPDATE deliveries SET carried_by = $3 WHERE workspace = $1 AND carried_by = $2",
            &[workspace, &other, &digest],
        )?;
    }
    Ok(())
}

/// Copies the outcome of this text to those merged into it, and returns their digests.
pub(crate) fn merge_into(tx: &Tx, delivery: &Delivery, digest: DigestId) -> Result<Vec<DigestId>> {
    tx.run(
        "UPDATE deliveries SET (next_try_at, sent_at, failed_at, reason) = \
         (SELECT d.next_try_at, d.sent_at, d.failed_at, d.reason FROM deliveries d WHERE d.workspace = $1 AND d.id = $3) \
         WHERE workspace = $1 AND carried_by = $2",
        &[&delivery.workspace, &digest, &delivery.id],
    )?;
    merged(tx, delivery.workspace, digest)
}

/// The digests whose texts are merged into that of another, oldest first.
pub(crate) fn merged(reader: &Reader, workspace: WorkspaceId, digest: DigestId) -> Result<Vec<DigestId>> {
    Ok(reader.all(
        "SELECT reference FROM deliveries WHERE workspace = $1 AND carried_by = $2 ORDER BY reference",
        &[&workspace, &digest],
        |row| row.get(0),
    )?)
}

/// Decides again now about a person's held texts: their quiet hours may have ended or changed.
pub(crate) fn expedite_texts(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    let sql = format!(
        "UPDATE deliveries SET next_try_at = $3 WHERE workspace = $1 AND person = $2 AND {} RETURNING reference",
        is_held("$3")
    );
    let held: Vec<DigestId> = tx.all(&sql, &[&workspace, &person, &tx.now()], |row| row.get(0))?;
    for digest in held {
        for (channel, positions) in delivery::parts(tx, workspace, digest)? {
            let (person, positions) = (Some(person), Some(positions));
            journal::record(tx, workspace, &Event::NotificationChanged { channel, person, positions });
        }
    }
    Ok(())
}
