//! A program that listens to the channel's events and, after every break, goes on behind the last one that it heard.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use crate::history::{Heard, Listening};
use crate::program::{Channel, id};

/// Between two tries to connect.
const PAUSE: Duration = Duration::from_millis(10);
/// Longer than a quiet stream is silent, or the portal away.
const PATIENCE: Duration = Duration::from_secs(60);

/// Listens until it has heard of the message `last`. `is_open` is called when the stream stands for the first time.
pub(crate) fn listen(channel: &Channel, last: Uuid, is_open: impl FnOnce()) -> Listening {
    let mut listening = Listening::default();
    let mut is_open = Some(is_open);
    let begun = Instant::now();
    let mut seq = None;
    loop {
        if let Some(stream) = connect(channel, seq) {
            // Without an event it does not know where to go on.
            if seq.is_none() {
                listening.open = channel.now();
            }
            if let Some(is_open) = is_open.take() {
                is_open();
            }
            if hear(stream, &mut seq, &mut listening.heard, last).is_some() {
                return listening;
            }
        }
        assert!(begun.elapsed() < PATIENCE * 5, "a stream never brings the last message");
        thread::sleep(PAUSE);
    }
}

/// A stream whose head has been read. As HTTP/1.0 its body is not cut into chunks.
fn connect(channel: &Channel, seq: Option<i64>) -> Option<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(&channel.host).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let resume = seq.map(|seq| format!("last-event-id: {seq}\r\n")).unwrap_or_default();
    let request = format!(
        "GET /v1/events?scope=workspace&channelId={} HTTP/1.0\r\nhost: {}\r\n{}\r\n{resume}\r\n",
        channel.id, channel.host, channel.credentials
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut stream = BufReader::new(stream);
    let status = line(&mut stream)?;
    while !line(&mut stream)?.is_empty() {}
    let status = status.split(' ').nth(1).expect("a status").to_string();
    assert!(["200", "503"].contains(&status.as_str()), "a stream was answered {status}");
    (status == "200").then_some(stream)
}

/// `None` when the connection breaks before the message `last` was heard of.
fn hear(
    mut stream: BufReader<TcpStream>,
    seq: &mut Option<i64>,
    heard: &mut Vec<Heard>,
    last: Uuid,
) -> Option<()> {
    let (mut number, mut name) = (None, String::new());
    loop {
        let line = line(&mut stream)?;
        if let Some(rest) = line.strip_prefix("id: ") {
            number = rest.parse().ok();
        } else if let Some(rest) = line.strip_prefix("event: ") {
            name = rest.to_string();
        } else if let Some(data) = line.strip_prefix("data: ") {
            assert_ne!(name, "reset", "the journal is whole");
            let Some(number) = number else { continue };
            // An event whose end was not heard is brought again.
            if !self::line(&mut stream)?.is_empty() {
                return None;
            }
            *seq = Some(number);
            let data: Value = serde_json::from_str(data).expect("JSON");
            let object = &data["object"];
            if !["message.sent", "message.updated", "message.deleted"].contains(&name.as_str()) {
                continue;
            }
            let is_deleted = !object["deletedAt"].is_null();
            let text = (!is_deleted).then(|| object["text"].as_str().expect("a text").to_string());
            let message = id(&object["id"]);
            heard.push(Heard { seq: number, name: name.clone(), message, text });
            if message == last {
                return Some(());
            }
        }
    }
}

fn line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8(line).ok()?;
    line.strip_suffix('\n').map(|line| line.trim_end_matches('\r').to_string())
}
