//! A connection to an SQLite database.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{OpenFlags, Statement};

use crate::error::{Error, Result};
use crate::row::{DriverRow, Row};
use crate::sqlite::disk::Disk;
use crate::value::{Param, Value};

/// How long to wait for another process (a command beside the running program) that has the write lock.
const BUSY_WAIT: Duration = Duration::from_secs(10);
/// Prepared statements kept by each connection.
const STATEMENTS_MAX: usize = 256;

/// A connection and its prepared statements.
///
/// Once the disk has failed it runs nothing any more, and it never moves the log when it is closed.
pub(crate) struct Connection {
    sqlite: rusqlite::Connection,
    disk: Arc<Disk>,
}

impl Connection {
    pub(crate) fn open(file: &Path, disk: &Arc<Disk>) -> Result<Connection> {
        disk.check()?;
        let sqlite = connect(file).map_err(|error| disk.note(error))?;
        Ok(Connection { sqlite, disk: Arc::clone(disk) })
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        self.attempt(|sqlite| Ok(sqlite.execute_batch(sql)?))
    }

    pub(crate) fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        self.attempt(|sqlite| {
            let mut statement = sqlite.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            // `raw_execute` refuses statements that return rows; BEGIN and the like do not.
            Ok(statement.raw_execute()?)
        })
    }

    pub(crate) fn visit(
        &self,
        sql: &str,
        params: &[&dyn Param],
        visitor: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        self.attempt(|sqlite| {
            let mut statement = sqlite.prepare_cached(sql)?;
            bind(&mut statement, params)?;
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next()? {
                if !visitor(&Row(DriverRow::Sqlite(row)))? {
                    break;
                }
            }
            Ok(())
        })
    }

    pub(crate) fn columns(&self, sql: &str) -> Result<Vec<String>> {
        self.attempt(|sqlite| {
            let statement = sqlite.prepare(sql)?;
            Ok(statement.column_names().map(str::to_string).collect())
        })
    }

    /// Every use of the connection: the one place that a failure of the disk passes.
    fn attempt<T>(&self, run: impl FnOnce(&rusqlite::Connection) -> Result<T>) -> Result<T> {
        self.disk.check()?;
        run(&self.sqlite).map_err(|error| self.disk.note(error))
    }
}

fn connect(file: &Path) -> Result<rusqlite::Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = rusqlite::Connection::open_with_flags(file, flags)
        .map_err(|error| Error::Unavailable(format!("{}: {error}", file.display())))?;
    connection.busy_timeout(BUSY_WAIT)?;
    // Plans must not depend on bound values: some statements would be planned again at every use, which costs more than
    // running them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Closing the last connection would move the log into the database, even after the disk has failed.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // SQLite's own `lower` knows only ASCII; PostgreSQL's also finds "ÖZ" by "öz".
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("lower", 1, flags, |call| {
        Ok(call.get::<Option<String>>(0)?.map(|text| text.to_lowercase()))
    })?;
    connection.execute_batch(
        // `log` flushes commits before their results are sent, so SQLite need flush only what checkpoints require.
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; \
         PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4000; \
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// Binds parameters by name: SQLite numbers them by first appearance, so `$2` may come before `$1`.
fn bind(statement: &mut Statement<'_>, params: &[&dyn Param]) -> Result<()> {
    let count = statement.parameter_count();
    if count != params.len() {
        return Err(Error::Refused(format!("{} parameters given, {count} used", params.len())));
    }
    for index in 1..=count {
        let name = statement.parameter_name(index).unwrap_or("");
        let number = name.strip_prefix('$').and_then(|number| number.parse::<usize>().ok());
        let param = number.and_then(|number| params.get(number.checked_sub(1)?));
        let param = param.ok_or_else(|| Error::Refused(format!("{name} is no parameter that was given")))?;
        match param.value() {
            Value::Null => statement.raw_bind_parameter(index, rusqlite::types::Null)?,
            Value::Integer(number) => statement.raw_bind_parameter(index, number)?,
            Value::Text(text) => statement.raw_bind_parameter(index, text)?,
            Value::Bytes(bytes) => statement.raw_bind_parameter(index, bytes)?,
            Value::Id(id) => statement.raw_bind_parameter(index, &id.as_bytes()[..])?,
        }
    }
    Ok(())
}
