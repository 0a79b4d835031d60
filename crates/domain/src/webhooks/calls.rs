//! Calls of webhooks: one for each event that a webhook hears of, and each try of it.
//!
//! A webhook follows the journal by a place of its own, which moves in the transaction that makes the calls: whatever dies
//! between any two steps, none is left out and none is made twice. Of a call that waits only the next few are made, so
//! that a program that takes nothing costs little however much happens: the journal keeps the rest.

use std::time::Duration;

use store::{Engine, Reader, Time, Tx};

use super::{Wanted, told_as};
use crate::access::Actor;
use crate::deliveries::{self, Delivery};
use crate::error::{Error, Result};
use crate::ids::{CallId, PersonId, WebhookId, WorkspaceId};
use crate::journal::Event;
use crate::people;

/// Calls of one webhook that wait to be taken, at most.
pub const WAITING_MAX: i64 = 100;
/// Entries of the journal that one step looks at.
const ENTRIES_AT_ONCE: i64 = 500;
/// Calls and their tries are kept for this long.
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
/// Calls that one transaction of a sweep removes at most.
const SWEPT_AT_ONCE: i64 = 500;
/// Characters of a program's answer that are kept.
pub const SAID_CHARACTERS: usize = 1_000;

/// Webhooks that are on and for which the journal has something that was not looked at yet.
///
/// # Errors
/// Where the database fails.
pub fn behind(reader: &Reader) -> Result<Vec<(WorkspaceId, WebhookId)>> {
    Ok(reader.all(
        "SELECT w.workspace, w.id FROM webhooks w JOIN journal_heads h ON h.workspace = w.workspace \
         WHERE w.seq < h.seq AND w.disabled_at IS NULL AND w.deleted_at IS NULL ORDER BY w.workspace, w.id",
        &[],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// Looks at what the journal has next for a webhook and makes the calls, due now. Answers how many entries that were: 0
/// where there is nothing, where enough calls wait already, or where another worker does so just now.
///
/// # Errors
/// Where the database fails.
pub fn follow(tx: &mut Tx, workspace: WorkspaceId, webhook: WebhookId) -> Result<usize> {
    let lock = match tx.engine() {
        Engine::Sqlite => "",
        Engine::Postgres => "FOR UPDATE SKIP LOCKED",
    };
    let sql = format!(
        "SELECT seq, events, person FROM webhooks \
         WHERE workspace = $1 AND id = $2 AND disabled_at IS NULL AND deleted_at IS NULL {lock}"
    );
    let found: Option<(i64, Wanted, PersonId)> =
        tx.first(&sql, &[&workspace, &webhook], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let Some((seq, wanted, person)) = found else { return Ok(0) };
    let mut room = WAITING_MAX - deliveries::waiting_calls(tx, workspace, webhook)?;
    let mut passed = seq;
    let mut looked_at = 0;
    for entry in tx.journal_after(workspace.0, seq, ENTRIES_AT_ONCE)? {
        // What a newer program wrote is not known here, and passed over.
        let kinds = Event::of(&entry).map(|event| told_as(&event)).unwrap_or_default();
        let kinds: Vec<&str> = kinds.into_iter().filter(|kind| wanted.holds(kind)).collect();
        if !kinds.is_empty() && room <= 0 {
            break;
        }
        for kind in kinds {
            room -= 1;
            let call = CallId::new(tx.now());
            tx.run(
                "INSERT INTO webhook_calls (workspace, id, webhook, seq, kind, at, payload) VALUES ($1, $2, $3, $4, $5, $6, $7)",
                &[&workspace, &call, &webhook, &entry.seq, &kind, &entry.at, &entry.payload],
            )?;
            deliveries::add_call(tx, workspace, webhook, call, person)?;
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
///
/// # Errors
/// Where the database fails.
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
    /// Which kind.
    pub kind: String,
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub event: Event,
    /// Who sees it: a program of the admin's who made the webhook.
    pub actor: Actor,
}

/// Reads what a try says. Nothing where its webhook is off or gone.
///
/// # Errors
/// Where the database fails.
pub fn prepare(reader: &Reader, workspace: WorkspaceId, call: CallId) -> Result<Option<PreparedCall>> {
    let found = reader.first(
        "SELECT w.url, w.secret, w.person, c.kind, c.at, c.payload FROM webhook_calls c \
         JOIN webhooks w ON w.workspace = c.workspace AND w.id = c.webhook \
         WHERE c.workspace = $1 AND c.id = $2 AND w.disabled_at IS NULL AND w.deleted_at IS NULL",
        &[&workspace, &call],
        |row| {
            let (person, payload): (PersonId, String) = (row.get(2)?, row.get(5)?);
            let told: (String, Vec<u8>, String, Time) = (row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?);
            Ok((told, person, payload))
        },
    )?;
    let Some(((url, secret, kind, at), person, payload)) = found else { return Ok(None) };
    let Some(event) = Event::read(&payload) else { return Ok(None) };
    let Some(actor) = people::actor(reader, workspace, person)? else { return Ok(None) };
    Ok(Some(PreparedCall { id: call, url, secret, kind, at, event, actor }))
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// When it ended.
    pub at: Time,
    /// How long it took.
    pub took: Duration,
    /// The HTTP status; nothing where there was no answer.
    pub status: Option<u16>,
    /// The beginning of the answer, or why there was none.
    pub said: String,
}

/// What a try means for its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The program has taken it.
    Taken,
    /// It is tried again.
    NotNow,
    /// The program says that it wants no calls any more.
    Gone,
}

/// What became of a call after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Taken,
    /// It is tried again at this time.
    Again(Time),
    /// It was not taken, and is tried no more.
    GivenUp,
}

/// Records a try and what it means: the next one, or none; and where the webhook has taken nothing for as long as calls
/// are tried, or says that it is gone, that it is switched off (H5).
///
/// # Errors
/// Where the database fails.
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
    let took = i64::try_from(tried.took.as_millis()).unwrap_or(i64::MAX);
    let said: String = tried.said.chars().filter(|sign| *sign != '\0').take(SAID_CHARACTERS).collect();
    // Nothing where the call was swept meanwhile.
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
            &took,
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
            // One that took others meanwhile is not gone: it refuses this one.
            if taken_at.is_none_or(|taken_at| taken_at < delivery.created_at) {
                let reason = format!("It took no call for {} days. Last: {short}", days(delivery));
                super::disable(tx, workspace, webhook, &reason)?;
            }
            Ok(Outcome::GivenUp)
        }
        Verdict::Gone => {
            deliveries::failed(tx, delivery, &short)?;
            super::disable(tx, workspace, webhook, "It answered 410: it wants no calls any more.")?;
            Ok(Outcome::GivenUp)
        }
    }
}

fn days(delivery: &Delivery) -> u64 {
    delivery.kind.retried_for().as_secs() / 86_400
}

/// Takes a webhook for the rest of the transaction, so that its calls are recorded one after the other; answers when it last
/// took one.
fn hold(tx: &Tx, workspace: WorkspaceId, webhook: WebhookId) -> Result<Option<Time>> {
    let lock = match tx.engine() {
        Engine::Sqlite => "",
        Engine::Postgres => "FOR UPDATE",
    };
    let sql = format!("SELECT taken_at FROM webhooks WHERE workspace = $1 AND id = $2 {lock}");
    Ok(tx.first(&sql, &[&workspace, &webhook], |row| row.get(0))?.flatten())
}

/// A call as admins see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// `webhook-id`.
    pub id: CallId,
    /// The number of the journal's entry.
    pub seq: i64,
    /// Which kind.
    pub kind: String,
    /// When it happened.
    pub at: Time,
    /// When the program took it.
    pub taken_at: Option<Time>,
    /// When it is tried next.
    pub next_try_at: Option<Time>,
    /// Each try, oldest first.
    pub tries: Vec<Try>,
}

/// The newest calls of a webhook, those before `before` where one is named; at most `most`.
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
    super::find(reader, actor, webhook)?;
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
    // What came before one that is swept is swept too.
    let Some((seq, call)) = before else { return Ok(Vec::new()) };
    let mut calls = reader.all(
        "SELECT c.id, c.seq, c.kind, c.at, \
         (SELECT max(d.sent_at) FROM deliveries d WHERE d.workspace = c.workspace AND d.reference = c.id), \
         (SELECT max(d.next_try_at) FROM deliveries d WHERE d.workspace = c.workspace AND d.reference = c.id) \
         FROM webhook_calls c WHERE c.workspace = $1 AND c.webhook = $2 AND c.seq <= $3 AND (c.seq < $3 OR c.id < $4) \
         ORDER BY c.seq DESC, c.id DESC LIMIT $5",
        &[&actor.workspace, &webhook, &seq, &call, &most],
        |row| {
            Ok(Call {
                id: row.get(0)?,
                seq: row.get(1)?,
                kind: row.get(2)?,
                at: row.get(3)?,
                taken_at: row.get(4)?,
                next_try_at: row.get(5)?,
                tries: Vec::new(),
            })
        },
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

/// Makes a call once more, due now, whatever became of it (H6). Where it waits already, it is tried at once instead.
///
/// # Errors
/// `NotFound`, also for client users; `Forbidden` for staff; `Conflict` where the webhook is switched off.
pub fn again(tx: &mut Tx, actor: &Actor, webhook: WebhookId, call: CallId) -> Result<()> {
    if super::find(tx, actor, webhook)?.disabled_at.is_some() {
        return Err(Error::Conflict("This webhook is switched off. Please switch it on first."));
    }
    let known = tx.first(
        "SELECT 1 FROM webhook_calls WHERE workspace = $1 AND id = $2 AND webhook = $3",
        &[&actor.workspace, &call, &webhook],
        |_| Ok(()),
    )?;
    known.ok_or(Error::NotFound)?;
    if deliveries::hasten_call(tx, actor.workspace, call)? {
        return Ok(());
    }
    deliveries::add_call(tx, actor.workspace, webhook, call, actor.person)
}

/// Removes calls that are old or whose webhook was deleted, with their tries, and then such webhooks; at most a few hundred.
/// Answers how many rows.
///
/// # Errors
/// Where the database fails.
pub fn sweep(tx: &Tx) -> Result<usize> {
    let mut old: Vec<(WorkspaceId, CallId)> = tx.all(
        "SELECT c.workspace, c.id FROM webhook_calls c WHERE c.at < $1 AND NOT EXISTS (SELECT 1 FROM deliveries d \
         WHERE d.workspace = c.workspace AND d.reference = c.id AND d.next_try_at IS NOT NULL) ORDER BY c.at LIMIT $2",
        &[&tx.now().before(KEPT), &SWEPT_AT_ONCE],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let of_deleted: Vec<(WorkspaceId, CallId)> = tx.all(
        "SELECT c.workspace, c.id FROM webhooks w JOIN webhook_calls c ON c.workspace = w.workspace AND c.webhook = w.id \
         WHERE w.deleted_at IS NOT NULL LIMIT $1",
        &[&SWEPT_AT_ONCE],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    old.extend(of_deleted);
    let mut swept = 0;
    for (workspace, call) in &old {
        swept +=
            tx.run("DELETE FROM webhook_tries WHERE workspace = $1 AND call = $2", &[workspace, call])?;
        swept += deliveries::sweep_call(tx, *workspace, *call)?;
        swept += tx.run("DELETE FROM webhook_calls WHERE workspace = $1 AND id = $2", &[workspace, call])?;
    }
    if old.is_empty() {
        swept += tx.run("DELETE FROM webhooks WHERE deleted_at IS NOT NULL", &[])?;
    }
    Ok(swept)
}
