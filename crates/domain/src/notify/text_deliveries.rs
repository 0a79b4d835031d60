//! Texts of one person that wait for the end of quiet hours: they go as one (N9). The newest to be put together takes the
//! others along; what becomes of it is written down for each of them, so whoever looks at one finds how it went.

use store::{Reader, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{DigestId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::notify::delivery::{self, Delivery};

/// A text that waits and that no server has seen: what one may have taken could come twice.
const UNTRIED: &str =
    "kind = 'digestText' AND next_try_at IS NOT NULL AND leased_until IS NULL AND reason IS NULL";

/// A text that quiet hours hold at the time that the parameter `now` stands for.
pub(crate) fn is_held(now: &str) -> String {
    format!("{UNTRIED} AND next_try_at > {now}")
}

/// Has the text of `digest` say what the person's older texts were to say that wait and were never tried. One that has failed
/// already takes no more along: what is new has its own 24 hours (N12).
pub fn merge(tx: &mut Tx, delivery: &Delivery, digest: DigestId) -> Result<()> {
    let sql = format!(
        "UPDATE deliveries SET carried_by = $3 WHERE workspace = $1 AND person = $2 AND carried_by IS NULL \
         AND id <> $4 AND created_at <= $5 AND {UNTRIED} AND EXISTS (SELECT 1 FROM deliveries o \
         WHERE o.workspace = $1 AND o.id = $4 AND o.reason IS NULL) RETURNING reference"
    );
    let Delivery { workspace, id, person, created_at, .. } = delivery;
    let taken: Vec<DigestId> =
        tx.all(&sql, &[workspace, person, &digest, id, created_at], |row| row.get(0))?;
    // What those had taken along themselves.
    for other in taken {
        tx.run(
            "UPDATE deliveries SET carried_by = $3 WHERE workspace = $1 AND carried_by = $2",
            &[workspace, &other, &digest],
        )?;
    }
    Ok(())
}

/// Writes down for the texts that go with this one what became of it, and answers their digests.
pub(crate) fn merge_into(tx: &Tx, delivery: &Delivery, digest: DigestId) -> Result<Vec<DigestId>> {
    tx.run(
        "UPDATE deliveries SET (next_try_at, sent_at, failed_at, reason) = \
         (SELECT d.next_try_at, d.sent_at, d.failed_at, d.reason FROM deliveries d WHERE d.workspace = $1 AND d.id = $3) \
         WHERE workspace = $1 AND carried_by = $2",
        &[&delivery.workspace, &digest, &delivery.id],
    )?;
    merged(tx, delivery.workspace, digest)
}

/// The digests whose text goes with that of another, oldest first.
pub(crate) fn merged(reader: &Reader, workspace: WorkspaceId, digest: DigestId) -> Result<Vec<DigestId>> {
    Ok(reader.all(
        "SELECT reference FROM deliveries WHERE workspace = $1 AND carried_by = $2 ORDER BY reference",
        &[&workspace, &digest],
        |row| row.get(0),
    )?)
}

/// Decides now about the texts that somebody's quiet hours hold: those may be over, or others.
pub(crate) fn expedite_texts(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    let sql = format!(
        "UPDATE deliveries SET next_try_at = $3 WHERE workspace = $1 AND person = $2 AND {} RETURNING reference",
        is_held("$3")
    );
    let held: Vec<DigestId> = tx.all(&sql, &[&workspace, &person, &tx.now()], |row| row.get(0))?;
    for digest in held {
        for channel in delivery::channels(tx, workspace, digest)? {
            journal::record(tx, workspace, &Event::NotificationChanged { channel });
        }
    }
    Ok(())
}
