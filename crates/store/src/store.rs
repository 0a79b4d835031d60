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

    /// Runs a short reading closure on a consistent view.
    ///
    /// On SQLite it runs on the calling thread: waking another one costs more than a query.
    ///
    /// # Errors
    /// What the closure returns, and [`Error::Unavailable`].
    pub async fn read<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(closure),
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.read(Kind::Read, closure).await,
        }
    }

    /// Runs a short closure with a single query: as [`Store::read`], but without a transaction, which often costs more than
    /// the query (on PostgreSQL two round trips).
    ///
    /// # Errors
    /// As [`Store::read`].
    ///
    /// # Panics
    /// In debug builds if the closure runs several queries: their results could be of different moments.
    pub async fn read_one<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Clone + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read_one(closure),
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
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                let sqlite = Arc::clone(sqlite);
                tokio::task::spawn_blocking(move || sqlite.read(closure))
                    .await
                    .unwrap_or_else(|_| Err(E::from(Error::Panicked)))
            }
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.read(Kind::Read, closure).await,
        }
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

    /// Waits until every journal entry that may have been read is on disk: SQLite shows commits before they are flushed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] once the disk has failed: then nothing can be written any more.
    pub async fn durable(&self) -> Result<()> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.durable().await,
            // PostgreSQL shows only what is on disk.
            #[cfg(feature = "cluster")]
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Whether the database can be used now. On PostgreSQL it is asked on a connection of its own, for two seconds at most.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ready(&self) -> Result<()> {
        match &self.backend {
            Backend::Sqlite(_) => {
                self.read_one(|reader| reader.one("SELECT 1", &[], |_| Ok(()))).await?;
                self.durable().await
            }
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.ready().await,
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

    /// Finishes the waiting writes and closes the database. Later calls return an error.
    pub fn close(&self) {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.close(),
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.close(),
        }
    }
}
