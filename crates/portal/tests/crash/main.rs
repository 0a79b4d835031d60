//! M2, M3 and F3 against the real program: killed a hundred times under load, it loses nothing that it confirmed, duplicates
//! nothing that was sent again, and shows nobody half a file.

#![allow(missing_docs)]

#[path = "../support/connection.rs"]
mod connection;
mod device;
#[path = "../support/office.rs"]
mod office;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use domain::kernel::error::Error;
use domain::kernel::ids::{BlobId, ChannelId, FileId, MessageId};
use outbound::blobs::{Blobs, Folder};
use store::Clock;
use workers::BlobCollector;

use connection::{ANSWERS, Connection};
use device::{Device, FINISHED, Kind, Target, bytes_of};
use office::{furnish, open};

/// How often it is killed; `PORTAL_TEST_KILLS` overrides it.
const KILLS: usize = 100;
/// Longer than the answers of one round take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Kills between two idle days, on which unused uploads are swept, so that nobody has too many.
const KILLS_A_DAY: usize = 25;
/// In one of this many rounds each kind finishes something before the kill: on a slow disk the few answers of a round may all
/// be short texts.
const THOROUGH_EVERY: usize = 10;
/// They work in parallel.
const DEVICES: [Kind; 7] =
    [Kind::Texts, Kind::Texts, Kind::Uploads, Kind::Uploads, Kind::Forms, Kind::Filing, Kind::Filing];

fn start(data: &Path) -> (Child, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_portal"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "error", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let host = lines
        .by_ref()
        .find_map(|line| Some(line.ok()?.split_once("http://")?.1.trim().to_string()))
        .expect("its address");
    // All other output is read too, so that it never blocks on a full pipe.
    thread::spawn(move || lines.for_each(drop));
    (program, host)
}

/// When a round has seen enough.
struct Enough {
    answers: usize,
    /// Whether each kind must have finished something.
    is_thorough: bool,
}

/// Starts the program, lets all devices work, and kills it when that is enough, however fast the machine is.
fn kill_under_load(data: &Path, devices: &mut [Device], channel: ChannelId, cookie: &str, enough: Enough) {
    let (mut program, host) = start(data);
    let target = Target { host, cookie: cookie.to_string(), channel };
    let killed = AtomicBool::new(false);
    let (target, is_killed) = (&target, &killed);
    thread::scope(|scope| {
        for device in devices {
            scope.spawn(move || device.work(target, is_killed));
        }
        let (begun, before) = (Instant::now(), ANSWERS.load(Ordering::SeqCst));
        let finished = || FINISHED.each_ref().map(|count| count.load(Ordering::SeqCst));
        let finished_before = finished();
        let is_enough = || {
            let each_kind = || finished().iter().zip(finished_before).all(|(now, before)| *now > before);
            ANSWERS.load(Ordering::SeqCst) - before >= enough.answers && (!enough.is_thorough || each_kind())
        };
        while !is_enough() && begun.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(1));
        }
        program.kill().expect("SIGKILL");
        program.wait().expect("it is gone");
        killed.store(true, Ordering::SeqCst);
    });
}

/// Lets two days pass while the program is down, and sweeps what was never finished, sent or placed. Returns how much that was.
async fn sweep(data: &Path) -> usize {
    let clock = Clock::simulated(Clock::System.now());
    let store = open(data, clock.clone());
    let blobs = Arc::new(Blobs::Folder(Folder::new(data.join("blobs"))));
    let collector = BlobCollector::new(store.clone(), Arc::clone(&blobs));
    let mut swept = 0;
    for _ in 0..2 {
        clock.advance(Duration::from_secs(25 * 3600));
        loop {
            match collector.step().await.expect("a step") {
                0 => break,
                count => swept += count,
            }
        }
    }
    swept += collector.look_through(Duration::ZERO).await.expect("a look");
    let left = blobs.older_than(Duration::ZERO).await.expect("what lies there");
    assert!(left.staged.is_empty(), "staged and never used, and still there: {:?}", left.staged);
    let (open, known) = store
        .read(|reader| {
            let open: i64 = reader.one("SELECT count(*) FROM uploads", &[], |row| row.get(0))?;
            let known: Vec<BlobId> = reader.all("SELECT id FROM blobs ORDER BY id", &[], |row| row.get(0))?;
            Ok::<_, Error>((open, known))
        })
        .await
        .expect("what counts");
    assert_eq!(open, 0, "uploads that nobody goes on with");
    let mut placed: Vec<_> = left.placed.iter().map(|name| BlobId(name.id)).collect();
    placed.sort_unstable();
    assert_eq!(placed, known, "the bytes that lie there are not the bytes that count");
    store.close();
    swept
}

/// What is in the database at the end.
struct Remains {
    /// Id, position, text and number of files, in order of position.
    messages: Vec<(MessageId, i64, String, i64)>,
    /// The names of the attached files.
    attached: BTreeMap<MessageId, Vec<String>>,
    /// All files of the channel, by name.
    files: Vec<(String, FileId)>,
    journal: Vec<i64>,
}

async fn remains(data: &Path, channel: ChannelId) -> Remains {
    let store = open(data, Clock::System);
    let remains = store
        .read(move |reader| {
            let mut attached: BTreeMap<MessageId, Vec<String>> = BTreeMap::new();
            let sent_with: Vec<(MessageId, String)> = reader.all(
                "SELECT a.message, f.name FROM attachments a JOIN files f ON f.workspace = a.workspace AND f.id = a.file \
                 WHERE f.message = a.message ORDER BY a.message, a.place",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            for (message, name) in sent_with {
                attached.entry(message).or_default().push(name);
            }
            Ok::<_, Error>(Remains {
                messages: reader.all(
                    "SELECT id, position, text, attachments FROM messages WHERE channel = $1 ORDER BY position",
                    &[&channel],
                    |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
                )?,
                attached,
                files: reader.all(
                    "SELECT name, id FROM files WHERE channel = $1 ORDER BY name",
                    &[&channel],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?,
                journal: reader.all("SELECT seq FROM journal ORDER BY seq", &[], |row| row.get(0))?,
            })
        })
        .await
        .expect("what is left");
    store.close();
    remains
}

impl Remains {
    /// Every message is there once, in order, with all of its files.
    fn has_whole_messages(&self) {
        let ids: BTreeSet<_> = self.messages.iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids.len(), self.messages.len(), "a message is there twice");
        let positions: Vec<_> = self.messages.iter().map(|(_, position, ..)| *position).collect();
        assert_eq!(positions, (1..=self.messages.len() as i64).collect::<Vec<_>>());
        for (id, _, text, count) in &self.messages {
            let kinds = [Kind::Texts, Kind::Uploads, Kind::Forms];
            let kind = kinds.into_iter().find(|kind| *text == format!("{} {id}", kind.word()));
            let names = kind.unwrap_or_else(|| panic!("nobody wrote {text:?}")).names(*id);
            assert_eq!(*count, names.len() as i64, "{text}");
            assert_eq!(self.attached.get(id).cloned().unwrap_or_default(), names, "{text}");
        }
        assert_eq!(
            self.journal,
            (1..=self.journal.len() as i64).collect::<Vec<_>>(),
            "the journal has a gap"
        );
    }

    /// Everything that was confirmed is there.
    fn has_what_was_answered(&self, devices: &[Device]) {
        let messages: BTreeSet<_> = self.messages.iter().map(|(id, ..)| id).collect();
        let files: BTreeSet<_> = self.files.iter().map(|(name, _)| name).collect();
        for device in devices {
            let is_there = |id: &MessageId| match device.kind {
                Kind::Filing => device.kind.names(*id).iter().all(|name| files.contains(name)),
                _ => messages.contains(id),
            };
            let lost: Vec<_> = device.answered.iter().filter(|id| !is_there(id)).collect();
            assert!(lost.is_empty(), "answered as done and lost: {:?} {lost:?}", device.kind);
        }
    }

    /// The files of the channel are those of its messages and those uploaded there, each once and complete.
    fn has_whole_files(&self, host: &str, channel: ChannelId, cookie: &str) {
        let (filed, sent): (Vec<_>, Vec<_>) =
            self.files.iter().map(|(name, _)| name).partition(|name| name.starts_with(Kind::Filing.word()));
        let mut attached: Vec<_> = self.attached.values().flatten().collect();
        attached.sort_unstable();
        assert_eq!(sent, attached, "a file lies in Files without its message");
        assert!(filed.iter().all(|name| name.ends_with(" 1.txt")), "a file was put there twice");
        let mut connection = Connection::open(host, cookie).expect("a connection");
        for (name, file) in &self.files {
            let answer = connection
                .request(&format!("GET /files/{channel}/{file}/content"), &[], &[])
                .expect("an answer");
            assert!(answer.is(200).body == bytes_of(name), "{name} holds something else");
        }
    }
}

#[tokio::test]
async fn m3_killed_a_hundred_times_it_keeps_what_it_answered_doubles_nothing_and_shows_no_half_file() {
    let kills = std::env::var("PORTAL_TEST_KILLS").map_or(KILLS, |kills| kills.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a data folder");
    let (channel, cookie) = furnish(&data).await;

    let mut devices = DEVICES.map(Device::new);
    let mut swept = 0;
    for round in 0..kills {
        // Enough answers for much to be in progress, at another point in each round.
        let enough = Enough {
            answers: 8 + (round * 7) % 30,
            is_thorough: round % THOROUGH_EVERY == THOROUGH_EVERY - 1,
        };
        kill_under_load(&data, &mut devices, channel, &cookie, enough);
        if (round + 1) % KILLS_A_DAY == 0 || round + 1 == kills {
            swept += sweep(&data).await;
            devices.iter_mut().for_each(Device::recheck_uploads);
        }
    }
    let remains = remains(&data, channel).await;
    let (mut program, host) = start(&data);
    remains.has_whole_messages();
    remains.has_what_was_answered(&devices);
    remains.has_whole_files(&host, channel, &cookie);
    program.kill().expect("SIGKILL");
    program.wait().expect("it is gone");

    for kind in [Kind::Texts, Kind::Uploads, Kind::Forms, Kind::Filing] {
        let of_kind: Vec<_> = devices.iter().filter(|device| device.kind == kind).collect();
        let sum = |count: fn(&Device) -> usize| of_kind.iter().map(|device| count(device)).sum::<usize>();
        let (answered, interrupted, resumed) = (
            sum(|device| device.answered.len()),
            sum(|device| device.interrupted),
            sum(|device| device.resumed),
        );
        println!("{kind:?}: {answered} answered, {interrupted} interrupted, {resumed} resumed halfway");
        assert!(answered > 0, "no {kind:?} were answered: no load");
        assert!(
            interrupted > kills / 2,
            "only {interrupted} of {kind:?} were interrupted: the kills came at quiet moments"
        );
        assert!(resumed > 0 || matches!(kind, Kind::Texts | Kind::Forms), "no upload was resumed halfway");
    }
    assert!(swept > 0, "nothing was left to be swept");
    println!(
        "{} messages and {} files kept, {swept} swept, in {kills} kills",
        remains.messages.len(),
        remains.files.len()
    );
}
