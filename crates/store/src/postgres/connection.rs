//! A connection to a PostgreSQL database.

use std::cell::RefCell;
use std::collections::HashMap;

use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use postgres::{Client, NoTls, Statement};

use crate::error::Result;
use crate::postgres::cell::Bound;
use crate::row::{DriverRow, Row};
use crate::value::Param;

/// A connection and its prepared statements.
pub(crate) struct Connection {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Statement>>,
}

impl Connection {
    pub(crate) fn open(address: &str) -> Result<Connection> {
        let client = Client::connect(address, NoTls)?;
        Ok(Connection { client: RefCell::new(client), statements: RefCell::new(HashMap::new()) })
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.client.borrow().is_closed()
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        Ok(self.client.borrow_mut().batch_execute(sql)?)
    }

    fn prepare(&self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.borrow_mut().prepare(sql)?;
        self.statements.borrow_mut().insert(sql.to_string(), statement.clone());
        Ok(statement)
    }

    pub(crate) fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        let statement = self.prepare(sql)?;
        let bound: Vec<Bound<'_>> = params.iter().map(|param| Bound(param.value())).collect();
        let references: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|value| value as _).collect();
        let changed = self.client.borrow_mut().execute(&statement, &references)?;
        Ok(usize::try_from(changed).unwrap_or(usize::MAX))
    }

    pub(crate) fn visit(
        &self,
        sql: &str,
        params: &[&dyn Param],
        visitor: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let statement = self.prepare(sql)?;
        let bound: Vec<Bound<'_>> = params.iter().map(|param| Bound(param.value())).collect();
        let mut client = self.client.borrow_mut();
        let mut rows = client.query_raw(&statement, bound.iter().map(|value| value as &dyn ToSql))?;
        while let Some(row) = rows.next()? {
            if !visitor(&Row(DriverRow::Postgres(&row)))? {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn columns(&self, sql: &str) -> Result<Vec<String>> {
        let statement = self.client.borrow_mut().prepare(sql)?;
        Ok(statement.columns().iter().map(|column| column.name().to_string()).collect())
    }
}
