//! Webhook calls: one for each event that a webhook receives.
//!
//! Each webhook has its own position in the journal, which moves in the transaction that creates the calls, so that
//! after any crash none is missing and none is created twice (H3). Only the next [`WAITING_MAX`] calls are created in
//! advance: a receiver that accepts nothing costs little however much happens, since the journal keeps the rest.

use store::{Reader, Time, Tx};

use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::kernel::ids::{CallId, PersonId, WebhookId, WorkspaceId};
use crate::kernel::journal::Event;
use crate::notify::webhook_deliveries;
use crate::webhooks::webhook::{EventFilter, event_kind};

/// Maximum number of waiting calls per webhook.
pub const WAITING_MAX: i64 = 100;
/// Journal entries processed per step.
const ENTRIES_AT_ONCE: i64 = 500;

/// Webhooks that are switched on and have unprocessed journal entries.
pub fn behind(reader: &Reader) -> Result<Vec<(WorkspaceId, WebhookId)>> {
    Ok(reader.all(
        "SELECT w.workspace, w.id FROM webhooks w JOIN journal_heads h ON h.workspace = w.workspace \
         WHERE w.seq < h.seq AND w.disabled_at IS NULL AND w.deleted_at IS NULL ORDER BY w.workspace, w.id",
        &[],
        |row| row.read(),
    )?)
}

/// Processes the next journal entries for a webhook and creates the calls, due now. Returns the number of entries: 0 if
/// there are none, if enough calls are waiting, or if another worker has locked the webhook.
pub fn enqueue_calls(tx: &mut Tx, workspace: WorkspaceId, webhook: WebhookId) -> Result<usize> {
    let lock = tx.row_lock("FOR UPDATE SKIP LOCKED");
    let sql = format!(
        "SELECT seq, events, person FROM webhooks \
         WHERE workspace = $1 AND id = $2 AND disabled_at IS NULL AND deleted_at IS NULL {lock}"
    );
    let found: Option<(i64, EventFilter, PersonId)> =
        tx.first(&sql, &[&workspace, &webhook], |row| row.read())?;
    let Some((seq, wanted, person)) = found else { return Ok(0) };
    let mut room = WAITING_MAX - webhook_deliveries::waiting_calls(tx, workspace, webhook)?;
    let mut passed = seq;
    let mut looked_at = 0;
    for entry in tx.journal_after(workspace.0, seq, ENTRIES_AT_ONCE)? {
        // Events written by a newer version are unknown here and skipped.
        let kind = Event::of(&entry).and_then(|event| event_kind(&event)).filter(|kind| wanted.holds(kind));
        if let Some(kind) = kind {
            if room <= 0 {
                break;
            }
            room -= 1;
            let call = CallId::new(tx.now());
            tx.run(
                "INSERT INTO webhook_calls (workspace, id, webhook, seq, kind, at, payload) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &[&workspace, &call, &webhook, &entry.seq, &kind, &entry.at, &entry.payload],
            )?;
            webhook_deliveries::add_call(tx, workspace, webhook, call, person)?;
        }
        passed = entry.seq;
        looked_at += 1;
    }
    if passed > seq {
        tx.run(
            "UPDATE webhooks SET seq = $3 WHERE workspace = $1 AND id = $2",
            &[&workspace, &webhook, &passed],
        )?;
    }
    Ok(looked_at)
}

/// Webhooks that are switched on and have a due call, longest waiting first.
pub fn due(reader: &Reader) -> Result<Vec<(WorkspaceId, WebhookId)>> {
    let found = reader.all(
        "SELECT w.workspace, w.id, (SELECT min(d.next_try_at) FROM deliveries d \
         WHERE d.workspace = w.workspace AND d.webhook = w.id AND d.next_try_at <= $1 \
         AND (d.leased_until IS NULL OR d.leased_until <= $1)) AS since \
         FROM webhooks w WHERE w.disabled_at IS NULL AND w.deleted_at IS NULL ORDER BY since",
        &[&reader.now()],
        |row| Ok((row.get::<Option<Time>>(2)?, (row.get(0)?, row.get(1)?))),
    )?;
    Ok(found.into_iter().filter_map(|(since, place)| since.map(|_| place)).collect())
}

/// A call about to be sent, without the object, which is read at the same moment. Has no `Debug`, because its secret must
/// not be logged.
pub struct PreparedCall {
    /// Sent as `webhook-id`.
    pub id: CallId,
    pub url: String,
    /// The key that signs the call.
    pub secret: Vec<u8>,
    pub kind: String,
    /// When the event happened.
    pub at: Time,
    pub event: Event,
    /// Whose access determines what the object shows: an API client acting as the admin who created the webhook.
    pub actor: Actor,
}

/// Reads what an attempt sends. Returns `None` if the webhook is switched off or deleted.
pub fn prepare(reader: &Reader, workspace: WorkspaceId, call: CallId) -> Result<Option<PreparedCall>> {
    let found = reader.first(
        "SELECT w.url, w.secret, w.person, c.kind, c.at, c.payload FROM webhook_calls c \
         JOIN webhooks w ON w.workspace = c.workspace AND w.id = c.webhook \
         WHERE c.workspace = $1 AND c.id = $2 AND w.disabled_at IS NULL AND w.deleted_at IS NULL",
        &[&workspace, &call],
        |row| row.read(),
    )?;
    let Some((url, secret, person, kind, at, payload)): Option<(_, _, _, _, _, String)> = found else {
        return Ok(None);
    };
    let Some(event) = Event::read(&payload) else { return Ok(None) };
    let actor = Actor::api_client(workspace, person);
    Ok(Some(PreparedCall { id: call, url, secret, kind, at, event, actor }))
}
