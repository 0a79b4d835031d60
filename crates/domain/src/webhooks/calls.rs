//! Calls of webhooks: one for each event that a webhook hears of, and each try of it.
//!
//! A webhook follows the journal by a place of its own, which moves in the transaction that makes the calls: whatever dies
//! between any two steps, none is left out and none is made twice. Of a call that waits only the next few are made, so
//! that a program that takes nothing costs little however much happens: the journal keeps the rest.

use store::{Reader, Time, Tx};

use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::kernel::ids::{CallId, PersonId, WebhookId, WorkspaceId};
use crate::kernel::journal::Event;
use crate::notify::webhook_deliveries;
use crate::webhooks::webhook::{EventFilter, event_kind};

/// Calls of one webhook that wait to be taken, at most.
pub const WAITING_MAX: i64 = 100;
/// Entries of the journal that one step looks at.
const ENTRIES_AT_ONCE: i64 = 500;

/// Webhooks that are on and for which the journal has something that was not looked at yet.
pub fn behind(reader: &Reader) -> Result<Vec<(WorkspaceId, WebhookId)>> {
    Ok(reader.all(
        "SELECT w.workspace, w.id FROM webhooks w JOIN journal_heads h ON h.workspace = w.workspace \
         WHERE w.seq < h.seq AND w.disabled_at IS NULL AND w.deleted_at IS NULL ORDER BY w.workspace, w.id",
        &[],
        |row| row.read(),
    )?)
}

/// Looks at what the journal has next for a webhook and makes the calls, due now. Answers how many entries that were: 0
/// where there is nothing, where enough calls wait already, or where another worker does so just now.
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
        // What a newer program wrote is not known here, and passed over.
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

/// Webhooks that are on and have a call that is due, that which has waited longest first.
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

/// What a try says, apart from the object: that is read at the same moment. It holds a secret: not to be logged, hence no
/// `Debug`.
pub struct PreparedCall {
    /// `webhook-id`.
    pub id: CallId,
    /// Where to.
    pub url: String,
    /// What signs it.
    pub secret: Vec<u8>,
    pub kind: String,
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub event: Event,
    /// Who sees it: a program of the admin's who made the webhook.
    pub actor: Actor,
}

/// Reads what a try says. Nothing where its webhook is off or gone.
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
