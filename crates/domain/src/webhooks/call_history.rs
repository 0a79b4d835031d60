//! The call history that admins see: calls with their attempts, resending by hand, and removing old ones (H6).

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::kernel::access::Actor;
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{CallId, WebhookId, WorkspaceId};
use crate::notify::webhook_deliveries;
use crate::webhooks::call_attempts::Try;
use crate::webhooks::webhook;

/// How long calls and their attempts are kept.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Maximum number of calls that one transaction of a sweep removes, of each kind.
const SWEPT_AT_ONCE: i64 = 500;

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Call {
        /// Sent as `webhook-id`.
        pub id: CallId = "c.id",
        /// Number of the journal entry.
        pub seq: i64 = "c.seq",
        pub kind: String = "c.kind",
        /// When the event happened.
        pub at: Time = "c.at",
        /// When the call was accepted.
        pub taken_at: Option<Time> = "(SELECT max(d.sent_at) FROM deliveries d \
            WHERE d.workspace = c.workspace AND d.reference = c.id)",
        pub next_try_at: Option<Time> = "(SELECT max(d.next_try_at) FROM deliveries d \
            WHERE d.workspace = c.workspace AND d.reference = c.id)",
        /// Oldest first.
        pub tries: Vec<Try> => Vec::new(),
    }
}

/// At most `most` calls of a webhook, newest first, starting after `before` if given.
///
/// # Errors
/// `NotFound`, also for client users; `Forbidden` for staff.
pub fn list(
    reader: &Reader,
    actor: &Actor,
    webhook: WebhookId,
    before: Option<CallId>,
    most: i64,
) -> Result<Vec<Call>> {
    webhook::find(reader, actor, webhook)?;
    let before = match before {
        None => Some((i64::MAX, CallId(uuid::Uuid::max()))),
        Some(call) => reader
            .first(
                "SELECT seq FROM webhook_calls WHERE workspace = $1 AND id = $2 AND webhook = $3",
                &[&actor.workspace, &call, &webhook],
                |row| row.get(0),
            )?
            .map(|seq| (seq, call)),
    };
    // If `before` was swept, everything older was swept too.
    let Some((seq, call)) = before else { return Ok(Vec::new()) };
    let mut calls: Vec<Call> = reader.all(
        constcat::concat!(
            "SELECT ",
            Call::COLUMNS,
            " FROM webhook_calls c WHERE c.workspace = $1 AND c.webhook = $2 AND c.seq <= $3 \
             AND (c.seq < $3 OR c.id < $4) ORDER BY c.seq DESC, c.id DESC LIMIT $5"
        ),
        &[&actor.workspace, &webhook, &seq, &call, &most],
        |row| row.read(),
    )?;
    for call in &mut calls {
        call.tries = tries(reader, actor.workspace, call.id)?;
    }
    Ok(calls)
}

fn tries(reader: &Reader, workspace: WorkspaceId, call: CallId) -> Result<Vec<Try>> {
    Ok(reader.all(
        "SELECT at, took, status, said FROM webhook_tries WHERE workspace = $1 AND call = $2 \
         ORDER BY at, delivery, number",
        &[&workspace, &call],
        |row| {
            let (took, status): (i64, Option<i64>) = (row.get(1)?, row.get(2)?);
            Ok(Try {
                at: row.get(0)?,
                took: Duration::from_millis(took.max(0).unsigned_abs()),
                status: status.and_then(|status| u16::try_from(status).ok()),
                said: row.get(3)?,
            })
        },
    )?)
}

/// Sends a call again, due now, whatever its status (H6). If it is still waiting, it is expedited instead.
///
/// # Errors
/// `NotFound`, also for client users; `Forbidden` for staff; `Conflict` if the webhook is switched off.
pub fn again(tx: &mut Tx, actor: &Actor, webhook: WebhookId, call: CallId) -> Result<()> {
    if webhook::find(tx, actor, webhook)?.disabled_at.is_some() {
        return Err(Error::Conflict("This webhook is switched off. Please switch it on first."));
    }
    let known = tx.first(
        "SELECT 1 FROM webhook_calls WHERE workspace = $1 AND id = $2 AND webhook = $3",
        &[&actor.workspace, &call, &webhook],
        |_| Ok(()),
    )?;
    known.ok_or(Error::NotFound)?;
    if webhook_deliveries::expedite_call(tx, actor.workspace, call)? {
        return Ok(());
    }
    webhook_deliveries::add_call(tx, actor.workspace, webhook, call, actor.person)
}

/// Deletes some old calls and calls of deleted webhooks, with their attempts, and finally the deleted webhooks. Returns
/// the number of rows; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    let mut old: Vec<(WorkspaceId, CallId)> = tx.all(
        "SELECT c.workspace, c.id FROM webhook_calls c WHERE c.at < $1 AND NOT EXISTS (SELECT 1 FROM deliveries d \
         WHERE d.workspace = c.workspace AND d.reference = c.id AND d.next_try_at IS NOT NULL) ORDER BY c.at LIMIT $2",
        &[&tx.settled().before(KEPT), &SWEPT_AT_ONCE],
        |row| row.read(),
    )?;
    let of_deleted: Vec<(WorkspaceId, CallId)> = tx.all(
        "SELECT c.workspace, c.id FROM webhooks w JOIN webhook_calls c ON c.workspace = w.workspace AND c.webhook = w.id \
         WHERE w.deleted_at IS NOT NULL LIMIT $1",
        &[&SWEPT_AT_ONCE],
        |row| row.read(),
    )?;
    old.extend(of_deleted);
    let mut swept = 0;
    for (workspace, call) in &old {
        swept +=
            tx.run("DELETE FROM webhook_tries WHERE workspace = $1 AND call = $2", &[workspace, call])?;
        swept += webhook_deliveries::sweep_call(tx, *workspace, *call)?;
        swept += tx.run("DELETE FROM webhook_calls WHERE workspace = $1 AND id = $2", &[workspace, call])?;
    }
    if old.is_empty() {
        swept += tx.run("DELETE FROM webhooks WHERE deleted_at IS NOT NULL", &[])?;
    }
    Ok(swept)
}
