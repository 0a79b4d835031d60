//! PostgreSQL under trouble: what lost against another transaction is run again, a server that is stuck is given up, a
//! connection that was lost is replaced, and nothing is done twice.
#![cfg(feature = "cluster")]

use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};

use store::{Clock, Error, Migration, Reader, Setting, Store, Tx};
use testing::Database;

const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "things",
    sql: "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT);\nINSERT INTO things VALUES (1, 'a'), (2, 'b');",
}];
/// Longer than anything here takes if it goes well.
const PATIENT: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(600);

/// A store with two connections for reading and two for writing; `None` without a server.
fn open(timeout: Duration) -> Option<(Database, Store)> {
    let database = Database::postgres(&[])?;
    let Setting::Postgres { address, .. } = database.setting().clone() else { unreachable!() };
    let setting = Setting::Postgres { address, connections: 5, timeout };
    let store = Store::open(&setting, Clock::System, MIGRATIONS).expect("a store");
    Some((database, store))
}

/// How often a closure was run.
#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    /// Counts a run; whether it is the first.
    fn is_first(&self) -> bool {
        self.0.fetch_add(1, Ordering::SeqCst) == 0
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn name_of(reader: &Reader, id: i64) -> Result<Option<String>, Error> {
    reader.first("SELECT name FROM things WHERE id = $1", &[&id], |row| row.get(0))
}

fn add(tx: &Tx, id: i64, name: &str) -> Result<usize, Error> {
    tx.run("INSERT INTO things (id, name) VALUES ($1, $2)", &[&id, &name])
}

/// Ends the connection that runs it, as an administrator would, and notices that.
fn end_own(reader: &Reader) -> Result<(), Error> {
    let ended = reader.first("SELECT pg_terminate_backend(pg_backend_pid())", &[], |_| Ok(())).map(|_| ());
    ended.and_then(|()| name_of(reader, 1).map(|_| ()))
}

fn sleep(reader: &Reader) -> Result<(), Error> {
    reader.first("SELECT CAST(pg_sleep(30) AS TEXT)", &[], |_| Ok(())).map(|_| ())
}

/// The server's processes for the connections of this database.
async fn processes(store: &Store, which: &'static str) -> Vec<i64> {
    let sql = format!(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
    );
    store.read(move |reader| reader.all(&sql, &[], |row| row.get(0))).await.expect("processes")
}

/// Processes that are stopped until this is dropped.
struct Frozen(Vec<i64>);

impl Frozen {
    fn of(processes: Vec<i64>) -> Frozen {
        assert!(!processes.is_empty());
        signal("-STOP", &processes);
        Frozen(processes)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

fn signal(signal: &str, processes: &[i64]) {
    let processes = processes.iter().map(ToString::to_string);
    // One that has ended meanwhile is no failure.
    let _ = Command::new("kill").arg(signal).args(processes).status().expect("kill runs");
}

fn is_unavailable<T: std::fmt::Debug>(answer: Result<T, Error>) {
    assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
}

macro_rules! trouble {
    ($(async fn $name:ident($store:ident, $timeout:expr) $body:block)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let Some((_database, store)) = open($timeout) else { return };
            let $store = &store;
            $body
            store.close();
        }
    )*};
}

trouble! {
    async fn p1_of_two_that_insert_the_same_the_second_sees_the_first(store, PATIENT) {
        let (both, runs) = (Arc::new(Barrier::new(2)), Runs::default());
        let twin = |own: &'static str| {
            let (store, both, runs, mine) = (store.clone(), Arc::clone(&both), runs.clone(), Runs::default());
            tokio::spawn(async move {
                store.write(move |tx| {
                    runs.is_first();
                    if let Some(name) = name_of(tx, 7)? {
                        return Ok(name);
                    }
                    if mine.is_first() {
                        both.wait();
                    }
                    add(tx, 7, own)?;
                    Ok::<_, Error>(own.to_string())
                }).await
            })
        };
        let (one, other) = (twin("one"), twin("other"));
        let (one, other) = (one.await.unwrap().expect("an answer"), other.await.unwrap().expect("an answer"));
        assert_eq!(one, other);
        assert_eq!(runs.count(), 3, "only the loser was run again");
    }

    async fn p1_of_two_that_wait_for_each_other_both_are_done(store, PATIENT) {
        let both = Arc::new(Barrier::new(2));
        let add_to = |first: i64, second: i64| {
            let (store, both, mine) = (store.clone(), Arc::clone(&both), Runs::default());
            tokio::spawn(async move {
                store.write(move |tx| {
                    let change = "UPDATE things SET name = name || 'x' WHERE id = $1";
                    tx.run(change, &[&first])?;
                    if mine.is_first() {
                        both.wait();
                    }
                    tx.run(change, &[&second])
                }).await
            })
        };
        let (one, other) = (add_to(1, 2), add_to(2, 1));
        one.await.unwrap().expect("done");
        other.await.unwrap().expect("done");
        let names = store.read(|reader| Ok::<_, Error>((name_of(reader, 1)?, name_of(reader, 2)?))).await.unwrap();
        assert_eq!(names, (Some("axx".to_string()), Some("bxx".to_string())));
    }

    async fn p1_what_is_refused_for_good_is_not_run_for_ever(store, PATIENT) {
        let runs = Runs::default();
        let counted = runs.clone();
        let refused = store.write(move |tx| {
            counted.is_first();
            add(tx, 1, "again")
        }).await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert!((2..=10).contains(&runs.count()));
    }

    async fn p3_a_failed_statement_that_was_passed_over_is_not_taken_for_a_commit(store, PATIENT) {
        let done = store.write(|tx| {
            add(tx, 7, "lost with the transaction")?;
            let _ = tx.run("SELECT nothing", &[]);
            Ok::<_, Error>(())
        }).await;
        assert!(done.is_err());
        assert_eq!(store.read(|reader| name_of(reader, 7)).await.unwrap(), None);
    }

    async fn p3_what_was_lost_before_its_commit_is_done_on_another_connection_once(store, PATIENT) {
        let runs = Runs::default();
        let counted = runs.clone();
        store.write(move |tx| {
            add(tx, 7, "once")?;
            if counted.is_first() { end_own(tx) } else { Ok(()) }
        }).await.expect("done on another connection");
        assert_eq!(runs.count(), 2);
        let (runs, single) = (Runs::default(), Runs::default());
        let read = store.read(move |reader| {
            if runs.is_first() {
                end_own(reader)?;
            }
            name_of(reader, 7)
        }).await;
        assert_eq!(read.unwrap().as_deref(), Some("once"));
        let read = store.read_one_unflushed(move |reader| {
            let which = if single.is_first() { "pg_backend_pid()" } else { "-1" };
            let end = format!("SELECT CAST(pg_sleep(CASE WHEN pg_terminate_backend({which}) THEN 1 ELSE 0 END) AS TEXT)");
            reader.first(&end, &[], |_| Ok(())).map(|_| ())
        }).await;
        read.expect("read on another connection");
        let runs = Runs::default();
        let counted = runs.clone();
        let always = store.write(move |tx| {
            counted.is_first();
            end_own(tx)
        }).await;
        is_unavailable(always);
        assert_eq!(runs.count(), 2, "tried again once, not for ever");
    }

    async fn p3_connections_that_the_server_has_ended_are_replaced_unnoticed(store, PATIENT) {
        for number in 10..20 {
            store.write(move |tx| add(tx, number, "x")).await.expect("written");
            store.read(move |reader| name_of(reader, number)).await.expect("read");
            store.read_one_unflushed(move |reader| name_of(reader, number)).await.expect("read");
            store.ready().await.expect("ready");
            let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                         WHERE datname = current_database() AND pid <> pg_backend_pid()";
            store.read_one_unflushed(|reader| reader.one(ended, &[], |row| row.get::<i64>(0))).await.expect("ended");
        }
    }

    async fn p3_a_commit_without_an_answer_is_not_tried_again(store, PATIENT) {
        store.write(|tx| {
            tx.run("CREATE FUNCTION end_own() RETURNS TRIGGER LANGUAGE plpgsql AS $$ \
                    BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$", &[])?;
            tx.run("CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED \
                    FOR EACH ROW EXECUTE FUNCTION end_own()", &[])
        }).await.expect("a trigger");
        let runs = Runs::default();
        let counted = runs.clone();
        is_unavailable(store.write(move |tx| {
            counted.is_first();
            add(tx, 7, "who knows")
        }).await);
        assert_eq!(runs.count(), 1);
        store.write(|tx| tx.run("UPDATE things SET name = 'c' WHERE id = 1", &[])).await.expect("the next one is done");
    }

    async fn p2_a_statement_that_takes_too_long_is_ended_and_its_connection_kept(store, SHORT) {
        let before = processes(store, "true").await.len();
        let begun = Instant::now();
        is_unavailable(store.read_one_unflushed(sleep).await);
        is_unavailable(store.read(sleep).await);
        is_unavailable(store.write(|tx| sleep(tx)).await);
        assert!(begun.elapsed() < PATIENT / 4);
        assert_eq!(store.read(|reader| name_of(reader, 1)).await.unwrap().as_deref(), Some("a"));
        assert!(processes(store, "true").await.len() <= before + 3);
        let long = store.read_unlimited(|reader| {
            reader.first("SELECT CAST(pg_sleep(1) AS TEXT)", &[], |_| Ok(()))
        }).await;
        long.expect("a backup takes as long as it takes");
    }

    async fn p2_a_lock_that_is_not_free_is_not_waited_for_for_ever(store, SHORT) {
        let (locked, is_locked) = mpsc::channel::<()>();
        let (go_on, waits) = mpsc::channel::<()>();
        let waits = Arc::new(std::sync::Mutex::new(waits));
        let holding = store.clone();
        let holder = tokio::spawn(async move {
            holding.write(move |tx| {
                tx.run("UPDATE things SET name = 'held' WHERE id = 1", &[])?;
                let _ = locked.send(());
                let _ = waits.lock().unwrap().recv_timeout(PATIENT);
                Ok::<_, Error>(())
            }).await
        });
        tokio::task::spawn_blocking(move || is_locked.recv()).await.unwrap().unwrap();
        is_unavailable(store.write(|tx| tx.run("UPDATE things SET name = 'late' WHERE id = 1", &[])).await);
        // Both connections for writing are taken: one by the holder, one by this.
        let (store2, (begin, begun)) = (store.clone(), mpsc::channel::<()>());
        let (end, ends) = mpsc::channel::<()>();
        let ends = Arc::new(std::sync::Mutex::new(ends));
        let other = tokio::spawn(async move {
            store2.write(move |_| {
                let _ = begin.send(());
                let _ = ends.lock().unwrap().recv_timeout(PATIENT);
                Ok::<_, Error>(())
            }).await
        });
        tokio::task::spawn_blocking(move || begun.recv()).await.unwrap().unwrap();
        is_unavailable(store.write(|tx| add(tx, 7, "never begun")).await);
        assert_eq!(store.read(|reader| name_of(reader, 7)).await.unwrap(), None, "reading goes on meanwhile");
        store.ready().await.expect("and so does this");
        let _ = (go_on.send(()), end.send(()));
        let _ = (holder.await, other.await);
        assert_eq!(store.read(|reader| name_of(reader, 7)).await.unwrap(), None);
    }

    async fn p2_a_frozen_server_is_given_up_and_the_next_connection_is_good(store, SHORT) {
        store.ready().await.expect("ready");
        store.write(|tx| add(tx, 7, "x")).await.expect("written");
        // All but the one that looks for them.
        let others = processes(store, "true").await;
        let frozen = Frozen::of(others.clone());
        let begun = Instant::now();
        let mut failed = 0;
        for number in 10..20 {
            let read = store.read(move |reader| name_of(reader, 7)).await;
            let written = store.write(move |tx| add(tx, number, "x")).await;
            failed += usize::from(read.is_err()) + usize::from(written.is_err());
        }
        is_unavailable(store.ready().await);
        assert!((1..=4).contains(&failed), "each frozen connection is met once: {failed}");
        assert!(begun.elapsed() < PATIENT / 2);
        store.ready().await.expect("on a new connection");
        drop(frozen);
    }

    async fn p2_a_query_ends_when_nobody_waits_for_it_any_more(store, PATIENT) {
        let asking = store.clone();
        let asked = tokio::spawn(async move { asking.read(sleep).await });
        let sleeping = "query LIKE '%pg_sleep%' AND state = 'active'";
        let until = |count: usize| async move {
            let begun = Instant::now();
            while processes(store, sleeping).await.len() != count {
                assert!(begun.elapsed() < PATIENT / 4);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        until(1).await;
        asked.abort();
        until(0).await;
    }
}

#[test]
fn p2_a_server_that_takes_connections_and_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("postgres://jane@{}/portal", silent.local_addr().expect("an address"));
    let begun = Instant::now();
    let opened = Store::open(
        &Setting::Postgres { address, connections: 5, timeout: SHORT },
        Clock::System,
        MIGRATIONS,
    );
    assert!(matches!(opened.err(), Some(Error::Unavailable(_))));
    assert!(begun.elapsed() < PATIENT / 4);
}
