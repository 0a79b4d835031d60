//! What to do when the clock is put back: nobody waits longer for that (N5).
//!
//! Stored times at which something is due would come too late by as much as the clock was put back; they are put back
//! too. A message that seems to come from the future has waited for an unknown time and counts as due.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::kernel::error::Result;
use crate::kernel::limits::CLOCKS_DIFFER;

/// What waits for a time that was computed when the clock was ahead.
const WAITING: [(&str, &str); 5] = [
    ("due", "decide_at"),
    ("deliveries", "next_try_at"),
    ("deliveries", "leased_until"),
    ("previews", "next_try_at"),
    ("tries", "window_start"),
];

/// By how much the clock has been put back since a program last noted it, while no program ran.
pub fn while_down(reader: &Reader) -> Result<Option<Duration>> {
    let seen: Option<Time> = reader.first("SELECT at FROM clock_seen", &[], |row| row.get(0))?;
    Ok(seen.and_then(|seen| beyond(seen, reader.now())))
}

/// By how much a clock that should show `expected` and shows `now` has been put back.
pub fn beyond(expected: Time, now: Time) -> Option<Duration> {
    Some(expected.since(now)).filter(|by| *by > CLOCKS_DIFFER)
}

/// Notes what the clock shows, so that [`while_down`] can tell after the next start.
pub fn note(tx: &Tx) -> Result<()> {
    tx.run(
        "INSERT INTO clock_seen (one, at) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET at = excluded.at",
        &[&tx.now()],
    )?;
    Ok(())
}

/// Puts back what waits, after the clock was put back by so much. Returns how much that is.
pub fn put_back(tx: &Tx, by: Duration) -> Result<usize> {
    let mut changed = 0;
    for (table, column) in WAITING {
        let sql = format!("UPDATE {table} SET {column} = {column} - CAST($1 AS BIGINT) WHERE {column} > $2");
        changed += tx.run(&sql, &[&by, &tx.now()])?;
    }
    note(tx)?;
    Ok(changed)
}
