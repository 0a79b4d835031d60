//! The store: one of the engines behind `read` and `write`, and the signal of new journal entries.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::migrations::Migration;
#[cfg(feature = "cluster")]
use crate::postgres::pool::Postgres;
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
        /// How many connections to it are open at most.
        connections: usize,
    },
}

impl Setting {
    /// A PostgreSQL database at `address`, with few enough connections for several programs beside each other: PostgreSQL
    /// allows 100 by default, for all of them together.
    #[must_use]
    pub fn postgres(address: String) -> Setting {
        Setting::Postgres { address, connections: 8 }
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
            Setting::Postgres { address, connections } => Backend::Postgres(Arc::new(Postgres::open(
                address,
                *connections,
                &clock,
                migrations,
                Arc::clone(&signal),
            )?)),
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
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read(sqlite.turn().await?, closure),
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.read(closure).await,
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
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.read_one(sqlite.turn().await?, closure),
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.read_one(closure).await,
        }
    }

    /// Runs a reading closure that may take longer than a few milliseconds, away from the calling thread.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_long<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                let sqlite = Arc::clone(sqlite);
                let turn = sqlite.turn().await?;
                tokio::task::spawn_blocking(move || sqlite.read(turn, closure))
                    .await
                    .unwrap_or_else(|_| Err(E::from(Error::Panicked)))
            }
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.read(closure).await,
        }
    }

    /// Runs a closure in a transaction and returns when that is on disk.
    ///
    /// A closure that fails or panics is rolled back alone, even if others share the commit.
    ///
    /// # Errors
    /// What the closure returns, and [`Error::Unavailable`] if the transaction could not be committed.
    pub async fn write<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (work, answer) = Writing::new(closure);
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.queue(Box::new(work)).await?,
            #[cfg(feature = "cluster")]
            Backend::Postgres(postgres) => postgres.queue(Box::new(work)).await?,
        }
        answer.await.unwrap_or_else(|_| Err(E::from(Error::closed())))
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
