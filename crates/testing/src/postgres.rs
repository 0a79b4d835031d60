//! PostgreSQL databases, created and dropped by the server's administrator.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use postgres::{Client, NoTls};
use store::{Clock, Migration, Setting, Store};

/// Migrated databases of this process that no test is using.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Deletes all rows but the numbers of the migrations. Foreign keys are not checked, so the order of tables does not matter.
const EMPTY: &str = "
DO $$ DECLARE filled text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR filled IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'migrations' LOOP
        EXECUTE format('DELETE FROM %I', filled);
    END LOOP;
END $$";

/// A database that one test has for itself.
pub(crate) struct Lent {
    server: String,
    name: String,
    is_migrated: bool,
}

impl Lent {
    pub(crate) fn take(migrations: &'static [Migration]) -> Option<Lent> {
        let server = std::env::var("PORTAL_TEST_POSTGRES").ok()?;
        let is_migrated = !migrations.is_empty();
        let free = if is_migrated { FREE.lock().unwrap_or_else(PoisonError::into_inner).pop() } else { None };
        let name = free.unwrap_or_else(|| create(&server, migrations));
        Some(Lent { server, name, is_migrated })
    }

    /// Two connections each are enough for concurrent reads and writes; opening more takes time.
    pub(crate) fn setting(&self) -> Setting {
        Setting::Postgres { address: self.address(), connections: 5, timeout: Setting::TIMEOUT }
    }

    fn address(&self) -> String {
        address_of(&self.server, &self.name)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // The database of a failed test is not reused.
        if self.is_migrated && !std::thread::panicking() {
            administer(&self.address(), EMPTY);
            FREE.lock().unwrap_or_else(PoisonError::into_inner).push(self.name.clone());
        } else {
            administer(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

fn create(server: &str, migrations: &'static [Migration]) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    administer(server, &format!("CREATE DATABASE {name} TEMPLATE template0"));
    if !migrations.is_empty() {
        let setting = Setting::postgres(address_of(server, &name));
        Store::open(&setting, Clock::System, migrations).expect("a migrated database").close();
    }
    name
}

fn administer(address: &str, statement: &str) {
    // On a thread of its own, because the client blocks and the runtime's threads must not.
    let outcome = std::thread::scope(|scope| {
        let done = scope.spawn(|| Client::connect(address, NoTls)?.batch_execute(statement));
        done.join().expect("no panic")
    });
    outcome.expect("the PostgreSQL server");
}

/// The server's address with the name of another database.
fn address_of(server: &str, name: &str) -> String {
    let (path, settings) = server.split_once('?').unwrap_or((server, ""));
    let path = path.rsplit_once('/').expect("an address with the name of a database").0;
    if settings.is_empty() { format!("{path}/{name}") } else { format!("{path}/{name}?{settings}") }
}
