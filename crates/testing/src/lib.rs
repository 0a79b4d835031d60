//! Databases for tests: one for each test, on either engine, gone when it ends.
//!
//! SQLite's stand in a temporary folder, in memory where the machine has that. PostgreSQL's stand in the server that
//! `PORTAL_TEST_POSTGRES` names (`bin/with-postgres` starts one); where there is none, there is no database and the test
//! has nothing to check.
//! A migrated PostgreSQL database is emptied and given to the next test: making one takes longer than most tests.

#[cfg(feature = "cluster")]
mod postgres;

use std::any::Any;
use std::path::Path;

use store::{Migration, Setting};

/// A folder in memory where the machine has one, for small things that need not outlive a power cut.
///
/// # Errors
/// Where none can be made.
pub fn folder() -> std::io::Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }
}

/// A database of a test's own.
pub struct Database {
    setting: Setting,
    /// What goes, or is given back, together with this.
    _place: Box<dyn Any + Send + Sync>,
}

impl Database {
    /// A file that does not exist yet.
    ///
    /// # Panics
    /// Where no temporary folder can be made.
    #[must_use]
    pub fn sqlite() -> Database {
        let folder = folder().expect("a temporary folder");
        Database { setting: Setting::Sqlite(folder.path().join("portal.db")), _place: Box::new(folder) }
    }

    /// A database with `migrations` applied, which are the same at every call of one program; an empty one where there are
    /// none. Nothing where the tests were given no server.
    ///
    /// # Panics
    /// Where the server refuses.
    #[cfg(feature = "cluster")]
    #[must_use]
    pub fn postgres(migrations: &'static [Migration]) -> Option<Database> {
        let lent = postgres::Lent::take(migrations)?;
        Some(Database { setting: lent.setting(), _place: Box::new(lent) })
    }

    /// What a store is opened with.
    #[must_use]
    pub fn setting(&self) -> &Setting {
        &self.setting
    }
}

/// What a test of [`both_engines!`] is given.
pub trait Place {
    /// Those of its database.
    const MIGRATIONS: &'static [Migration];

    /// Furnishes an empty database.
    fn on(database: Database) -> Self;
}

/// Makes of each `fn name(place) { … }` a test on SQLite and one on PostgreSQL. Before them stands the type of [`Place`].
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
