//! Group commit: the writer thread takes up to [`BATCH_MAX`] waiting closures, runs each in a savepoint and commits once.

use std::thread;

use tokio::sync::mpsc;

use crate::error::Result;
use crate::sqlite::log::{Committed, Log};
use crate::transaction::Tx;
use crate::work::{Work, Write};

/// Most closures in one commit: enough to share its cost, few enough that running them takes about as long as flushing the
/// commit before.
pub(super) const BATCH_MAX: usize = 32;
/// How often the writer yields the processor before it closes a transaction.
const YIELDS: usize = 3;

/// Runs the closures of `batch`, and those that arrive meanwhile, in one transaction.
pub(super) fn commit(
    tx: &mut Tx,
    mut batch: Vec<Work>,
    waiting: &mut mpsc::Receiver<Work>,
    log: &Log,
) -> Committed {
    let recorded = run_all(tx, &mut batch, waiting);
    log.begin();
    let outcome = recorded.and_then(|recorded| tx.run("COMMIT", &[]).map(|_| recorded));
    let outcome = outcome.map_err(|error| log.disk().cause(error));
    if outcome.is_err() {
        tx.forget_after(0);
        // Fails only if no transaction was begun, and then there is nothing to roll back.
        let _ = tx.run("ROLLBACK", &[]);
    }
    Committed { batch, outcome }
}

fn run_all(tx: &mut Tx, batch: &mut Vec<Work>, waiting: &mut mpsc::Receiver<Work>) -> Result<bool> {
    tx.run("BEGIN IMMEDIATE", &[])?;
    let mut done = 0;
    while let Some(work) = batch.get_mut(done) {
        run_one(tx, work.as_mut())?;
        done += 1;
        // Closures that arrive while others run share their fsync.
        if done == batch.len() && done < BATCH_MAX {
            batch.extend(next(waiting));
        }
    }
    tx.write_journal()
}

/// The next closure, if one is waiting or arrives while other threads run. On an idle machine yielding costs nothing.
fn next(waiting: &mut mpsc::Receiver<Work>) -> Option<Work> {
    for _ in 0..YIELDS {
        if let Ok(next) = waiting.try_recv() {
            return Some(next);
        }
        thread::yield_now();
    }
    waiting.try_recv().ok()
}

/// Runs a closure in a savepoint, so that a failure rolls back that closure alone.
fn run_one(tx: &mut Tx, work: &mut dyn Write) -> Result<()> {
    let recorded = tx.recorded();
    tx.start();
    tx.run("SAVEPOINT one", &[])?;
    if !work.run(tx) {
        tx.forget_after(recorded);
        tx.run("ROLLBACK TO one", &[])?;
    }
    tx.run("RELEASE one", &[])?;
    Ok(())
}
