//! Deliveries of webhook calls ([`Kind::Webhook`]). Like all deliveries, but queued separately for each
//! webhook: a receiver that answers slowly or never delays neither mail nor other receivers (H3).

use store::{Reader, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{CallId, DeliveryId, PersonId, WebhookId, WorkspaceId};
use crate::notify::deliveries::{REASON_DROPPED, take};
use crate::notify::delivery::{Delivery, Kind};

/// Creates the delivery of a call, due now. `person` is the admin for whom the webhook acts.
pub(crate) fn add_call(
    tx: &Tx,
    workspace: WorkspaceId,
    webhook: WebhookId,
    call: CallId,
    person: PersonId,
) -> Result<()> {
    let (now, kind) = (tx.now(), Kind::Webhook(call));
    tx.run(
        "INSERT INTO deliveries (workspace, id, kind, person, reference, webhook, created_at, next_try_at, tries) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0)",
        &[&workspace, &DeliveryId::new(now), &kind.word(), &person, &kind.reference(), &webhook, &now],
    )?;
    Ok(())
}

/// Takes up to `most` due deliveries of one webhook for one [`LEASE`](crate::notify::deliveries::LEASE).
/// No two workers get the same one.
pub fn claim_calls(
    tx: &mut Tx,
    workspace: WorkspaceId,
    webhook: WebhookId,
    most: i64,
) -> Result<Vec<Delivery>> {
    // Calls created in one step are due at the same moment; they are ordered by their events.
    let order = "(SELECT c.seq FROM webhook_calls c \
                 WHERE c.workspace = deliveries.workspace AND c.id = deliveries.reference), id";
    take(tx, "workspace = $4 AND webhook = $5", order, most, &[&workspace, &webhook])
}

/// The number of a webhook's waiting calls.
pub(crate) fn waiting_calls(reader: &Reader, workspace: WorkspaceId, webhook: WebhookId) -> Result<i64> {
    Ok(reader.one(
        "SELECT count(*) FROM deliveries WHERE workspace = $1 AND webhook = $2 AND next_try_at IS NOT NULL",
        &[&workspace, &webhook],
        |row| row.get(0),
    )?)
}

/// Drops all waiting calls of a webhook that was switched off. A call in progress still completes.
pub(crate) fn drop_calls(tx: &Tx, workspace: WorkspaceId, webhook: WebhookId) -> Result<()> {
    tx.run(
        "UPDATE deliveries SET next_try_at = NULL, leased_until = NULL, reason = $3 \
         WHERE workspace = $1 AND webhook = $2 AND next_try_at IS NOT NULL",
        &[&workspace, &webhook, &REASON_DROPPED],
    )?;
    Ok(())
}

/// Makes a waiting call due now. Returns false if it is not waiting.
pub(crate) fn expedite_call(tx: &Tx, workspace: WorkspaceId, call: CallId) -> Result<bool> {
    // A call in progress keeps its next attempt as scheduled.
    let waiting = tx.run(
        "UPDATE deliveries SET next_try_at = CASE WHEN leased_until > $3 THEN next_try_at ELSE $3 END \
         WHERE workspace = $1 AND reference = $2 AND next_try_at IS NOT NULL",
        &[&workspace, &call, &tx.now()],
    )?;
    Ok(waiting > 0)
}

/// Removes the deliveries of a call and returns how many.
pub(crate) fn sweep_call(tx: &Tx, workspace: WorkspaceId, call: CallId) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM deliveries WHERE workspace = $1 AND reference = $2 AND webhook IS NOT NULL",
        &[&workspace, &call],
    )?)
}
