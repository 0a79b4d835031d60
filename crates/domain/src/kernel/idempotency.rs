//! First answers: a program that asks under a key of its own (`Idempotency-Key`) and asks again, because it never heard the
//! answer, gets the first one; what it asked for is done once. The answer is written in the transaction of the deed, so
//! that neither is there without the other, also where the program dies in between.

use std::time::Duration;

use store::Tx;

use crate::kernel::access::Actor;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::KeyId;

/// An answer is kept for this long.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Rows that one sweep takes at most, so that nobody waits for it.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Under which key something is asked, and what.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// Who asks.
    pub key: KeyId,
    /// The hash of the Idempotency-Key.
    pub name_hash: [u8; 32],
    /// The hash of the call and its body.
    pub request_hash: [u8; 32],
}

/// The first answer to a question, where it was asked before; nothing where it is asked for the first time. Then whoever
/// calls this does what is asked and keeps the answer ([`keep`]) in the same transaction. Who asks the same meanwhile
/// waits for that.
///
/// # Errors
/// `Conflict` where something else was asked under that key.
pub fn known(tx: &Tx, actor: &Actor, question: &Question) -> Result<Option<Vec<u8>>> {
    let now = tx.now();
    let (workspace, key, name_hash) = (&actor.workspace, &question.key, &question.name_hash);
    tx.run(
        "DELETE FROM first_answers WHERE workspace = $1 AND key = $2 AND name_hash = $3 AND created_at <= $4",
        &[workspace, key, name_hash, &now.before(KEPT)],
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

/// Keeps the answer to a question that [`known`] knew nothing of.
pub fn record_answer(tx: &Tx, actor: &Actor, question: &Question, answer: &[u8]) -> Result<()> {
    tx.run(
        "UPDATE first_answers SET answer = $4 WHERE workspace = $1 AND key = $2 AND name_hash = $3",
        &[&actor.workspace, &question.key, &question.name_hash, &answer],
    )?;
    Ok(())
}

/// Removes some answers that are kept no longer, and says how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM first_answers WHERE (workspace, key, name_hash) IN \
         (SELECT workspace, key, name_hash FROM first_answers WHERE created_at <= $1 LIMIT $2)",
        &[&tx.now().before(KEPT), &SWEPT_AT_ONCE],
    )?)
}
