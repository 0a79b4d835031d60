//! What a closure gets: a [`Reader`] to ask, a [`Tx`] to change. Both are the same on both engines.

use std::cell::Cell;
use std::ops::Deref;

use crate::clock::{Clock, Time};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::journal::{self, Entry};
use crate::value::{Param, Row};

pub(crate) enum Connection {
    Sqlite(crate::sqlite::Connection),
    #[cfg(feature = "cluster")]
    Postgres(Box<crate::postgres::Connection>),
}

/// A consistent view of the database at one moment.
pub struct Reader {
    pub(crate) connection: Connection,
    pub(crate) clock: Clock,
    now: Cell<Time>,
    asked: Cell<usize>,
}

impl Reader {
    pub(crate) fn new(connection: Connection, clock: Clock) -> Reader {
        let now = Cell::new(clock.now());
        Reader { connection, clock, now, asked: Cell::new(0) }
    }

    /// Sets the time that the next closure sees.
    pub(crate) fn start(&self) {
        self.now.set(self.clock.now());
        self.asked.set(0);
    }

    /// How many questions the closure has asked.
    pub(crate) fn asked(&self) -> usize {
        self.asked.get()
    }

    /// The time of this reading or transaction: the same from its beginning to its end.
    pub fn now(&self) -> Time {
        self.now.get()
    }

    /// The engine underneath, for the few statements that differ (full-text search).
    pub fn engine(&self) -> Engine {
        match &self.connection {
            Connection::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "cluster")]
            Connection::Postgres(_) => Engine::Postgres,
        }
    }

    /// Shows each row of the answer to `look` until that says false. `look` asks the database nothing itself.
    ///
    /// # Errors
    /// Where the engine refuses the statement, cannot be reached, or `look` fails.
    pub fn visit(
        &self,
        sql: &str,
        params: &[&dyn Param],
        look: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        self.asked.set(self.asked.get() + 1);
        match &self.connection {
            Connection::Sqlite(connection) => connection.visit(sql, params, look),
            #[cfg(feature = "cluster")]
            Connection::Postgres(connection) => connection.visit(sql, params, look),
        }
    }

    /// All rows of the answer, each as `row` reads it.
    ///
    /// # Errors
    /// As [`Reader::visit`].
    pub fn all<T>(
        &self,
        sql: &str,
        params: &[&dyn Param],
        mut row: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.visit(sql, params, &mut |cells| {
            found.push(row(cells)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// The first row of the answer, where there is one.
    ///
    /// # Errors
    /// As [`Reader::visit`].
    pub fn first<T>(
        &self,
        sql: &str,
        params: &[&dyn Param],
        mut row: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found = None;
        self.visit(sql, params, &mut |cells| {
            found = Some(row(cells)?);
            Ok(false)
        })?;
        Ok(found)
    }

    /// The first row of an answer that always has one.
    ///
    /// # Errors
    /// As [`Reader::visit`], and [`Error::Missing`].
    pub fn one<T>(
        &self,
        sql: &str,
        params: &[&dyn Param],
        row: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.first(sql, params, row)?.ok_or(Error::Missing)
    }

    pub(crate) fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        match &self.connection {
            Connection::Sqlite(connection) => connection.run(sql, params),
            #[cfg(feature = "cluster")]
            Connection::Postgres(connection) => connection.run(sql, params),
        }
    }

    /// The names of the columns that a statement answers with.
    ///
    /// # Errors
    /// As [`Reader::visit`].
    pub fn columns(&self, sql: &str) -> Result<Vec<String>> {
        match &self.connection {
            Connection::Sqlite(connection) => connection.columns(sql),
            #[cfg(feature = "cluster")]
            Connection::Postgres(connection) => connection.columns(sql),
        }
    }
}

/// A transaction: all of it is kept, on disk, or nothing.
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

    /// Runs one statement and says how many rows it changed.
    ///
    /// # Errors
    /// Where the engine refuses the statement or cannot be reached.
    pub fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        self.reader.run(sql, params)
    }

    /// Tells everybody concerned, once this is on disk. The only way to tell anybody anything.
    pub fn record(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Runs statements without parameters, separated by `;`.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        match &self.reader.connection {
            Connection::Sqlite(connection) => connection.batch(sql),
            #[cfg(feature = "cluster")]
            Connection::Postgres(connection) => connection.batch(sql),
        }
    }

    pub(crate) fn recorded(&self) -> usize {
        self.entries.len()
    }

    /// Forgets what was recorded after the first `keep` entries: their closure was undone.
    pub(crate) fn forget_after(&mut self, keep: usize) {
        self.entries.truncate(keep);
    }

    /// Writes the entries recorded so far into the journal; true where there were any.
    pub(crate) fn write_journal(&mut self) -> Result<bool> {
        let entries = std::mem::take(&mut self.entries);
        journal::write(self, &entries)?;
        Ok(!entries.is_empty())
    }
}
