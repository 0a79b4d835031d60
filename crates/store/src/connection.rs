//! A connection to either engine.

use crate::engine::Engine;
use crate::error::Result;
use crate::row::Row;
use crate::value::Param;

pub(crate) enum Connection {
    Sqlite(crate::sqlite::connection::Connection),
    #[cfg(feature = "cluster")]
    Postgres(Box<crate::postgres::connection::Connection>),
}

impl Connection {
    pub(crate) fn engine(&self) -> Engine {
        match self {
            Connection::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "cluster")]
            Connection::Postgres(_) => Engine::Postgres,
        }
    }

    /// Runs one statement and returns how many rows it changed.
    pub(crate) fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        match self {
            Connection::Sqlite(connection) => connection.run(sql, params),
            #[cfg(feature = "cluster")]
            Connection::Postgres(connection) => connection.run(sql, params),
        }
    }

    /// Runs statements without parameters, separated by `;`.
    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        match self {
            Connection::Sqlite(connection) => connection.batch(sql),
            #[cfg(feature = "cluster")]
            Connection::Postgres(connection) => connection.batch(sql),
        }
    }

    /// Passes each row to `visitor` until that returns false.
    pub(crate) fn visit(
        &self,
        sql: &str,
        params: &[&dyn Param],
        visitor: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        match self {
            Connection::Sqlite(connection) => connection.visit(sql, params, visitor),
            #[cfg(feature = "cluster")]
            Connection::Postgres(connection) => connection.visit(sql, params, visitor),
        }
    }

    /// The names of the columns that a statement returns.
    pub(crate) fn columns(&self, sql: &str) -> Result<Vec<String>> {
        match self {
            Connection::Sqlite(connection) => connection.columns(sql),
            #[cfg(feature = "cluster")]
            Connection::Postgres(connection) => connection.columns(sql),
        }
    }

    #[cfg(feature = "cluster")]
    pub(crate) fn postgres(&self) -> Option<&crate::postgres::connection::Connection> {
        match self {
            Connection::Sqlite(_) => None,
            Connection::Postgres(connection) => Some(connection),
        }
    }
}
