//! What differs in the SQL of the two engines, so that callers need not know which one they run on.

use crate::engine::Engine;
use crate::error::Result;
use crate::reader::Reader;
use crate::transaction::Tx;
use crate::value::Param;

/// How an engine keeps a full-text index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextIndex {
    /// SQLite: an FTS5 table of its own, which the program must fill.
    Table,
    /// PostgreSQL: an index on an expression, which is always up to date.
    Expression,
}

impl Reader {
    /// The kind of full-text index.
    pub fn text_index(&self) -> TextIndex {
        match self.engine() {
            Engine::Sqlite => TextIndex::Table,
            Engine::Postgres => TextIndex::Expression,
        }
    }

    /// A parameter (`$2`) that is an id, where PostgreSQL cannot infer its type. SQLite stores ids as bytes, which a cast would
    /// convert.
    pub fn id_parameter(&self, parameter: &str) -> String {
        match self.engine() {
            Engine::Sqlite => parameter.to_string(),
            Engine::Postgres => format!("CAST({parameter} AS UUID)"),
        }
    }
}

impl Tx {
    /// `clause` (`FOR UPDATE …`), to be appended to a SELECT. Empty on SQLite, whose only writer needs no row locks.
    pub fn row_lock(&self, clause: &'static str) -> &'static str {
        match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => clause,
        }
    }

    /// Runs a `SELECT … FOR UPDATE` only for its locks, until the end of the transaction. Does nothing on SQLite.
    ///
    /// # Errors
    /// As [`Reader::visit`].
    pub fn lock_rows(&self, sql: &str, params: &[&dyn Param]) -> Result<()> {
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.first(sql, params, |_| Ok(())).map(|_| ()),
        }
    }
}
