//! The store: one of the engines behind `read` and `write`, and the signal of new journal entries.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::migrations::Migration;
#[cfg(feature = "cluster")]
use crate::postgres::pool::Postgres;
#[cfg(feature = "cluster")]
use crate::postgres::queue::Kind;
use crate::reader::Reader;
use crate::sqlite::database::Sqlite;
#[cfg(feature = "faults")]
use crate::sqlite::log::HeldDisk;
use crate::transaction::Tx;
use crate::work::Writing;

/// How long [`Store::ready`] may take.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Setting {
    /// The file of an SQLite database; created if it does not exist.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres {
        /// Its address: `postgres://…`.
        address: String,
        /// How many connections to it are open at most: one for [`Store::ready`], the others half for reading and half for
        /// writing; at least one of each.
        connections: usize,
        /// The longest that a statement, a lock or a connection is waited for.
        timeout: Duration,
    },
}

impl Setting {
    /// The connections of a program, few enough for several of them: PostgreSQL allows 100 by default, for all together.
    pub const CONNECTIONS: usize = 16;
    /// The longest wait.
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    /// A PostgreSQL database at `address`.
    #[must_use]
    pub fn postgres(address: String) -> Setting {
        Setting::Postgres { address, connections: Setting::CONNECTIONS, timeout: Setting::TIMEOUT }
    }
}

/// A database. Cheap to clone; all clones share it.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    clock: Clock,
    signal: Arc<watch::Sender<u64>>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<Sqlite>),
    #[cfg(feature = "cluster")]
    Postgres(Arc<Postgres>),
}

impl Store {
    /// Opens the database and applies missing migrations.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Migration`], or [`Error::Newer`].
    pub fn open(setting: &Setting, clock: Clock, migrations: &[Migration]) -> Result<Store> {
        let signal = Arc::new(watch::Sender::new(0));
        let backend = match setting {
            Setting::Sqlite(file) => {
                Backend::Sqlite(Arc::new(Sqlite::open(file, &clock, migrations, Arc::clone(&signal))?))
            }
            #[cfg(feature = "cluster")]
            Setting::Postgres { address, connections, timeout } => Backend::Postgres(Arc::new(
                Postgres::open(address, *connections, *timeout, &clock, migrations, Arc::clone(&signal))?,
            )),
            #[cfg(not(feature = "cluster"))]
            Setting::Postgres { .. } => {
                return Err(Error::Unavailable(
                    "this program was built without PostgreSQL: build it with --features cluster".to_string(),
                ));
            }
        };
        Ok(Store { backend, clock, signal })
    }

    /// The engine underneath.
    pub fn engine(&self) -> Engine {
        match &self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "cluster")]
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// The clock that closures get their time from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Changes whenever this process has committed journal entries.
    ///
    /// Other processes write too, so followers of the journal must also poll it now and then.
    pub fn signal(&self) -> watch::Receiver<u64> {
        self.signal.subscribe()
    }

    /// Runs a short reading closure on a consistent view, and returns when everything that it may have read is on disk:
    /// SQLite shows commits before they are flushed, and a power cut must not take back what was shown.
    ///
    /// On SQLite it runs on the calling thread: waking another one costs more than a query.
    ///
    /// # Errors
    /// What the closure returns, [`Error::Unavailable`], and [`Error::DiskFailed`].
    pub async fn read<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let found = self.read_unflushed(closure).await;
        self.durable().await?;
        found
    }

    /// As [`Store::read`], without the wait for the disk. Only for what is not shown itself, such as who is asking.
    ///
    /// # Errors
    /// What the closure returns, [`Error::Unavailable`], and [`Error::DiskFailed`].
    pub async fn read_unflushed<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(sqlite.turn().await?, closure),
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.read(Kind::Read, closure).await,
        }
    }

    /// As [`Store::read_unflushed`], with a single query and without a transaction, which often costs more than the query
    /// (on PostgreSQL two round trips).
    ///
    /// # Errors
    /// As [`Store::read_unflushed`].
    ///
    /// # Panics
    /// In debug builds if the closure runs several queries: their results could be of different moments.
    pub async fn read_one_unflushed<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read_one(sqlite.turn().await?, closure),
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => {
                postgres.read(Kind::ReadOne, |reader| crate::work::read_one(reader, closure)).await
            }
        }
    }

    /// Runs a reading closure that may take longer than a few milliseconds, away from the calling thread.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_long<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let found = match &self.backend {
            Backend::Sqlite(sqlite) => {
                let sqlite = Arc::clone(sqlite);
                let turn = sqlite.turn().await?;
                tokio::task::spawn_blocking(move || sqlite.read(turn, closure))
                    .await
                    .unwrap_or_else(|_| Err(E::from(Error::Panicked)))
            }
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.read(Kind::Read, closure).await,
        };
        self.durable().await?;
        found
    }

    /// As [`Store::read_long`], for as long as it takes: a backup reads everything there is.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_unlimited<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(_) => self.read_long(closure).await,
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.unlimited(Kind::Read, move |tx| closure(tx)).await,
        }
    }

    /// As [`Store::write`], for as long as it takes: a restore writes everything there is.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_unlimited<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(_) => self.write(closure).await,
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.unlimited(Kind::Write, closure).await,
        }
    }

    /// Runs a closure in a transaction and returns when that is on disk.
    ///
    /// A closure that fails or panics is rolled back alone, even if others share the commit. On PostgreSQL a copy of it runs
    /// again if another transaction was in its way: it must not do anything outside the transaction.
    ///
    /// # Errors
    /// What the closure returns, and [`Error::Unavailable`] if the transaction could not be committed.
    pub async fn write<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                let (work, answer) = Writing::new(closure);
                sqlite.queue(Box::new(work)).await?;
                answer.await.unwrap_or_else(|_| Err(E::from(Error::closed())))
            }
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.write(closure).await,
        }
    }

    /// Waits until everything that may have been read is on disk.
    ///
    /// # Errors
    /// [`Error::DiskFailed`].
    pub async fn durable(&self) -> Result<()> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.durable().await,
            // PostgreSQL shows only what is on disk.
            #[cfg(feature = "cluster")]
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Whether the database can be read and written now; answers within two seconds, whatever hangs.
    ///
    /// # Errors
    /// Why not.
    pub async fn ready(&self) -> Result<()> {
        let late = || Error::Unavailable(format!("no answer within {} seconds", READY_WITHIN.as_secs()));
        tokio::time::timeout(READY_WITHIN, self.try_out()).await.unwrap_or_else(|_| Err(late()))
    }

    async fn try_out(&self) -> Result<()> {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                self.read_long(|reader| reader.one("SELECT 1", &[], |_| Ok(()))).await?;
                let sqlite = Arc::clone(sqlite);
                let tried = tokio::task::spawn_blocking(move || sqlite.disk().ready()).await;
                tried.unwrap_or(Err(Error::Panicked))
            }
            // On a connection of its own.
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.ready().await,
        }
    }

    /// Has `tell` called as soon as the disk fails, on whatever thread met it, before anybody is answered. The program must
    /// then end at once; the database is neither written nor flushed any more. PostgreSQL sees to its own disk.
    pub fn on_disk_failure(&self, tell: impl Fn(&Error) + Send + Sync + 'static) {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.disk().on_failure(tell),
            #[cfg(feature = "cluster")]
            Backend::Postgres(_) => {}
        }
    }

    /// For tests: delays every flush. `None` on PostgreSQL, which flushes by itself.
    #[cfg(feature = "faults")]
    pub fn hold_disk(&self) -> Option<HeldDisk<'_>> {
        match &self.backend {
            Backend::Sqlite(sqlite) => Some(sqlite.hold()),
            #[cfg(feature = "cluster")]
            Backend::Postgres(_) => None,
        }
    }

    /// For tests: only so many more reads succeed. PostgreSQL's all do.
    #[cfg(feature = "faults")]
    pub fn leave_reads(&self, count: u64) {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.reads_left.store(count, std::sync::atomic::Ordering::SeqCst),
            #[cfg(feature = "cluster")]
            Backend::Postgres(_) => {}
        }
    }

    /// Finishes the waiting writes and closes the database. Later calls return an error.
    pub fn close(&self) {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.close(),
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.close(),
        }
    }
}
