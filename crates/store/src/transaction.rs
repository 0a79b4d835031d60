//! What a writing closure works on.

use std::ops::Deref;

use crate::error::Result;
use crate::journal;
use crate::journal_entry::Entry;
use crate::reader::Reader;
use crate::value::Param;

/// A transaction: either all of it is committed to disk, or none.
pub struct Tx {
    reader: Reader,
    entries: Vec<Entry>,
}

impl Deref for Tx {
    type Target = Reader;
    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Tx {
    pub(crate) fn new(reader: Reader) -> Tx {
        Tx { reader, entries: Vec::new() }
    }

    /// Runs one statement and returns how many rows it changed.
    ///
    /// # Errors
    /// [`Refused`](crate::Error::Refused) for a faulty statement or a broken constraint, and
    /// [`Unavailable`](crate::Error::Unavailable).
    pub fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        self.reader.run(sql, params)
    }

    /// Adds an entry to the journal. Subscribers see it once the transaction is on disk; there is no other way to notify
    /// them.
    pub fn record(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Runs statements without parameters, separated by `;`.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        self.reader.connection().batch(sql)
    }

    pub(crate) fn recorded(&self) -> usize {
        self.entries.len()
    }

    /// Drops what was recorded after the first `keep` entries, because its closure was rolled back.
    pub(crate) fn forget_after(&mut self, keep: usize) {
        self.entries.truncate(keep);
    }

    /// Writes the entries recorded so far into the journal; returns whether there were any.
    pub(crate) fn write_journal(&mut self) -> Result<bool> {
        let entries = std::mem::take(&mut self.entries);
        journal::write(self, &entries)?;
        Ok(!entries.is_empty())
    }
}
