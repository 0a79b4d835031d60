//! PostgreSQL: the same closures, each on a thread that owns a connection.
//!
//! Domain code is synchronous, so a connection is `postgres::Client` on a thread of its own. What rules the speed
//! here are round trips and the commit; several closures run side by side, one a connection.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

use bytes::BytesMut;
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use postgres::{Client, NoTls, Statement};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::connection::{self, Reader, Tx};
use crate::engine::stopped;
use crate::error::{Error, Result};
use crate::migrations::{self, Migration};
use crate::value::{Cells, Param, Row, Value};
use crate::work::{self, Work, spawn};

/// Closures that wait for a connection before a new one is refused.
const QUEUE_MAX: usize = 4096;
/// The advisory lock that one starting program holds while it migrates: "portal" in ASCII.
const MIGRATION_LOCK: i64 = 0x706f_7274_616c;

type Reading = Box<dyn FnOnce(Result<&Reader>) + Send>;

enum Job {
    Read(Reading),
    /// One question, which is a transaction by itself.
    Ask(Reading),
    Write(Work),
}

/// An open PostgreSQL database.
pub(crate) struct Postgres {
    queue: Mutex<Option<mpsc::SyncSender<Job>>>,
    threads: Mutex<Vec<thread::JoinHandle<()>>>,
}

impl Postgres {
    pub(crate) fn open(
        address: &str,
        connections: usize,
        clock: &Clock,
        migrations: &[Migration],
        signal: Arc<watch::Sender<u64>>,
    ) -> Result<Postgres> {
        // On a thread of its own: the client blocks, which the async threads must not.
        thread::scope(|scope| {
            scope.spawn(|| migrate(address, clock, migrations)).join().unwrap_or(Err(Error::Panicked))
        })?;
        let (queue, waiting) = mpsc::sync_channel(QUEUE_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let threads = (0..connections)
            .map(|number| {
                let worker = Worker {
                    address: address.to_string(),
                    clock: clock.clone(),
                    waiting: Arc::clone(&waiting),
                    signal: Arc::clone(&signal),
                };
                spawn(format!("store-postgres-{number}"), move || worker.run())
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Postgres { queue: Mutex::new(Some(queue)), threads: Mutex::new(threads) })
    }

    pub(crate) async fn read<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.answer(Job::Read, |reader| work::read(reader, closure)).await
    }

    pub(crate) async fn ask<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.answer(Job::Ask, |reader| work::ask(reader, closure)).await
    }

    /// What `run` answers on a connection's thread, sent there as that `job`.
    async fn answer<T, E>(
        &self,
        job: impl FnOnce(Reading) -> Job,
        run: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let reading: Reading = Box::new(move |reader| {
            let _ = reply.send(reader.map_err(E::from).and_then(run));
        });
        self.send(job(reading))?;
        answer.await.unwrap_or_else(|_| Err(E::from(stopped())))
    }

    pub(crate) async fn queue(&self, work: Work) -> Result<()> {
        self.send(Job::Write(work))
    }

    fn send(&self, job: Job) -> Result<()> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queue.as_ref().ok_or_else(stopped)?;
        queue
            .try_send(job)
            .map_err(|_| Error::Unavailable("too much is waiting for the database".to_string()))
    }

    pub(crate) fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _ = thread.join();
        }
    }
}

fn migrate(address: &str, clock: &Clock, migrations: &[Migration]) -> Result<()> {
    let mut tx = Tx::new(connect(address, clock)?);
    tx.batch("BEGIN")?;
    tx.batch(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))?;
    migrations::apply(&tx, migrations)?;
    tx.write_journal()?;
    tx.batch("COMMIT")
}

fn connect(address: &str, clock: &Clock) -> Result<Reader> {
    let client = Client::connect(address, NoTls)?;
    let connection = Connection { client: RefCell::new(client), statements: RefCell::new(HashMap::new()) };
    Ok(Reader::new(connection::Connection::Postgres(Box::new(connection)), clock.clone()))
}

/// A thread that owns a connection, made anew when it is lost.
struct Worker {
    address: String,
    clock: Clock,
    waiting: Arc<Mutex<mpsc::Receiver<Job>>>,
    signal: Arc<watch::Sender<u64>>,
}

impl Worker {
    fn run(self) {
        let mut connected: Option<Tx> = None;
        loop {
            let job = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = job else { return };
            if connected.as_ref().is_none_or(|tx| tx.is_lost()) {
                match connect(&self.address, &self.clock) {
                    Ok(reader) => connected = Some(Tx::new(reader)),
                    Err(error) => {
                        refuse(job, error);
                        continue;
                    }
                }
            }
            if let Some(tx) = &mut connected {
                match job {
                    Job::Read(reading) => read(tx, reading),
                    Job::Ask(reading) => reading(Ok(tx)),
                    Job::Write(work) => self.write(tx, work),
                }
            }
        }
    }

    fn write(&self, tx: &mut Tx, mut work: Work) {
        if let Err(error) = tx.batch("BEGIN") {
            return work.answer(Err(error));
        }
        tx.start();
        let committed = if work.run(tx) {
            tx.write_journal().and_then(|recorded| tx.batch("COMMIT").map(|()| recorded))
        } else {
            tx.forget_after(0);
            tx.batch("ROLLBACK").map(|()| false)
        };
        if committed.is_err() {
            tx.forget_after(0);
            // Fails where the connection is lost, and then the server rolls back by itself.
            let _ = tx.batch("ROLLBACK");
        }
        let recorded = matches!(committed, Ok(true));
        work.answer(committed.map(|_| ()));
        if recorded {
            self.signal.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

fn read(tx: &Tx, reading: Reading) {
    if let Err(error) = tx.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") {
        return reading(Err(error));
    }
    tx.start();
    reading(Ok(tx));
    // Ends a failed transaction too; a lost connection shows itself at the next use.
    let _ = tx.batch("ROLLBACK");
}

fn refuse(job: Job, error: Error) {
    tracing::error!(%error, "PostgreSQL cannot be reached");
    match job {
        Job::Read(reading) | Job::Ask(reading) => reading(Err(error)),
        Job::Write(work) => work.answer(Err(error)),
    }
}

impl Tx {
    fn is_lost(&self) -> bool {
        match &self.connection {
            connection::Connection::Postgres(connection) => connection.client.borrow().is_closed(),
            connection::Connection::Sqlite(_) => false,
        }
    }
}

/// A connection and its prepared statements.
pub(crate) struct Connection {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Statement>>,
}

impl Connection {
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
        look: &mut dyn FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let statement = self.prepare(sql)?;
        let bound: Vec<Bound<'_>> = params.iter().map(|param| Bound(param.value())).collect();
        let mut client = self.client.borrow_mut();
        let mut rows = client.query_raw(&statement, bound.iter().map(|value| value as &dyn ToSql))?;
        while let Some(row) = rows.next()? {
            if !look(&Row(Cells::Postgres(&row)))? {
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

/// A value in PostgreSQL's binary form.
#[derive(Debug)]
struct Bound<'a>(Value<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(
        &self,
        to: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Integer(number) if *to == Type::INT4 => i32::try_from(number)?.to_sql(to, out),
            Value::Integer(number) if *to == Type::INT8 => number.to_sql(to, out),
            Value::Text(text) if <&str as ToSql>::accepts(to) => text.to_sql(to, out),
            Value::Bytes(bytes) if *to == Type::BYTEA || (*to == Type::UUID && bytes.len() == 16) => {
                out.extend_from_slice(bytes);
                Ok(IsNull::No)
            }
            Value::Id(id) if *to == Type::UUID || *to == Type::BYTEA => {
                out.extend_from_slice(id.as_bytes());
                Ok(IsNull::No)
            }
            other => Err(format!("{} cannot stand where PostgreSQL wants {to}", other.kind()).into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The value in column `index` of a row.
pub(crate) fn cell(row: &postgres::Row, index: usize) -> Result<Value<'_>> {
    let unknown = |_| Error::Unexpected { column: index, found: "a type unknown here" };
    let column = row.columns().get(index).ok_or(Error::Unexpected { column: index, found: "no column" })?;
    let value = match *column.type_() {
        Type::INT8 => row.try_get::<_, Option<i64>>(index).map_err(unknown)?.map(Value::Integer),
        Type::INT4 => {
            row.try_get::<_, Option<i32>>(index).map_err(unknown)?.map(|number| Value::Integer(number.into()))
        }
        Type::BYTEA => row.try_get::<_, Option<&[u8]>>(index).map_err(unknown)?.map(Value::Bytes),
        Type::UUID => row.try_get::<_, Option<uuid::Uuid>>(index).map_err(unknown)?.map(Value::Id),
        _ => row.try_get::<_, Option<&str>>(index).map_err(unknown)?.map(Value::Text),
    };
    Ok(value.unwrap_or(Value::Null))
}
