//! What a reading closure works on.

use std::cell::Cell;

use crate::clock::Clock;
use crate::connection::Connection;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::row::Row;
use crate::time::Time;
use crate::value::Param;

/// A consistent view of the database at one moment.
pub struct Reader {
    connection: Connection,
    clock: Clock,
    now: Cell<Time>,
    queries: Cell<usize>,
}

impl Reader {
    pub(crate) fn new(connection: Connection, clock: Clock) -> Reader {
        let now = Cell::new(clock.now());
        Reader { connection, clock, now, queries: Cell::new(0) }
    }

    /// Sets the time that the next closure sees.
    pub(crate) fn start(&self) {
        self.now.set(self.clock.now());
        self.queries.set(0);
    }

    /// How many queries the closure has run.
    pub(crate) fn queries(&self) -> usize {
        self.queries.get()
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The time of this view or transaction: the same from its beginning to its end.
    pub fn now(&self) -> Time {
        self.now.get()
    }

    /// A time to delete by: as [`Reader::now`], but earlier while a clock that jumped ahead has not held for an hour.
    pub fn settled(&self) -> Time {
        self.clock.settled().min(self.now())
    }

    /// The engine underneath.
    pub fn engine(&self) -> Engine {
        self.connection.engine()
    }

    /// Passes each row of the result to `visitor` until that returns false. `visitor` must not query the database itself.
    ///
    /// # Errors
    /// What `visitor` returns, [`Error::Refused`] for a faulty statement, and [`Error::Unavailable`].
    pub fn visit(
        &self,
        sql: &str,
        params: &[&dyn Param],
        visitor: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        self.queries.set(self.queries.get() + 1);
        self.connection.visit(sql, params, visitor)
    }

    /// All rows of the result, each as `read` makes it.
    ///
    /// # Errors
    /// As [`Reader::visit`].
    pub fn all<T>(
        &self,
        sql: &str,
        params: &[&dyn Param],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut found = Vec::new();
        self.visit(sql, params, &mut |row| {
            found.push(read(row)?);
            Ok(true)
        })?;
        Ok(found)
    }

    /// The first row of the result, if there is one.
    ///
    /// # Errors
    /// As [`Reader::visit`].
    pub fn first<T>(
        &self,
        sql: &str,
        params: &[&dyn Param],
        mut read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut found = None;
        self.visit(sql, params, &mut |row| {
            found = Some(read(row)?);
            Ok(false)
        })?;
        Ok(found)
    }

    /// The first row of a result that always has one.
    ///
    /// # Errors
    /// As [`Reader::visit`], and [`Error::Missing`].
    pub fn one<T>(
        &self,
        sql: &str,
        params: &[&dyn Param],
        read: impl FnMut(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.first(sql, params, read)?.ok_or(Error::Missing)
    }

    /// Runs one statement and returns how many rows it changed.
    pub(crate) fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        self.connection.run(sql, params)
    }

    /// The names of the columns that a statement returns.
    ///
    /// # Errors
    /// As [`Reader::visit`].
    pub fn columns(&self, sql: &str) -> Result<Vec<String>> {
        self.connection.columns(sql)
    }
}
