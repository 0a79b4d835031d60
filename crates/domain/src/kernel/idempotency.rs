//! Idempotency of API calls: a client that repeats a call under the same `Idempotency-Key` because it never received
//! the answer gets the first one, and the call is done once. The answer is stored in the transaction of the call, so
//! neither exists without the other, even after a crash.

use std::time::Duration;

use store::Tx;

use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::KeyId;

/// How long an answer is kept.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Limits how long a sweep can block others.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Identifies a call.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    pub key: KeyId,
    /// Hash of the `Idempotency-Key`.
    pub name_hash: [u8; 32],
    /// Hash of the request and its body.
    pub request_hash: [u8; 32],
}

/// The stored answer if this call was made before. On `None` the caller must perform the call and store its answer
/// ([`record_answer`]) in the same transaction; a concurrent repeat waits for that.
///
/// # Errors
/// `Conflict` if the key was used for a different request.
pub fn known(tx: &Tx, actor: &Actor, question: &Question) -> Result<Option<Vec<u8>>> {
    let now = tx.now();
    let (workspace, key, name_hash) = (&actor.workspace, &question.key, &question.name_hash);
    tx.run(
        "DELETE FROM first_answers WHERE workspace = $1 AND key = $2 AND name_hash = $3 AND created_at <= $4",
        &[workspace, key, name_hash, &tx.settled().before(KEPT)],
    )?;
    let first = tx.run(
        "INSERT INTO first_answers (workspace, key, name_hash, request_hash, answer, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        &[workspace, key, name_hash, &question.request_hash, &Vec::new(), &now],
    )?;
    if first > 0 {
        return Ok(None);
    }
    let (request_hash, answer): (Vec<u8>, Vec<u8>) = tx.one(
        "SELECT request_hash, answer FROM first_answers WHERE workspace = $1 AND key = $2 AND name_hash = $3",
        &[workspace, key, name_hash],
        |row| row.read(),
    )?;
    if request_hash == question.request_hash {
        Ok(Some(answer))
    } else {
        Err(Error::Conflict("This Idempotency-Key was used for something else."))
    }
}

/// Stores the answer to a call for which [`known`] returned `None`.
pub fn record_answer(tx: &Tx, actor: &Actor, question: &Question, answer: &[u8]) -> Result<()> {
    tx.run(
        "UPDATE first_answers SET answer = $4 WHERE workspace = $1 AND key = $2 AND name_hash = $3",
        &[&actor.workspace, &question.key, &question.name_hash, &answer],
    )?;
    Ok(())
}

/// Removes some expired answers and returns how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM first_answers WHERE (workspace, key, name_hash) IN \
         (SELECT workspace, key, name_hash FROM first_answers WHERE created_at <= $1 LIMIT $2)",
        &[&tx.settled().before(KEPT), &SWEPT_AT_ONCE],
    )?)
}
