//! An office to test in: a workspace with people, on either engine, at a time that a test turns.

pub mod conversation;
pub mod files;
pub mod people;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::ids::MessageId;
use store::{Clock, Reader, Setting, Store, Time, Tx};

/// Runs each test on SQLite and, where a server is at hand (`PORTAL_TEST_POSTGRES`), on PostgreSQL.
#[macro_export]
macro_rules! both_engines {
    ($($(#[$attribute:meta])* fn $name:ident($office:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            fn check($office: &$crate::support::Office) $body

            #[test]
            $(#[$attribute])*
            fn on_sqlite() {
                check(&$crate::support::Office::on_sqlite());
            }

            #[cfg(feature = "cluster")]
            #[test]
            $(#[$attribute])*
            fn on_postgres() {
                if let Some(office) = $crate::support::Office::on_postgres() {
                    check(&office);
                }
            }
        }
    )*};
}

/// Monday 5 January 2026, 09:00 UTC: when every test begins.
pub const MORNING: Time = Time(1_767_603_600_000);

pub struct Office {
    pub store: Store,
    runtime: tokio::runtime::Runtime,
    _folder: tempfile::TempDir,
}

impl Office {
    pub fn on_sqlite() -> Office {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let setting = Setting::Sqlite(folder.path().join("portal.db"));
        Office::open(&setting, folder)
    }

    /// A schema of its own in the server that the tests were given.
    #[cfg(feature = "cluster")]
    pub fn on_postgres() -> Option<Office> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let server = std::env::var("PORTAL_TEST_POSTGRES").ok()?;
        let schema = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let mut admin = postgres::Client::connect(&server, postgres::NoTls).expect("the PostgreSQL server");
        admin.batch_execute(&format!("CREATE SCHEMA {schema}")).expect("a schema");
        let mark = if server.contains('?') { '&' } else { '?' };
        let setting = Setting::Postgres(format!("{server}{mark}options=-csearch_path%3D{schema}"));
        Some(Office::open(&setting, tempfile::tempdir().expect("a temporary folder")))
    }

    fn open(setting: &Setting, folder: tempfile::TempDir) -> Office {
        let store = Store::open(setting, Clock::simulated(MORNING), domain::MIGRATIONS).expect("a store");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        Office { store, runtime, _folder: folder }
    }

    pub fn write<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> domain::Result<T> + Send + 'static,
    ) -> domain::Result<T> {
        self.runtime.block_on(self.store.write(closure))
    }

    pub fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&Reader) -> domain::Result<T> + Send + 'static,
    ) -> domain::Result<T> {
        self.runtime.block_on(self.store.read(closure))
    }

    pub fn now(&self) -> Time {
        self.store.clock().now()
    }

    pub fn wait(&self, span: Duration) {
        self.store.clock().advance(span);
    }

    pub fn wait_minutes(&self, minutes: u64) {
        self.wait(Duration::from_secs(60 * minutes));
    }

    /// A fresh message id of somebody's device.
    pub fn message_id(&self) -> MessageId {
        MessageId::new(self.now())
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.store.close();
    }
}
