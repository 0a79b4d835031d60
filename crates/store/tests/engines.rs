//! What both engines promise: what was answered is kept, what failed is undone alone, the journal has no gaps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use store::{Clock, Entry, Error, Migration, Store, Time, Tx};
use testing::Database;
use uuid::Uuid;

const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "things",
    sql: "CREATE TABLE things (id UUID PRIMARY KEY, name TEXT, size BIGINT, data BYTEA);",
}];

struct Place {
    database: Database,
    clock: Clock,
}

impl Place {
    fn on(database: Database) -> Place {
        Place { database, clock: Clock::simulated(Time(1_000)) }
    }

    fn open(&self) -> Store {
        Store::open(self.database.setting(), self.clock.clone(), MIGRATIONS).expect("a store")
    }
}

macro_rules! both_engines {
    ($(async fn $name:ident($place:ident) $body:block)*) => {$(
        mod $name {
            use super::*;

            async fn check($place: &Place) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                check(&Place::on(Database::sqlite())).await;
            }

            #[cfg(feature = "cluster")]
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(database) = Database::postgres(&[]) {
                    check(&Place::on(database)).await;
                }
            }
        }
    )*};
}

fn add(tx: &mut Tx, workspace: Uuid, name: &str) -> Result<Uuid, Error> {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&COUNT.fetch_add(1, Ordering::SeqCst).to_le_bytes());
    let id = Uuid::new_v8(bytes);
    tx.run("INSERT INTO things (id, name) VALUES ($1, $2)", &[&id, &name])?;
    let payload = format!("{{\"name\":\"{name}\"}}");
    tx.record(Entry { workspace, kind: "thing.added", channel: None, payload });
    Ok(id)
}

static COUNT: AtomicU64 = AtomicU64::new(1);

async fn names(store: &Store) -> Vec<String> {
    let read =
        store.read(|reader| reader.all("SELECT name FROM things ORDER BY name", &[], |row| row.get(0)));
    read.await.expect("names")
}

both_engines! {
    async fn values_come_back_as_they_went(place) {
        let store = place.open();
        let id = Uuid::from_u128(7);
        store
            .write(move |tx| {
                tx.run(
                    "INSERT INTO things (data, size, name, id) VALUES ($4, $3, $2, $1)",
                    &[&id, &"Zürich 🏔", &i64::MIN, &vec![0_u8, 255, 1]],
                )
            })
            .await
            .expect("written");
        let found: (Uuid, String, i64, Vec<u8>) = store
            .read(move |reader| {
                reader.one("SELECT id, name, size, data FROM things WHERE id = $1 AND id = $1", &[&id], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
            })
            .await
            .expect("read");
        assert_eq!(found, (id, "Zürich 🏔".to_string(), i64::MIN, vec![0, 255, 1]));
        let wrong: Result<i64, Error> = store.read(|reader| reader.one("SELECT name FROM things", &[], |row| row.get(0))).await;
        assert!(matches!(wrong, Err(Error::Unexpected { column: 0, .. })), "{wrong:?}");
    }

    async fn capitals_of_every_alphabet_become_small(place) {
        let store = place.open();
        let small = store
            .read(|reader| reader.one("SELECT lower($1)", &[&"ÖZGÜR ÅSA ΑΘΗΝΑ ЖУК"], |row| row.get::<String>(0)))
            .await
            .expect("read");
        assert_eq!(small, "özgür åsa αθηνα жук");
    }

    async fn a_closure_that_fails_or_panics_undoes_only_itself(place) {
        let store = place.open();
        let workspace = Uuid::from_u128(1);
        let mut waiting = Vec::new();
        for number in 0..60 {
            let store = store.clone();
            waiting.push(tokio::spawn(async move {
                store
                    .write(move |tx| {
                        add(tx, workspace, &format!("{number:02}"))?;
                        match number % 3 {
                            0 => Ok(()),
                            1 => Err(Error::Missing),
                            _ => panic!("a mistake in number {number}"),
                        }
                    })
                    .await
            }));
        }
        for (number, answer) in waiting.into_iter().enumerate() {
            let answer = answer.await.expect("the store survives");
            assert_eq!(answer.is_ok(), number % 3 == 0, "{number}: {answer:?}");
        }
        let kept: Vec<String> = (0..60).filter(|number| number % 3 == 0).map(|number| format!("{number:02}")).collect();
        assert_eq!(names(&store).await, kept);
        let entries = store.read(move |reader| reader.journal_after(workspace, 0, 1000)).await.expect("journal");
        let numbers: Vec<i64> = entries.iter().map(|entry| entry.seq).collect();
        assert_eq!(numbers, (1..=20).collect::<Vec<_>>(), "no gap, and nothing of what was undone");
    }

    async fn one_question_is_answered_without_a_transaction(place) {
        let store = place.open();
        store.write(|tx| add(tx, Uuid::nil(), "one")).await.expect("a thing");
        let count: Result<i64, Error> = store
            .read_one_unflushed(|reader| reader.one("SELECT count(*) FROM things", &[], |row| row.get(0)))
            .await;
        assert_eq!(count.expect("a count"), 1);
        let refused: Result<(), Error> = store
            .read_one_unflushed(|reader| reader.one("SELECT nothing FROM things", &[], |_| Ok(())))
            .await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        let panicked = store.read_one_unflushed(|_| -> Result<(), Error> { panic!("as bad as it gets") }).await;
        assert!(matches!(panicked, Err(Error::Panicked)));
        // The connection is as good as before.
        store.write(|tx| add(tx, Uuid::nil(), "two")).await.expect("another thing");
        assert_eq!(names(&store).await, ["one", "two"]);
    }

    async fn a_refused_statement_undoes_its_closure(place) {
        let store = place.open();
        let workspace = Uuid::from_u128(1);
        let refused = store
            .write(move |tx| {
                let id = add(tx, workspace, "first")?;
                tx.run("INSERT INTO things (id, name) VALUES ($1, 'again')", &[&id])
            })
            .await;
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert!(names(&store).await.is_empty());
        store.write(move |tx| add(tx, workspace, "second")).await.expect("the next one is not disturbed");
    }

    async fn every_workspace_counts_its_own_entries(place) {
        let store = place.open();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        store
            .write(move |tx| {
                for workspace in [one, two, one, one] {
                    add(tx, workspace, "x")?;
                }
                Ok::<_, Error>(())
            })
            .await
            .expect("written");
        let heads = store
            .read(move |reader| Ok::<_, Error>((reader.journal_head(one)?, reader.journal_head(two)?)))
            .await
            .expect("heads");
        assert_eq!(heads, (3, 1));
    }

    async fn entries_of_many_writers_have_no_gap_and_no_double(place) {
        let store = place.open();
        let workspace = Uuid::from_u128(1);
        let mut writers = Vec::new();
        for writer in 0..8 {
            let store = store.clone();
            writers.push(tokio::spawn(async move {
                for number in 0..25 {
                    store.write(move |tx| add(tx, workspace, &format!("{writer}-{number}"))).await.expect("written");
                }
            }));
        }
        for writer in writers {
            writer.await.expect("no panic");
        }
        let entries = store.read(move |reader| reader.journal_after(workspace, 0, 1000)).await.expect("journal");
        assert_eq!(entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
        assert_eq!(entries[0].at, Time(1_000));
    }

    async fn time_stands_still_within_a_closure(place) {
        let store = place.open();
        let clock = place.clock.clone();
        let times = store
            .write(move |tx| {
                let before = tx.now();
                clock.advance(Duration::from_secs(1));
                Ok::<_, Error>((before, tx.now()))
            })
            .await
            .expect("times");
        assert_eq!(times, (Time(1_000), Time(1_000)));
        let later = store.write(|tx| Ok::<_, Error>(tx.now())).await.expect("time");
        assert_eq!(later, Time(2_000));
    }

    async fn the_signal_comes_when_entries_are_there_to_be_read(place) {
        let store = place.open();
        let workspace = Uuid::from_u128(1);
        let mut signal = store.signal();
        store.write(move |tx| add(tx, workspace, "x")).await.expect("written");
        tokio::time::timeout(Duration::from_secs(10), signal.changed()).await.expect("in time").expect("a signal");
        assert_eq!(store.read(move |reader| reader.journal_head(workspace)).await.expect("head"), 1);
    }

    async fn a_store_opened_again_has_everything_and_migrates_only_what_is_new(place) {
        let store = place.open();
        store.write(|tx| add(tx, Uuid::from_u128(1), "kept")).await.expect("written");
        store.close();
        let closed = store.write(|tx| add(tx, Uuid::from_u128(1), "late")).await;
        assert!(matches!(closed, Err(Error::Unavailable(_))));

        let mut newer = MIGRATIONS.to_vec();
        newer.push(Migration { number: 3, name: "colours", sql: "ALTER TABLE things ADD COLUMN colour TEXT;" });
        let setting = place.database.setting().clone();
        let clock = place.clock.clone();
        let reopened = Arc::new(Store::open(&setting, clock.clone(), &newer).expect("migrated"));
        assert_eq!(names(&reopened).await, ["kept"]);
        reopened.write(|tx| tx.run("UPDATE things SET colour = 'red'", &[])).await.expect("the new column");
        reopened.close();

        // Known later than the one after it.
        newer.insert(1, Migration { number: 2, name: "weights", sql: "ALTER TABLE things ADD COLUMN weight TEXT;" });
        let again = Arc::new(Store::open(&setting, clock.clone(), &newer).expect("migrated"));
        again.write(|tx| tx.run("UPDATE things SET weight = 'heavy'", &[])).await.expect("that column too");
        again.close();

        let older = Store::open(&setting, clock, MIGRATIONS);
        assert!(matches!(older.err(), Some(Error::Newer { found: 3, known: 1 })));
    }
}

#[cfg(feature = "faults")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn k5_a_read_returns_once_what_it_may_have_found_is_on_disk() {
    let place = Place::on(Database::sqlite());
    let store = place.open();
    let count =
        |reader: &store::Reader| reader.one("SELECT count(*) FROM things", &[], |row| row.get::<i64>(0));
    let held = store.hold_disk().expect("SQLite's");
    let writer = store.clone();
    let written = tokio::spawn(async move { writer.write(|tx| add(tx, Uuid::nil(), "one")).await });
    while store.read_unflushed(count).await.expect("a count") == 0 {
        tokio::task::yield_now().await;
    }
    for read in [true, false] {
        let reads = async { if read { store.read(count).await } else { store.read_long(count).await } };
        let soon = tokio::time::timeout(Duration::from_millis(20), reads).await;
        assert!(soon.is_err(), "what was found could still be lost");
    }
    let ready = tokio::time::timeout(Duration::from_secs(10), store.ready()).await.expect("an answer");
    assert!(matches!(&ready, Err(Error::Unavailable(why)) if why.contains("no answer within")), "{ready:?}");
    drop(held);
    assert_eq!(store.read(count).await.expect("a count"), 1);
    store.ready().await.expect("it is ready");
    written.await.expect("no panic").expect("it is written");
    store.close();
}
