use std::fs::File;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::connection;
use crate::error::{Error, Result};
use crate::mutex::lock;
use crate::reader::Reader;
use crate::sqlite::connection::Connection;
use crate::sqlite::database::{LOG_PAGES, READERS_MAX, Sqlite};
use crate::sqlite::log::{Committed, Log};
use crate::transaction::Tx;
use crate::work::Writing;

async fn write(sqlite: &Sqlite, sql: &'static str) -> Result<usize> {
    let (work, answer) = Writing::new(move |tx: &mut Tx| tx.run(sql, &[]));
    sqlite.queue(Box::new(work)).await?;
    answer.await.unwrap()
}

#[tokio::test]
async fn durable_is_what_was_flushed_after_it_could_be_read() {
    let folder = testing::folder().unwrap();
    let log = Log::new(File::create(folder.path().join("one.db-wal")).unwrap());
    let signal = watch::Sender::new(0);
    log.durable().await.unwrap();
    log.begin(true);
    let soon = tokio::time::timeout(Duration::from_millis(20), log.durable()).await;
    assert!(soon.is_err(), "it is not on disk yet");
    log.flush(vec![Committed { batch: Vec::new(), outcome: Ok(true) }], &signal);
    log.durable().await.unwrap();
    assert_eq!(*signal.borrow(), 1);
    // What was undone is not waited for either, nor what the journal has nothing of.
    log.begin(true);
    log.flush(vec![Committed { batch: Vec::new(), outcome: Err(Error::Missing) }], &signal);
    log.durable().await.unwrap();
    assert_eq!(*signal.borrow(), 1);
    log.begin(false);
    log.durable().await.unwrap();
}

#[tokio::test]
async fn nothing_is_promised_any_more_once_the_disk_has_failed() {
    let folder = testing::folder().unwrap();
    let file = folder.path().join("one.db");
    let reader = Reader::new(connection::Connection::Sqlite(Connection::open(&file).unwrap()), Clock::System);
    // It cannot be flushed: fsync(2), EINVAL.
    let log = Log::new(File::open("/dev/null").unwrap());
    let signal = Arc::new(watch::Sender::new(0));
    let sqlite = Sqlite::start(&file, &Clock::System, Tx::new(reader), log, signal).unwrap();
    let first = write(&sqlite, "CREATE TABLE one (number INTEGER)").await;
    assert!(matches!(&first, Err(Error::Unavailable(why)) if why.contains("does not keep")), "{first:?}");
    let second = write(&sqlite, "DROP TABLE one").await;
    assert!(matches!(&second, Err(Error::Unavailable(why)) if why.contains("does not keep")), "{second:?}");
    assert!(matches!(sqlite.durable().await, Err(Error::Unavailable(_))));
    // It was not even tried, and what is there can be read.
    let count: i64 = sqlite
        .read(sqlite.turn().await.unwrap(), |reader| {
            reader.one("SELECT count(*) FROM one", &[], |row| row.get(0))
        })
        .unwrap_or_else(|error: Error| panic!("{error}"));
    assert_eq!(count, 0);
    sqlite.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_never_left_alone_begins_anew_all_the_same() {
    let folder = testing::folder().unwrap();
    let file = folder.path().join("one.db");
    let signal = Arc::new(watch::Sender::new(0));
    let sqlite = Arc::new(Sqlite::open(&file, &Clock::System, &[], signal).unwrap());
    write(&sqlite, "CREATE TABLE one (bytes BLOB)").await.unwrap();
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let sqlite = Arc::clone(&sqlite);
            tokio::spawn(async move {
                loop {
                    write(&sqlite, "INSERT INTO one VALUES (zeroblob(100000))").await.unwrap();
                }
            })
        })
        .collect();
    let log = folder.path().join("one.db-wal");
    let long = u64::try_from(LOG_PAGES).unwrap() * 4096 * 2;
    while std::fs::metadata(&log).unwrap().len() < long {
        tokio::task::yield_now().await;
    }
    // It counts up whenever the log begins anew (SQLite, "WAL file format").
    let beginning = || {
        let mut header = [0; 16];
        std::io::Read::read_exact(&mut File::open(&log).unwrap(), &mut header).unwrap();
        header[12..].to_vec()
    };
    let was = beginning();
    // One checkpoint, before its time: with more of them one would come to the end by luck.
    lock(&sqlite.threads).iter().for_each(|thread| thread.thread().unpark());
    let mut written = 0;
    while beginning() == was {
        assert!(written < 2_000, "it only ever grows");
        write(&sqlite, "DELETE FROM one").await.unwrap();
        written += 1;
    }
    writers.iter().for_each(tokio::task::JoinHandle::abort);
    sqlite.close();
}

#[tokio::test(start_paused = true)]
async fn a_few_read_at_the_same_time_and_the_others_wait_their_turn() {
    let folder = testing::folder().unwrap();
    let signal = Arc::new(watch::Sender::new(0));
    let sqlite = Sqlite::open(&folder.path().join("one.db"), &Clock::System, &[], signal).unwrap();
    let mut turns = Vec::new();
    for _ in 0..READERS_MAX {
        turns.push(sqlite.turn().await.unwrap());
    }
    // Nobody ends, so it is refused in the end instead of opening one more connection.
    let late = sqlite.turn().await;
    assert!(matches!(&late, Err(Error::Unavailable(why)) if why.contains("reading")), "{late:?}");
    let mut first = pin!(sqlite.turn());
    let mut second = pin!(sqlite.turn());
    let soon = Duration::from_millis(1);
    assert!(tokio::time::timeout(soon, first.as_mut()).await.is_err());
    assert!(tokio::time::timeout(soon, second.as_mut()).await.is_err());
    turns.pop();
    assert!(tokio::time::timeout(soon, second.as_mut()).await.is_err(), "it came later");
    let one: i64 = sqlite
        .read(first.await.unwrap(), |reader| reader.one("SELECT 1", &[], |row| row.get(0)))
        .unwrap_or_else(|error: Error| panic!("{error}"));
    assert_eq!(one, 1);
    drop(second.await.unwrap());
    sqlite.close();
}
