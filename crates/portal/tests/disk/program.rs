//! The program on a disk, and what it answers.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;

use domain::kernel::ids::{ChannelId, MessageId};
use serde_json::Value;
use store::Clock;

use crate::connection::Connection;

/// Somebody who posts.
pub(crate) struct Poster {
    pub(crate) channel: ChannelId,
    pub(crate) cookie: String,
    /// The messages that were answered as sent.
    pub(crate) answered: Mutex<BTreeSet<MessageId>>,
}

impl Poster {
    /// Sends a message; the status, or `None` if the program is gone.
    pub(crate) fn post(&self, connection: &mut Connection<'_>) -> Option<u16> {
        let id = MessageId::new(Clock::System.now());
        let body = format!("{{\"id\":\"{id}\",\"text\":\"{id}\"}}");
        let headers = [("content-type", "application/json")];
        let answer =
            connection.request(&format!("POST /messages/{}", self.channel), &headers, body.as_bytes())?;
        let code =
            || serde_json::from_slice::<Value>(&answer.body).ok()?["code"].as_str().map(str::to_string);
        match answer.status {
            200 => drop(self.answered.lock().expect("nobody panics").insert(id)),
            503 => assert_eq!(code().as_deref(), Some("unavailable")),
            507 => assert_eq!(code().as_deref(), Some("storageFull")),
            _ => drop(answer.is(200)),
        }
        Some(answer.status)
    }

    /// Sends `count` messages to a program; the last status.
    pub(crate) fn post_to(&self, program: &Program, count: usize) -> Option<u16> {
        let mut connection = Connection::open(&program.host, &self.cookie)?;
        let mut status = None;
        for _ in 0..count {
            status = Some(self.post(&mut connection)?);
        }
        status
    }
}

/// A running portal.
pub(crate) struct Program {
    child: Child,
    pub(crate) host: String,
    errors: thread::JoinHandle<String>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    /// What it wrote to standard error.
    pub(crate) errors: String,
}

impl Program {
    /// Starts it, unless it ends before it listens.
    pub(crate) fn start(data: &Path) -> Result<Program, Ended> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portal"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "error", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut errors = child.stderr.take().expect("its errors");
        let errors = thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).expect("text");
            text
        });
        let host =
            lines.by_ref().find_map(|line| Some(line.ok()?.split_once("http://")?.1.trim().to_string()));
        // All other output is read too, so that it never blocks on a full pipe.
        thread::spawn(move || lines.for_each(drop));
        let program = Program { child, host: host.clone().unwrap_or_default(), errors };
        if host.is_none() { Err(program.ended()) } else { Ok(program) }
    }

    pub(crate) fn status_of(&self, path: &str) -> u16 {
        let mut connection = Connection::open(&self.host, "").expect("a connection");
        connection.request(&format!("GET {path}"), &[], &[]).expect("an answer").status
    }

    /// Sends it a signal, if it still runs.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &id]).stderr(Stdio::null()).status();
        sent.expect("kill runs");
    }

    /// Tells it to stop, if it still runs, and waits for the end.
    pub(crate) fn stop(self) -> Ended {
        self.signal("TERM");
        self.ended()
    }

    pub(crate) fn ended(mut self) -> Ended {
        let status = self.child.wait().expect("its status").code();
        Ended { status, errors: self.errors.join().expect("its errors") }
    }
}
