//! Databases for tests: one for each test, on either engine, gone when it ends.
//!
//! SQLite's stand in a temporary folder. PostgreSQL's stand in the server that `PORTAL_TEST_POSTGRES` names (`bin/with-postgres`
//! starts one); where there is none, there is no database and the test has nothing to check.
//! A migrated PostgreSQL database is emptied and given to the next test: making one takes longer than most tests.

#[cfg(feature = "cluster")]
mod postgres;

use std::path::Path;

use store::{Migration, Setting};
use tempfile::TempDir;

/// A database of a test's own.
pub struct Database {
    setting: Setting,
    folder: TempDir,
    #[cfg(feature = "cluster")]
    _lent: Option<postgres::Lent>,
}

impl Database {
    /// A file that does not exist yet.
    ///
    /// # Panics
    /// Where no temporary folder can be made.
    #[must_use]
    pub fn sqlite() -> Database {
        let folder = temporary_folder();
        let setting = Setting::Sqlite(folder.path().join("portal.db"));
        #[cfg(feature = "cluster")]
        return Database { setting, folder, _lent: None };
        #[cfg(not(feature = "cluster"))]
        return Database { setting, folder };
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
        Some(Database { setting: lent.setting(), folder: temporary_folder(), _lent: Some(lent) })
    }

    /// What a store is opened with.
    #[must_use]
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    /// A folder for what else the test writes.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn temporary_folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
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
