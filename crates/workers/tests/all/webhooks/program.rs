//! A program that is told what happens in a firm, in memory, at a time that a test turns.

use std::sync::Arc;

use domain::channels::starting::{self, Subject};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{CallId, ChannelId, MessageId, WebhookId};
use domain::kernel::journal::Event;
use domain::messages::sending::{self, Draft};
use domain::messages::{editing, message};
use domain::webhooks::call_history::{self, Call as Shown};
use domain::webhooks::webhook::{self, EventFilter};
use outbound::webhooks::{Answer, CallError, Caller, Memory};
use store::Reader;
use workers::{Sweeper, WebhookWorker};

use crate::support::PostOffice;

pub(crate) struct Program {
    pub(crate) office: PostOffice,
    pub(crate) calls: Memory,
    pub(crate) worker: WebhookWorker,
    pub(crate) channel: ChannelId,
}

pub(crate) fn yes() -> Answer {
    Answer { status: 200, text: "yes".to_string() }
}

pub(crate) fn no(status: u16) -> Result<Answer, CallError> {
    Ok(Answer { status, text: "no".to_string() })
}

impl Program {
    pub(crate) async fn open() -> Program {
        let office = PostOffice::open().await;
        let bo = office.client("Bo").await;
        let ada = office.ada;
        let channel = office.write(move |tx| starting::create(tx, &ada, &Subject::Client(bo))).await;
        let calls = Memory::default();
        let worker = Program::worker(&office, &calls);
        Program { office, calls, worker, channel }
    }

    /// Another worker for the same database, as after a start.
    pub(crate) fn worker(office: &PostOffice, calls: &Memory) -> WebhookWorker {
        let caller = Arc::new(Caller::Memory(calls.clone()));
        WebhookWorker::new(office.store.clone(), caller, Arc::new(shown))
    }

    pub(crate) async fn make(&self, url: &str, events: &[&str]) -> WebhookId {
        let words: Vec<String> = events.iter().map(|word| word.to_string()).collect();
        let (ada, url, events) =
            (self.office.ada, url.to_string(), EventFilter::new("events", &words).unwrap());
        self.office.write(move |tx| webhook::create(tx, &ada, &url, &events)).await.0.id
    }

    pub(crate) async fn says(&self, text: &str) -> MessageId {
        let (ada, id) = (self.office.ada, MessageId::new(self.office.now()));
        let text = text.to_string();
        let draft = Draft { id, channel: self.channel, text, attachments: Vec::new(), shown: None };
        self.office.write(move |tx| sending::send(tx, &ada, &draft)).await;
        id
    }

    pub(crate) async fn edit(&self, message: MessageId, text: &str) {
        let (ada, text) = (self.office.ada, text.to_string());
        self.office.write(move |tx| editing::edit(tx, &ada, message, &text)).await;
    }

    /// Steps until nothing is to be done.
    pub(crate) async fn settle(&self) {
        while self.worker.step().await.unwrap() > 0 {}
    }

    /// Where each call went, and of what it told, since this was asked last; sorted, as calls may overtake each other.
    pub(crate) fn told(&self) -> Vec<(String, String, String)> {
        let told = self.calls.take().into_iter().map(|call| {
            let body: serde_json::Value = serde_json::from_str(&call.body).unwrap();
            let word =
                |at: &str| body.pointer(at).and_then(|word| word.as_str()).unwrap_or_default().to_string();
            (call.url, word("/type"), word("/data/object/text"))
        });
        let mut told: Vec<_> = told.collect();
        told.sort();
        told
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.told().into_iter().map(|told| told.2).collect()
    }

    pub(crate) async fn list(&self, webhook: WebhookId) -> Vec<Shown> {
        let ada = self.office.ada;
        self.office.read(move |reader| call_history::list(reader, &ada, webhook, None, 1_000)).await
    }

    pub(crate) async fn again(&self, webhook: WebhookId, call: CallId) -> error::Result<()> {
        let ada = self.office.ada;
        self.office.store.write(move |tx| call_history::again(tx, &ada, webhook, call)).await
    }

    pub(crate) async fn state(&self, webhook: WebhookId) -> webhook::Webhook {
        let ada = self.office.ada;
        self.office.read(move |reader| webhook::find(reader, &ada, webhook)).await
    }

    pub(crate) async fn sweep(&self) {
        Sweeper::new(self.office.store.clone()).step().await.unwrap();
    }

    pub(crate) async fn rows(&self, table: &'static str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.office.read(move |reader| Ok(reader.one(&sql, &[], |row| row.get(0))?)).await
    }
}

/// A message's id and text; of anything else what the journal says, under each name.
fn shown(
    reader: &Reader,
    actor: &Actor,
    event: &Event,
) -> error::Result<Option<(&'static str, serde_json::Value)>> {
    let object = match event {
        Event::MessageSent { channel, position, .. } => {
            let message = message::at(reader, actor.workspace, *channel, *position)?;
            let message = message.ok_or(error::Error::NotFound)?;
            serde_json::json!({ "id": message.id, "text": message.text })
        }
        _ => serde_json::json!({ "kind": event.kind() }),
    };
    Ok(webhook::event_kind(event).map(|kind| (kind, object)))
}
