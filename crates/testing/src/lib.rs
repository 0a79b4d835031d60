//! Databases for tests: one for each test, on either engine, removed when the test ends.
//!
//! SQLite databases are files in a temporary folder, in memory if the machine has `/dev/shm`. PostgreSQL databases are
//! created in the server that `PORTAL_TEST_POSTGRES` names (`bin/with-postgres` starts one); without a server the tests
//! on PostgreSQL pass without checking anything. A migrated PostgreSQL database is emptied and reused by the next test:
//! creating one takes longer than most tests.

#[cfg(feature = "cluster")]
mod postgres;

use std::any::Any;
use std::path::Path;

use store::{Migration, Setting};

/// A temporary folder, in memory if the machine has `/dev/shm`.
pub fn folder() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}

/// A database that one test has for itself.
pub struct Database {
    setting: Setting,
    /// Removes the database, or returns it for reuse, when dropped.
    _owner: Box<dyn Any + Send + Sync>,
}

impl Database {
    /// A file that does not exist yet.
    ///
    /// # Panics
    /// If no temporary folder can be created.
    #[must_use]
    pub fn sqlite() -> Database {
        let folder = folder().expect("a temporary folder");
        Database { setting: Setting::Sqlite(folder.path().join("portal.db")), _owner: Box::new(folder) }
    }

    /// A database with `migrations` applied, or an empty one if there are none. Every call in a process must pass the
    /// same migrations. `None` without a server.
    ///
    /// # Panics
    /// If the server refuses.
    #[cfg(feature = "cluster")]
    #[must_use]
    pub fn postgres(migrations: &'static [Migration]) -> Option<Database> {
        let lent = postgres::Lent::take(migrations)?;
        Some(Database { setting: lent.setting(), _owner: Box::new(lent) })
    }

    /// The setting to open a store with.
    #[must_use]
    pub fn setting(&self) -> &Setting {
        &self.setting
    }
}

/// The fixture of a test of [`both_engines!`].
pub trait Place {
    /// The migrations of its database.
    const MIGRATIONS: &'static [Migration];

    /// Prepares an empty database.
    fn on(database: Database) -> Self;
}

/// Makes each `fn name(place) { … }` a test on SQLite and one on PostgreSQL. The type of the [`Place`] comes first.
#[macro_export]
macro_rules! both_engines {
    ($place:ty; $($(#[$attribute:meta])* fn $name:ident($argument:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn check($argument: &$place) $body

            #[test]
            $(#[$attribute])*
            fn on_sqlite() {
                check(&<$place as $crate::Place>::on($crate::Database::sqlite()));
            }

            #[cfg(feature = "cluster")]
            #[test]
            $(#[$attribute])*
            fn on_postgres() {
                if let Some(database) = $crate::Database::postgres(<$place as $crate::Place>::MIGRATIONS) {
                    check(&<$place as $crate::Place>::on(database));
                }
            }
        }
    )*};
}
