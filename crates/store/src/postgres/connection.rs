//! A connection to a PostgreSQL database.
//!
//! The driver is asynchronous, the closures that use it are not: a connection has a runtime of its own on the thread that
//! owns it. Nothing is waited for longer than the limit, even if the server answers nothing at all; a connection that was
//! given up is never used again.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::{self, Future};
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};

use crate::error::{Error, Result};
use crate::postgres::cell::Bound;
use crate::postgres::fault::Fault;
use crate::postgres::opening::{Limits, Opened, open};
use crate::row::{DriverRow, Row};
use crate::value::Param;

/// How long cancelling a query may take.
const CANCEL_MAX: Duration = Duration::from_millis(500);

/// Resolves, with an error, when nobody waits for an answer any more.
pub(super) type Asker = oneshot::Receiver<()>;

/// A connection and its prepared statements.
pub(crate) struct Connection {
    client: Client,
    statements: RefCell<HashMap<String, Statement>>,
    limit: Option<Duration>,
    asker: RefCell<Option<Asker>>,
    fault: Cell<Option<Fault>>,
    // Dropped last: it ends the session once nothing uses the client.
    session: Session,
}

/// What moves the bytes of a connection while its thread waits for an answer.
struct Session {
    runtime: Runtime,
    task: tokio::task::JoinHandle<()>,
}

impl Connection {
    pub(crate) fn open(address: &str, limits: Limits) -> Result<Connection> {
        let Opened { runtime, client, task } = open(address, limits)?;
        Ok(Connection {
            client,
            statements: RefCell::new(HashMap::new()),
            limit: limits.statement,
            asker: RefCell::new(None),
            fault: Cell::new(None),
            session: Session { runtime, task },
        })
    }

    /// The first thing that went wrong since [`Connection::start`].
    pub(super) fn fault(&self) -> Option<Fault> {
        self.fault.get()
    }

    /// Begins an attempt of a job. It is given up when its `asker` has gone.
    pub(super) fn start(&self, asker: Option<Asker>) {
        self.asker.replace(asker);
        self.fault.set(None);
    }

    /// Ends the attempt: returns the asker for the next one.
    pub(super) fn stop(&self) -> Option<Asker> {
        self.asker.take()
    }

    /// Whether the connection must be replaced.
    pub(super) fn is_lost(&self) -> bool {
        self.client.is_closed() || matches!(self.fault.get(), Some(Fault::Lost | Fault::GivenUp))
    }

    /// Commits. Whether a commit that was not answered took place is unknown, so it is never tried again.
    pub(super) fn commit(&self) -> Result<()> {
        let is_sent = !self.is_lost();
        self.batch("COMMIT").inspect_err(|_| {
            if is_sent && self.fault.get() == Some(Fault::Lost) {
                self.fault.set(Some(Fault::GivenUp));
            }
        })
    }

    /// Waits for an answer of the server: until the limit, and only as long as somebody wants to know.
    fn wait<T>(
        &self,
        answer: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        if self.is_lost() {
            if self.fault.get() != Some(Fault::GivenUp) {
                self.note(Fault::Lost);
            }
            return Err(Error::Unavailable("the connection to it has ended".to_string()));
        }
        let mut asker = self.asker.borrow_mut();
        let ended = self.session.runtime.block_on(async {
            tokio::select! {
                biased;
                answer = answer => Ok(answer),
                () = gone(&mut asker) => Err("nobody waits for its answer any more"),
                () = overdue(self.limit) => Err("it does not answer in time"),
            }
        });
        match ended {
            Ok(answer) => answer.map_err(|error| {
                self.note(Fault::of(&error));
                Error::from(error)
            }),
            Err(reason) => {
                self.note(Fault::GivenUp);
                Err(Error::Unavailable(reason.to_string()))
            }
        }
    }

    /// What follows from the first fault says less than that one, unless the connection is gone with it.
    fn note(&self, fault: Fault) {
        if self.fault.get().is_none() || matches!(fault, Fault::Lost | Fault::GivenUp) {
            self.fault.set(Some(fault));
        }
    }

    pub(crate) fn batch(&self, sql: &str) -> Result<()> {
        self.wait(self.client.batch_execute(sql))
    }

    fn prepare(&self, sql: &str) -> Result<Statement> {
        if let Some(statement) = self.statements.borrow().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.wait(self.client.prepare(sql))?;
        self.statements.borrow_mut().insert(sql.to_string(), statement.clone());
        Ok(statement)
    }

    pub(crate) fn run(&self, sql: &str, params: &[&dyn Param]) -> Result<usize> {
        let statement = self.prepare(sql)?;
        let bound: Vec<Bound<'_>> = params.iter().map(|param| Bound(param.value())).collect();
        let parameters = bound.iter().map(|value| value as &dyn ToSql);
        let changed = self.wait(self.client.execute_raw(&statement, parameters))?;
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
        let parameters = bound.iter().map(|value| value as &dyn ToSql);
        let mut rows = pin!(self.wait(self.client.query_raw(&statement, parameters))?);
        while let Some(row) = self.wait(rows.try_next())? {
            if !visitor(&Row(DriverRow::Postgres(&row)))? {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn columns(&self, sql: &str) -> Result<Vec<String>> {
        let statement = self.wait(self.client.prepare(sql))?;
        Ok(statement.columns().iter().map(|column| column.name().to_string()).collect())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // The server does not notice by itself that nobody waits: it would go on with the query.
        if self.fault.get() == Some(Fault::GivenUp) {
            let token = self.client.cancel_token();
            let _ =
                self.session.runtime.block_on(async { timeout(CANCEL_MAX, token.cancel_query(NoTls)).await });
            // A server that is stuck would not answer a farewell either.
            self.session.task.abort();
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(async { timeout(CANCEL_MAX, &mut self.task).await });
    }
}

async fn gone(asker: &mut Option<Asker>) {
    match asker {
        Some(asker) => {
            let _ = asker.await;
        }
        None => future::pending().await,
    }
}

async fn overdue(limit: Option<Duration>) {
    match limit {
        Some(limit) => sleep(limit).await,
        None => future::pending().await,
    }
}
