//! K1 to K3 against the real program, on a disk that fails at one call after the other and forgets at a power cut what was
//! not flushed.

#![cfg(target_os = "linux")]
#![allow(missing_docs)]

#[path = "../support/connection.rs"]
mod connection;
#[path = "../support/office.rs"]
mod office;
mod program;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::thread;

use domain::kernel::error::Error;
use domain::kernel::ids::MessageId;
use faulty_disk::{Call, Fault, FaultyDisk, Random};
use office::{furnish, open};
use program::{Ended, Poster, Program};
use store::Clock;

/// What is written and flushed for the database; not the index of its log, which every start builds anew.
const NAMES: &[&str] = &["portal.db", "portal.db-wal", "portal.db-journal"];
/// The exit status after the disk has failed.
const DISK_FAILED: i32 = 74;
/// Messages of one run.
const MESSAGES: usize = 4;
/// Power cuts that each state of the disk is looked at after.
const CUTS: usize = 3;

/// Whether everything is tried, instead of what takes a few seconds.
fn is_long() -> bool {
    std::env::var("PORTAL_TEST_LONG").is_ok_and(|long| long == "yes")
}

/// A firm on a disk of its own. `None`, loudly, where no such disk can be mounted.
struct Bench {
    disk: FaultyDisk,
    poster: Poster,
}

impl Bench {
    async fn new() -> Option<Bench> {
        let disk = match FaultyDisk::mount(NAMES) {
            Ok(disk) => disk,
            Err(error) if !std::path::Path::new("/dev/fuse").exists() => {
                eprintln!("NOT TESTED: there is no /dev/fuse, so no disk can be made to fail: {error}");
                return None;
            }
            Err(error) => panic!("the disk cannot be mounted: {error}"),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let (channel, cookie) = furnish(folder.path()).await;
        disk.fill(folder.path(), "data").expect("a data folder");
        Some(Bench { disk, poster: Poster { channel, cookie, answered: Mutex::default() } })
    }

    fn start(&self) -> Result<Program, Ended> {
        Program::start(&self.disk.at("data"))
    }

    /// Starts the program, sends messages, and stops it.
    fn run(&self) -> Ended {
        match self.start() {
            Err(ended) => ended,
            Ok(program) => {
                self.poster.post_to(&program, MESSAGES);
                program.stop()
            }
        }
    }

    /// After a power cut at this moment everything that was answered is there, once, in a database that is whole.
    async fn survives_power_cuts(&self, seed: usize) {
        for cut in 0..CUTS {
            let mut random = Random::new((seed * CUTS + cut) as u64);
            let folder = tempfile::tempdir().expect("a folder");
            self.disk.cut_power("data", &mut random, folder.path()).expect("what is left");
            let store = open(folder.path(), Clock::System);
            let channel = self.poster.channel;
            let (health, messages, journal) = store
                .read(move |reader| {
                    let health: String = reader.one("PRAGMA integrity_check", &[], |row| row.get(0))?;
                    let sql = "SELECT id, text FROM messages WHERE channel = $1 ORDER BY position";
                    let messages: Vec<(MessageId, String)> =
                        reader.all(sql, &[&channel], |row| Ok((row.get(0)?, row.get(1)?)))?;
                    let journal: Vec<i64> =
                        reader.all("SELECT seq FROM journal ORDER BY seq", &[], |row| row.get(0))?;
                    Ok::<_, Error>((health, messages, journal))
                })
                .await
                .expect("what is left can be read");
            store.close();
            assert_eq!(health, "ok");
            assert!(messages.iter().all(|(id, text)| *text == id.to_string()), "a text of another message");
            let ids: BTreeSet<MessageId> = messages.iter().map(|(id, _)| *id).collect();
            assert_eq!(ids.len(), messages.len(), "a message is there twice");
            let answered = self.poster.answered.lock().expect("nobody panics");
            let lost: Vec<_> = answered.difference(&ids).collect();
            assert!(lost.is_empty(), "answered as sent and lost: {lost:?}");
            assert_eq!(journal, (1..=journal.len() as i64).collect::<Vec<_>>(), "the journal has a gap");
        }
    }
}

/// Fails one call after the other, every `step`th, until a run has none left to fail. Afterwards the program is started again
/// on the same machine, whose memory still has what the disk lost.
async fn fail_each(call: Call, errno: i32, lasts: bool, step: usize) -> usize {
    let mut tried = 0;
    for number in (1..).step_by(step) {
        let Some(bench) = Bench::new().await else { return tried };
        bench.disk.fail(Some(Fault { call, number, errno, lasts }));
        let ended = bench.run();
        if !bench.disk.has_failed() {
            assert_eq!(ended.status, Some(0), "{ended:?}");
            return tried;
        }
        tried += 1;
        // The system splits writes at pages. If the second part fails once, the write is short, and the program writes
        // the rest.
        let is_short = call == Call::Write && !lasts && ended.status == Some(0);
        if !is_short {
            assert_eq!(ended.status, Some(DISK_FAILED), "{call:?} {number}: {ended:?}");
            assert!(ended.errors.contains("portal: the disk does not keep what is written"), "{ended:?}");
        }
        bench.survives_power_cuts(number).await;
        bench.disk.fail(None);
        let again = bench.start().expect("it starts again");
        assert_eq!(bench.poster.post_to(&again, MESSAGES), Some(200));
        again.signal(if number % 2 == 0 { "TERM" } else { "KILL" });
        let ended = again.ended();
        assert!(matches!(ended.status, Some(0) | None), "{ended:?}");
        bench.survives_power_cuts(number).await;
    }
    tried
}

#[tokio::test]
async fn k1_a_flush_that_fails_ends_the_program_and_destroys_nothing() {
    let tried = fail_each(Call::Flush, libc::EIO, false, if is_long() { 1 } else { 2 }).await;
    println!("{tried} flushes failed");
    if is_long() {
        fail_each(Call::Flush, libc::EIO, true, 1).await;
        // Nobody knows what a full disk has kept of what it did not flush.
        fail_each(Call::Flush, libc::ENOSPC, false, 1).await;
    }
}

#[tokio::test]
async fn k1_a_write_that_fails_ends_the_program_and_destroys_nothing() {
    let tried = fail_each(Call::Write, libc::EIO, true, if is_long() { 1 } else { 19 }).await;
    println!("{tried} writes failed");
    if is_long() {
        fail_each(Call::Write, libc::EIO, false, 1).await;
    }
}

#[tokio::test]
async fn k3_a_disk_that_takes_no_more_is_said_and_writing_goes_on_once_it_does() {
    let step = if is_long() { 1 } else { 17 };
    for errno in [libc::ENOSPC, libc::EDQUOT, libc::EROFS] {
        for number in (1..).step_by(step) {
            let Some(bench) = Bench::new().await else { return };
            let program = bench.start().expect("it starts");
            bench.disk.fail(Some(Fault { call: Call::Write, number, errno, lasts: true }));
            let last = bench.poster.post_to(&program, MESSAGES);
            if !bench.disk.has_failed() {
                assert_eq!(program.stop().status, Some(0));
                break;
            }
            // The next one fails too, if the last was just kept.
            assert!(
                last == Some(507) || bench.poster.post_to(&program, 1) == Some(507),
                "{number}: {last:?}"
            );
            assert_eq!(program.status_of("/readyz"), 503);
            assert_eq!(program.status_of("/healthz"), 200);
            bench.disk.fail(None);
            assert_eq!(program.status_of("/readyz"), 200);
            assert_eq!(bench.poster.post_to(&program, MESSAGES), Some(200));
            let ended = program.stop();
            assert_eq!(ended.status, Some(0), "{ended:?}");
            let lines = ended.errors.lines().count();
            assert!(lines < 10, "{lines} lines: {}", ended.errors);
            bench.survives_power_cuts(number).await;
        }
    }
}

#[tokio::test]
async fn m3_what_was_answered_outlives_a_power_cut_at_any_moment() {
    let rounds = if is_long() { 300 } else { 8 };
    let Some(bench) = Bench::new().await else { return };
    for round in 0..rounds {
        let program = bench.start().expect("it starts");
        let answered = || bench.poster.answered.lock().expect("nobody panics").len();
        let enough = answered() + 2 + (round * 7) % 30;
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| while bench.poster.post_to(&program, 1).is_some() {});
            }
            while answered() < enough {
                thread::yield_now();
            }
            program.signal("KILL");
        });
        program.ended();
        bench.survives_power_cuts(round).await;
    }
}
