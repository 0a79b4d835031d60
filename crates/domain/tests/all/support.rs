//! Test fixtures: a database on either engine with a clock set by the test, and helpers that act as people would.

pub mod conversation;
pub mod files;
pub mod people;

use std::time::Duration;

use domain::kernel::error;
use domain::kernel::ids::MessageId;
use store::{Clock, Migration, Reader, Store, Time, Tx};
use testing::{Database, Place};

/// Defines each test twice, once for each engine.
#[macro_export]
macro_rules! both_engines {
    ($($tests:tt)*) => {
        testing::both_engines! { $crate::support::Office; $($tests)* }
    };
}

/// Monday, January 5, 2026, 09:00 UTC: when every test begins.
pub const MORNING: Time = Time(1_767_603_600_000);

pub struct Office {
    pub store: Store,
    runtime: tokio::runtime::Runtime,
    _database: Database,
}

impl Place for Office {
    const MIGRATIONS: &'static [Migration] = domain::MIGRATIONS;

    fn on(database: Database) -> Office {
        let store =
            Store::open(database.setting(), Clock::simulated(MORNING), domain::MIGRATIONS).expect("a store");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        Office { store, runtime, _database: database }
    }
}

impl Office {
    pub fn on_sqlite() -> Office {
        Office::on(Database::sqlite())
    }

    pub fn write<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> error::Result<T> + Clone + Send + 'static,
    ) -> error::Result<T> {
        self.runtime.block_on(self.store.write(closure))
    }

    pub fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&Reader) -> error::Result<T> + Clone + Send + 'static,
    ) -> error::Result<T> {
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

    /// A new message id, as a device would create it.
    pub fn message_id(&self) -> MessageId {
        MessageId::new(self.now())
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.store.close();
    }
}
