//! The journal: one row for every change that subscribers may need to know about, written in the change's own
//! transaction.
//!
//! `seq` counts up per workspace without gaps. Numbers are assigned at the end of the transaction, so that the counter's
//! row, which orders transactions on PostgreSQL, is locked for the commit only.

use uuid::Uuid;

use crate::error::Result;
use crate::journal_entry::{Entry, Recorded};
use crate::reader::Reader;

impl Reader {
    /// The number of the newest entry of a workspace; 0 if there is none.
    pub fn journal_head(&self, workspace: Uuid) -> Result<i64> {
        let head =
            self.first("SELECT seq FROM journal_heads WHERE workspace = $1", &[&workspace], |row| {
                row.get(0)
            })?;
        Ok(head.unwrap_or(0))
    }

    /// The number of the oldest entry of a workspace that has not been deleted; one past the head if there is none.
    pub fn journal_tail(&self, workspace: Uuid) -> Result<i64> {
        let tail: Option<i64> =
            self.one("SELECT min(seq) FROM journal WHERE workspace = $1", &[&workspace], |row| row.get(0))?;
        match tail {
            Some(seq) => Ok(seq),
            None => Ok(self.journal_head(workspace)? + 1),
        }
    }

    /// At most `limit` entries of a workspace after number `seq`, in order.
    pub fn journal_after(&self, workspace: Uuid, seq: i64, limit: i64) -> Result<Vec<Recorded>> {
        self.all(
            "SELECT seq, at, kind, channel, payload FROM journal \
             WHERE workspace = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            &[&workspace, &seq, &limit],
            |row| {
                Ok(Recorded {
                    seq: row.get(0)?,
                    at: row.get(1)?,
                    kind: row.get(2)?,
                    channel: row.get(3)?,
                    payload: row.get(4)?,
                })
            },
        )
    }
}

/// Writes `entries`, in order, and assigns their numbers.
pub(crate) fn write(tx: &Reader, entries: &[Entry]) -> Result<()> {
    let now = tx.now();
    let mut heads: Vec<(Uuid, i64)> = Vec::new();
    for entry in entries {
        if heads.iter().any(|(workspace, _)| *workspace == entry.workspace) {
            continue;
        }
        let count = entries.iter().filter(|other| other.workspace == entry.workspace).count() as i64;
        let head: i64 = tx.one(
            "INSERT INTO journal_heads (workspace, seq) VALUES ($1, $2) \
             ON CONFLICT (workspace) DO UPDATE SET seq = journal_heads.seq + $2 RETURNING seq",
            &[&entry.workspace, &count],
            |row| row.get(0),
        )?;
        heads.push((entry.workspace, head - count));
    }
    for entry in entries {
        for (workspace, seq) in &mut heads {
            if *workspace == entry.workspace {
                *seq += 1;
                tx.run(
                    "INSERT INTO journal (workspace, seq, at, kind, channel, payload) VALUES ($1, $2, $3, $4, $5, $6)",
                    &[workspace, seq, &now, &entry.kind, &entry.channel, &entry.payload],
                )?;
            }
        }
    }
    Ok(())
}
