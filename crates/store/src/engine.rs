//! The store: one of the engines behind `read` and `write`, and the signal that something was recorded.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::connection::{Reader, Tx};
use crate::error::{Error, Result};
use crate::migrations::Migration;
#[cfg(feature = "faults")]
use crate::sqlite::Held;
use crate::sqlite::Sqlite;
use crate::work::Writing;

/// Which engine is underneath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// The embedded default.
    Sqlite,
    /// For more than one machine.
    Postgres,
}

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Setting {
    /// The file of an SQLite database; made where it does not exist.
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
    /// A PostgreSQL database at `address`, with as many connections as one program of several should take: PostgreSQL allows
    /// 100 at first, for all of them together.
    #[must_use]
    pub fn postgres(address: String) -> Setting {
        Setting::Postgres { address, connections: 8 }
    }
}

/// A database. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Store {
    kind: Kind,
    clock: Clock,
    signal: Arc<watch::Sender<u64>>,
}

#[derive(Clone)]
enum Kind {
    Sqlite(Arc<Sqlite>),
    #[cfg(feature = "cluster")]
    Postgres(Arc<crate::postgres::Postgres>),
}

impl Store {
    /// Opens the database and brings it to the newest migration.
    ///
    /// # Errors
    /// Where it cannot be opened, a migration fails, or it was written by a newer program.
    pub fn open(setting: &Setting, clock: Clock, migrations: &[Migration]) -> Result<Store> {
        let signal = Arc::new(watch::Sender::new(0));
        let kind = match setting {
            Setting::Sqlite(file) => {
                Kind::Sqlite(Arc::new(Sqlite::open(file, &clock, migrations, Arc::clone(&signal))?))
            }
            #[cfg(feature = "cluster")]
            Setting::Postgres { address, connections } => {
                Kind::Postgres(Arc::new(crate::postgres::Postgres::open(
                    address,
                    *connections,
                    &clock,
                    migrations,
                    Arc::clone(&signal),
                )?))
            }
            #[cfg(not(feature = "cluster"))]
            Setting::Postgres { .. } => {
                return Err(Error::Unavailable(
                    "this program was built without PostgreSQL: build it with --features cluster".to_string(),
                ));
            }
        };
        Ok(Store { kind, clock, signal })
    }

    /// The engine underneath.
    pub fn engine(&self) -> Engine {
        match &self.kind {
            Kind::Sqlite(_) => Engine::Sqlite,
            #[cfg(feature = "cluster")]
            Kind::Postgres(_) => Engine::Postgres,
        }
    }

    /// The clock that every closure's time comes from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Changes whenever entries of the journal have been committed by this process.
    ///
    /// Other processes write too: who follows the journal also looks from time to time.
    pub fn signal(&self) -> watch::Receiver<u64> {
        self.signal.subscribe()
    }

    /// Runs a short reading closure on a consistent view.
    ///
    /// On SQLite it runs on the calling thread: waking another one costs more than a query.
    ///
    /// # Errors
    /// What the closure answers, and where the database cannot be reached.
    pub async fn read<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.read(closure),
            #[cfg(feature = "cluster")]
            Kind::Postgres(postgres) => postgres.read(closure).await,
        }
    }

    /// Runs a short closure that asks the database one question: as [`Store::read`], without a transaction around it, which
    /// costs more than many a question (on PostgreSQL the way there and back twice).
    ///
    /// # Errors
    /// As [`Store::read`].
    ///
    /// # Panics
    /// In debug builds where the closure asks more than once: the answers could be of different moments.
    pub async fn ask<T, E>(
        &self,
        closure: impl FnOnce(&Reader) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.ask(closure),
            #[cfg(feature = "cluster")]
            Kind::Postgres(postgres) => postgres.ask(closure).await,
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
        match &self.kind {
            Kind::Sqlite(sqlite) => {
                let sqlite = Arc::clone(sqlite);
                tokio::task::spawn_blocking(move || sqlite.read(closure))
                    .await
                    .unwrap_or_else(|_| Err(E::from(Error::Panicked)))
            }
            #[cfg(feature = "cluster")]
            Kind::Postgres(postgres) => postgres.read(closure).await,
        }
    }

    /// Runs a closure in a transaction and comes back when that is on disk.
    ///
    /// A closure that answers an error or panics undoes what it did, and only that.
    ///
    /// # Errors
    /// What the closure answers, and where the transaction could not be committed.
    pub async fn write<T, E>(
        &self,
        closure: impl FnOnce(&mut Tx) -> std::result::Result<T, E> + Send + 'static,
    ) -> std::result::Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (work, answer) = Writing::new(closure);
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.queue(Box::new(work)).await?,
            #[cfg(feature = "cluster")]
            Kind::Postgres(postgres) => postgres.queue(Box::new(work)).await?,
        }
        answer.await.unwrap_or_else(|_| Err(E::from(stopped())))
    }

    /// Comes back when everything that has been read of the journal is on disk: SQLite already shows what is on its way
    /// there.
    ///
    /// # Errors
    /// Where it will not come there any more, and nothing can be written.
    pub async fn settled(&self) -> Result<()> {
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.settled().await,
            // Shows only what is on disk.
            #[cfg(feature = "cluster")]
            Kind::Postgres(_) => Ok(()),
        }
    }

    /// For tests: keeps everything from the disk; nothing where that is PostgreSQL's own affair.
    #[cfg(feature = "faults")]
    pub fn hold_disk(&self) -> Option<Held<'_>> {
        match &self.kind {
            Kind::Sqlite(sqlite) => Some(sqlite.hold()),
            #[cfg(feature = "cluster")]
            Kind::Postgres(_) => None,
        }
    }

    /// Finishes the writes that are waiting and closes the database. Later calls answer an error.
    pub fn close(&self) {
        match &self.kind {
            Kind::Sqlite(sqlite) => sqlite.close(),
            #[cfg(feature = "cluster")]
            Kind::Postgres(postgres) => postgres.close(),
        }
    }
}

pub(crate) fn stopped() -> Error {
    Error::Unavailable("the store is closed".to_string())
}
