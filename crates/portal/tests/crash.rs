//! M2 and M3 against the real program: killed a hundred times under load, it loses nothing that it answered as sent and
//! doubles nothing that was sent again.

#![allow(missing_docs)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use domain::channels::{self, Subject};
use domain::ids::{ChannelId, MessageId};
use domain::people::{self, NewClient};
use domain::workspaces::{self, SetUp};
use domain::{Error, sessions};
use store::{Clock, Setting, Store};

const KILLS: usize = 100;
/// Devices that write at the same time, each one message after the other.
const DEVICES: usize = 6;

fn open(data: &Path) -> Store {
    Store::open(&Setting::Sqlite(data.join("portal.db")), Clock::System, domain::MIGRATIONS)
        .expect("the database")
}

/// A firm, a client user's channel, and the cookie of the admin.
async fn furnish(data: &Path) -> (ChannelId, String) {
    let store = open(data);
    let furnished = store
        .write(|tx| {
            let set_up = SetUp {
                brand: "Brand".to_string(),
                given_name: "Ada".to_string(),
                family_name: String::new(),
                email: "ada@firm.example".to_string(),
            };
            let (workspace, person) = workspaces::set_up(tx, None, &set_up)?;
            let ada = people::actor(tx, workspace, person)?.ok_or(Error::NotFound)?;
            let maria = NewClient {
                given_name: "Maria".to_string(),
                email: "maria@client.example".to_string(),
                ..NewClient::default()
            };
            let maria = people::add_client(tx, &ada, &maria)?;
            let channel = channels::make(tx, &ada, &Subject::Client(maria))?;
            let secret = sessions::start(tx, workspace, person, "test")?;
            Ok::<_, Error>((channel, format!("portal={}", secret.reveal())))
        })
        .await
        .expect("a furnished office");
    store.close();
    furnished
}

fn start(data: &Path) -> (Child, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_portal"))
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "error", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let address = lines
        .by_ref()
        .find_map(|line| Some(line.ok()?.split_once("http://")?.1.trim().to_string()))
        .expect("its address");
    // Whatever else it prints is read, so that it never waits for a reader.
    thread::spawn(move || lines.for_each(drop));
    (program, address)
}

/// Sends one message and says whether it was answered as sent; nothing where the connection broke.
fn send(stream: &mut TcpStream, host: &str, channel: ChannelId, cookie: &str, id: MessageId) -> Option<bool> {
    let body = format!("{{\"id\":\"{id}\",\"text\":\"message {id}\"}}");
    let request = format!(
        "POST /messages/{channel} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nsec-fetch-site: same-origin\r\n\
         accept: application/json\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part).ok().filter(|count| *count > 0)?;
        answer.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        if body.len() >= length.trim().parse::<usize>().expect("a number") {
            return Some(head.starts_with("HTTP/1.1 200"));
        }
    }
}

/// One device: writes until the program dies under it, sends the unanswered message again first thing next time.
fn write_until_killed(
    address: &str,
    channel: ChannelId,
    cookie: &str,
    unanswered: &mut Option<MessageId>,
    killed: &AtomicBool,
) -> Vec<MessageId> {
    let mut answered = Vec::new();
    let Ok(mut stream) = TcpStream::connect(address) else { return answered };
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
    while !killed.load(Ordering::SeqCst) {
        let id = unanswered.take().unwrap_or_else(|| MessageId::new(Clock::System.now()));
        match send(&mut stream, address, channel, cookie, id) {
            Some(true) => answered.push(id),
            Some(false) => panic!("message {id} was refused"),
            None => {
                *unanswered = Some(id);
                break;
            }
        }
    }
    answered
}

#[tokio::test]
async fn m3_killed_a_hundred_times_it_keeps_what_it_answered_and_doubles_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a data folder");
    let (channel, cookie) = furnish(&data).await;

    let mut answered: Vec<MessageId> = Vec::new();
    let mut unanswered: Vec<Option<MessageId>> = vec![None; DEVICES];
    let mut cut_off = 0;
    for round in 0..KILLS {
        let (mut program, address) = start(&data);
        let killed = Arc::new(AtomicBool::new(false));
        let devices: Vec<_> = unanswered
            .drain(..)
            .map(|mut left_over| {
                let (address, cookie, killed) = (address.clone(), cookie.clone(), Arc::clone(&killed));
                thread::spawn(move || {
                    let answered = write_until_killed(&address, channel, &cookie, &mut left_over, &killed);
                    (answered, left_over)
                })
            })
            .collect();
        // Long enough that much is under way, each round at another point of it.
        thread::sleep(Duration::from_millis(20 + (round as u64 * 7) % 50));
        program.kill().expect("SIGKILL");
        program.wait().expect("it is gone");
        killed.store(true, Ordering::SeqCst);
        for device in devices {
            let (kept, left_over) = device.join().expect("a device");
            answered.extend(kept);
            cut_off += usize::from(left_over.is_some());
            unanswered.push(left_over);
        }
    }
    assert!(answered.len() > KILLS, "only {} messages were answered: no load", answered.len());
    assert!(cut_off > KILLS / 2, "only {cut_off} messages were cut off: the kills came at quiet moments");

    let store = open(&data);
    let (kept, entries) = store
        .read(move |reader| {
            let kept: Vec<(MessageId, i64)> = reader.all(
                "SELECT id, position FROM messages WHERE channel = $1 ORDER BY position",
                &[&channel],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            let entries: Vec<i64> =
                reader.all("SELECT seq FROM journal ORDER BY seq", &[], |row| row.get(0))?;
            Ok::<_, Error>((kept, entries))
        })
        .await
        .expect("what is left");
    let mut times: HashMap<MessageId, usize> = HashMap::new();
    for (id, _) in &kept {
        *times.entry(*id).or_default() += 1;
    }
    let lost: Vec<_> = answered.iter().filter(|id| !times.contains_key(id)).collect();
    assert!(lost.is_empty(), "answered as sent and lost: {lost:?}");
    assert!(times.values().all(|count| *count == 1), "a message is there twice");
    assert_eq!(
        kept.iter().map(|(_, position)| *position).collect::<Vec<_>>(),
        (1..=kept.len() as i64).collect::<Vec<_>>()
    );
    assert_eq!(entries, (1..=entries.len() as i64).collect::<Vec<_>>(), "the journal has a gap");
    println!("{} answered, {} kept, {cut_off} cut off, in {KILLS} kills", answered.len(), kept.len());
}
