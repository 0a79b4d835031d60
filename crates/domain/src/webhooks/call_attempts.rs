//! Attempts at a webhook call: recording the result, and what it means for the call and its webhook (H5).

use std::time::Duration;

use store::{Time, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{CallId, WebhookId, WorkspaceId};
use crate::notify::deliveries;
use crate::notify::delivery::Delivery;
use crate::webhooks::webhook;

/// Maximum length of the stored response, in characters.
pub const SAID_CHARACTERS: usize = 1_000;

/// One attempt at a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// When it ended.
    pub at: Time,
    pub took: Duration,
    /// The HTTP status; `None` if there was no response.
    pub status: Option<u16>,
    /// The beginning of the response, or why there was none.
    pub said: String,
}

/// How an attempt went, as the sender judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted.
    Taken,
    /// A temporary failure; the call is retried.
    NotNow,
    /// The receiver wants no more calls.
    Gone,
}

/// What happens to a call after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Taken,
    /// Retried at this time.
    Again(Time),
    /// Not accepted, and not retried any more.
    GivenUp,
}

/// Records an attempt and schedules the next one, if any. Switches the webhook off if it is gone, or if retries are
/// exhausted and it has accepted no other call since this one was created (H5).
pub fn record(
    tx: &mut Tx,
    delivery: &Delivery,
    webhook: WebhookId,
    call: CallId,
    tried: &Try,
    verdict: Verdict,
) -> Result<Outcome> {
    let workspace = delivery.workspace;
    let taken_at = hold(tx, workspace, webhook)?;
    let said: String = tried.said.chars().filter(|sign| *sign != '\0').take(SAID_CHARACTERS).collect();
    // Inserts nothing if the call was swept in the meantime.
    tx.run(
        "INSERT INTO webhook_tries (workspace, call, delivery, number, at, took, status, said) \
         SELECT c.workspace, c.id, $3, CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT), $8 \
         FROM webhook_calls c WHERE c.workspace = $1 AND c.id = $2 ON CONFLICT DO NOTHING",
        &[
            &workspace,
            &call,
            &delivery.id,
            &delivery.tries,
            &tried.at,
            &tried.took,
            &tried.status.map(i64::from),
            &said,
        ],
    )?;
    let short = match tried.status {
        Some(status) => format!("answered {status}"),
        None => said,
    };
    match verdict {
        Verdict::Taken => {
            deliveries::sent(tx, delivery)?;
            tx.run(
                "UPDATE webhooks SET taken_at = $3 WHERE workspace = $1 AND id = $2",
                &[&workspace, &webhook, &tx.now()],
            )?;
            Ok(Outcome::Taken)
        }
        Verdict::NotNow => {
            if let Some(next) = deliveries::failed_for_now(tx, delivery, &short)? {
                return Ok(Outcome::Again(next));
            }
            // A webhook that accepted other calls in the meantime is not gone: it only refuses this one.
            if taken_at.is_none_or(|taken_at| taken_at < delivery.created_at) {
                let reason = format!("It took no call for {} days. Last: {short}", days(delivery));
                webhook::disable(tx, workspace, webhook, &reason)?;
            }
            Ok(Outcome::GivenUp)
        }
        Verdict::Gone => {
            deliveries::failed(tx, delivery, &short)?;
            webhook::disable(tx, workspace, webhook, "It answered 410: it wants no calls any more.")?;
            Ok(Outcome::GivenUp)
        }
    }
}

fn days(delivery: &Delivery) -> u64 {
    delivery.kind.retried_for().as_secs() / 86_400
}

/// Locks a webhook for the rest of the transaction, so that its attempts are recorded one after another. Returns when it
/// last accepted a call.
fn hold(tx: &Tx, workspace: WorkspaceId, webhook: WebhookId) -> Result<Option<Time>> {
    let lock = tx.row_lock("FOR UPDATE");
    let sql = format!("SELECT taken_at FROM webhooks WHERE workspace = $1 AND id = $2 {lock}");
    Ok(tx.first(&sql, &[&workspace, &webhook], |row| row.get(0))?.flatten())
}
