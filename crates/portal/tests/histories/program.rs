//! A program at work in one channel: it sends, edits, deletes and reads at random, and writes down what it was answered.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::connection::{Answer, Connection};
use crate::history::{Action, Moment, NEVER, Operation, Outcome, Shown};

/// Between two tries to reach the portal.
const PAUSE: Duration = Duration::from_millis(5);
/// Longer than it is ever away.
const PATIENCE: Duration = Duration::from_secs(60);
/// Messages of one page of a whole list, few enough for several pages.
const PAGE: usize = 200;

/// The channel that everybody works in.
pub(crate) struct Channel {
    pub(crate) host: String,
    pub(crate) credentials: String,
    pub(crate) id: Uuid,
    /// The client user whose read position is moved.
    pub(crate) reader: Uuid,
    pub(crate) begun: Instant,
    /// Operations still to be begun.
    pub(crate) left: AtomicUsize,
    /// Messages that somebody has sent, or is sending now.
    pub(crate) known: Mutex<Vec<(Uuid, String)>>,
}

impl Channel {
    pub(crate) fn now(&self) -> Moment {
        Moment::try_from(self.begun.elapsed().as_nanos()).expect("less than 500 years")
    }

    /// Waits until the portal takes connections.
    pub(crate) fn connect(&self) -> Connection<'_> {
        let begun = Instant::now();
        loop {
            if let Some(connection) = Connection::open(&self.host, &self.credentials) {
                return connection;
            }
            assert!(begun.elapsed() < PATIENCE, "the portal does not come back");
            thread::sleep(PAUSE);
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Vec<(Uuid, String)>> {
        self.known.lock().expect("nobody panicked")
    }
}

pub(crate) struct Program<'a> {
    channel: &'a Channel,
    random: fastrand::Rng,
    connection: Connection<'a>,
    operations: Vec<Operation>,
    texts: usize,
    number: usize,
}

impl<'a> Program<'a> {
    pub(crate) fn new(channel: &'a Channel, number: usize, seed: u64) -> Program<'a> {
        Program {
            channel,
            random: fastrand::Rng::with_seed(seed),
            connection: channel.connect(),
            operations: Vec::new(),
            texts: 0,
            number,
        }
    }

    /// Works until enough was done by all together.
    pub(crate) fn work(mut self) -> Vec<Operation> {
        let left = &self.channel.left;
        while left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            let action = self.choose();
            self.perform(action);
        }
        self.operations
    }

    fn choose(&mut self) -> Action {
        let known = self.channel.known();
        let newest = known.last().cloned();
        // Mostly recent ones, so that several programs meet at the same message.
        let recent = known.len().saturating_sub(20);
        let any = if known.is_empty() { None } else { Some(known[self.random.usize(recent..known.len())].0) };
        drop(known);
        match (self.random.u8(..100), any, newest) {
            (0..15, Some(message), _) => Action::Edit { message, text: self.text() },
            (15..19, Some(message), _) => Action::Delete { message },
            (19..30, Some(message), _) => Action::Look { message },
            (30..38, Some(message), _) => Action::Read { message },
            (38..48, Some(_), _) => Action::List { is_whole: false },
            (48..50, Some(_), _) => Action::List { is_whole: true },
            // What another program is sending at this moment.
            (50..60, _, Some((message, text))) => Action::Send { message, text },
            _ => {
                let (message, text) = (Uuid::now_v7(), self.text());
                self.channel.known().push((message, text.clone()));
                Action::Send { message, text }
            }
        }
    }

    /// A text that nobody else writes.
    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {} of {}", self.texts, self.number)
    }

    fn perform(&mut self, action: Action) {
        let begun = self.channel.now();
        let outcome = self.attempt(&action);
        let ended = if matches!(outcome, Outcome::Unknown) { NEVER } else { self.channel.now() };
        let is_lost = ended == NEVER && matches!(action, Action::Send { .. });
        self.operations.push(Operation { begun, ended, action: action.clone(), outcome });
        // Most devices send it again until they know; some never come back.
        if is_lost && self.random.u8(..10) > 0 {
            self.perform(action);
        }
    }

    fn attempt(&mut self, action: &Action) -> Outcome {
        let channel = self.channel.id;
        let (request, body) = match action {
            Action::Send { message, text } => {
                ("POST /v1/messages".to_string(), json!({"id": message, "channelId": channel, "text": text}))
            }
            Action::Edit { message, text } => {
                (format!("PATCH /v1/messages/{message}"), json!({"text": text}))
            }
            Action::Delete { message } => (format!("DELETE /v1/messages/{message}"), Value::Null),
            Action::Look { message } => (format!("GET /v1/messages/{message}"), Value::Null),
            Action::Read { message } => (
                format!("POST /v1/message-channels/{channel}/read"),
                json!({"messageId": message, "readerId": self.channel.reader}),
            ),
            Action::List { is_whole } => return self.list(*is_whole),
        };
        let answer = match self.ask(&request, &body) {
            Ok(answer) => answer,
            Err(outcome) => return outcome,
        };
        Outcome::Done(match action {
            Action::Delete { message } => {
                vec![Shown { message: *message, text: None, is_seen: false }]
            }
            Action::Read { .. } => Vec::new(),
            _ => vec![shown(&answer, self.channel.reader)],
        })
    }

    /// The newest messages, or all of them, newest first.
    fn list(&mut self, is_whole: bool) -> Outcome {
        let mut all = Vec::new();
        let mut token = String::new();
        let limit = if is_whole { PAGE } else { self.random.usize(1..=50) };
        loop {
            let request =
                format!("GET /v1/messages?channelId={}&limit={limit}&nextToken={token}", self.channel.id);
            let page = match self.ask(&request, &Value::Null) {
                Ok(page) => page,
                Err(outcome) => return outcome,
            };
            let messages = page["data"].as_array().expect("a list");
            all.extend(messages.iter().map(|message| shown(message, self.channel.reader)));
            match page["nextToken"].as_str() {
                Some(next) if is_whole => token = next.to_string(),
                _ => return Outcome::Done(all),
            }
        }
    }

    /// Performs one action until it is answered.
    pub(crate) fn insist(mut self, action: &Action) -> (Vec<Operation>, Vec<Shown>) {
        while !self.operations.last().is_some_and(Operation::is_done) {
            self.perform(action.clone());
        }
        let end = self.end();
        (self.operations, end)
    }

    /// All messages, the oldest first, when nobody works any more.
    fn end(&mut self) -> Vec<Shown> {
        let begun = Instant::now();
        loop {
            if let Outcome::Done(mut all) = self.list(true) {
                all.reverse();
                return all;
            }
            assert!(begun.elapsed() < PATIENCE, "the channel can't be read");
            thread::sleep(PAUSE);
        }
    }

    /// The answer to a call that was done; what it means for the history otherwise.
    fn ask(&mut self, request: &str, body: &Value) -> Result<Value, Outcome> {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let headers = [("content-type", "application/json")];
        let Some(Answer { status, body, .. }) = self.connection.request(request, &headers, &bytes) else {
            self.connection = self.channel.connect();
            return Err(Outcome::Unknown);
        };
        match status {
            200 => Ok(serde_json::from_slice(&body).expect("JSON")),
            // The database is away: whether it was kept is not known.
            503 => {
                thread::sleep(PAUSE);
                Err(Outcome::Unknown)
            }
            status => Err(Outcome::Refused(status)),
        }
    }
}

/// A message as the API shows it.
fn shown(message: &Value, reader: Uuid) -> Shown {
    let is_deleted = !message["deletedAt"].is_null();
    let seen_by = message["seenBy"].as_array().into_iter().flatten();
    Shown {
        message: id(&message["id"]),
        text: (!is_deleted).then(|| message["text"].as_str().expect("a text").to_string()),
        is_seen: seen_by.filter(|seen| id(&seen["id"]) == reader).count() > 0,
    }
}

pub(crate) fn id(value: &Value) -> Uuid {
    value.as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("not an id: {value}"))
}
