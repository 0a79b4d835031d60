use std::fs::File;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::clock::Clock;
use crate::connection;
use crate::error::{Error, Result};
use crate::mutex::lock;
use crate::reader::Reader;
use crate::sqlite::connection::Connection;
use crate::sqlite::database::{LOG_PAGES, READERS_MAX, Sqlite};
use crate::sqlite::disk::Disk;
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
    let file = folder.path().join("one.db-wal");
    let log = Log::new(File::create(&file).unwrap(), Arc::new(Disk::of(&file)));
    let signal = watch::Sender::new(0);
    log.durable().await.unwrap();
    log.begin();
    let soon = tokio::time::timeout(Duration::from_millis(20), log.durable()).await;
    assert!(soon.is_err(), "it is not on disk yet");
    log.flush(vec![Committed { batch: Vec::new(), outcome: Ok(true) }], &signal);
    log.durable().await.unwrap();
    assert_eq!(*signal.borrow(), 1);
    // What was undone is not waited for either.
    log.begin();
    log.flush(vec![Committed { batch: Vec::new(), outcome: Err(Error::Missing) }], &signal);
    log.durable().await.unwrap();
    assert_eq!(*signal.borrow(), 1);
}

#[tokio::test]
async fn k1_once_a_flush_has_failed_nothing_touches_the_database_any_more() {
    let folder = testing::folder().unwrap();
    let file = folder.path().join("one.db");
    let signal = || Arc::new(watch::Sender::new(0));
    let sound = Sqlite::open(&file, &Clock::System, &[], signal()).unwrap();
    write(&sound, "CREATE TABLE one (number INTEGER)").await.unwrap();
    sound.close();

    let disk = Arc::new(Disk::of(&file));
    let writer = Connection::open(&file, &disk).unwrap();
    let tx = Tx::new(Reader::new(connection::Connection::Sqlite(writer), Clock::System));
    // It cannot be flushed: fsync(2), EINVAL.
    let log = Log::new(File::open("/dev/null").unwrap(), Arc::clone(&disk));
    let sqlite = Sqlite::start(&file, &Clock::System, tx, log, disk, signal()).unwrap();
    let told = Arc::new(AtomicUsize::new(0));
    let teller = Arc::clone(&told);
    sqlite.disk().on_failure(move |error| {
        assert!(matches!(error, Error::DiskFailed(_)), "{error}");
        teller.fetch_add(1, Ordering::SeqCst);
    });
    let first = write(&sqlite, "INSERT INTO one VALUES (1)").await;
    assert!(matches!(&first, Err(Error::DiskFailed(why)) if why.contains("cannot be flushed")), "{first:?}");
    assert_eq!(told.load(Ordering::SeqCst), 1);
    let files = || ["one.db", "one.db-wal"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    let before = files();
    let second = write(&sqlite, "INSERT INTO one VALUES (2)").await;
    assert!(matches!(&second, Err(Error::DiskFailed(_))), "{second:?}");
    assert!(matches!(sqlite.durable().await, Err(Error::DiskFailed(_))));
    assert!(matches!(sqlite.disk().ready(), Err(Error::DiskFailed(_))));
    let read: Result<()> =
        sqlite.read(sqlite.turn().await.unwrap(), |reader| reader.one("SELECT 1", &[], |_| Ok(())));
    assert!(matches!(read, Err(Error::DiskFailed(_))));
    // A checkpoint before its time, and the one at the end.
    lock(&sqlite.threads).iter().for_each(|thread| thread.thread().unpark());
    sqlite.close();
    assert!(files() == before, "something was written after the failure");
}

#[tokio::test]
async fn k2_a_start_writes_again_what_only_the_memory_of_the_system_may_have() {
    let folder = testing::folder().unwrap();
    let file = folder.path().join("one.db");
    let signal = || Arc::new(watch::Sender::new(0));
    let first = Sqlite::open(&file, &Clock::System, &[], signal()).unwrap();
    write(&first, "CREATE TABLE one (number INTEGER)").await.unwrap();
    let log = folder.path().join("one.db-wal");
    let bytes = std::fs::read(&log).unwrap();
    File::options().write(true).open(&log).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    // Beside the first, which has moved nothing yet.
    let second = Sqlite::open(&file, &Clock::System, &[], signal()).unwrap();
    assert!(
        std::fs::metadata(&log).unwrap().modified().unwrap() > SystemTime::UNIX_EPOCH,
        "it was not written"
    );
    assert!(std::fs::read(&log).unwrap() == bytes, "something else was written");
    second.close();
    first.close();
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
