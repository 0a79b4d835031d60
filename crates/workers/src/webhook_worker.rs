//! Calls the firm's own programs (H1 to H6). It follows the journal for each webhook, which creates calls, and tries the calls
//! that are due. For each try, a read transaction renders the object as it is now; the call is made with no transaction
//! open; a write transaction records the outcome.
//!
//! Webhooks are independent: one that answers slowly or never delays no other. If a worker dies in between, its lease runs
//! out and the call is made again with the same id.

use std::collections::{HashMap, HashSet};
use std::future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Result};
use domain::kernel::ids::{CallId, WebhookId, WorkspaceId};
use domain::kernel::journal::Event;
use domain::notify::delivery::{Delivery, Kind};
use domain::notify::{deliveries, webhook_deliveries};
use domain::webhooks::call_attempts::{self, Outcome, Try, Verdict};
use domain::webhooks::calls::{self, PreparedCall};
use outbound::webhooks::{Answer, Call, CallError, Caller};
use serde_json::{Value, json};
use store::{Reader, Store, Time};
use tokio::sync::watch;
use tokio::task::{self, JoinError, JoinSet};

use crate::worker_loop::{self, Next, Work};

/// Simultaneous calls of one webhook.
const AT_ONCE: i64 = 4;
/// Webhooks that are called at the same time: no more sockets than a small machine can have.
const WEBHOOKS_AT_ONCE: usize = 32;
/// Other programs write to the journal too, and retries have no signal, so the database is polled.
const POLLED_EVERY: Duration = Duration::from_secs(1);
/// Shortest pause: events of this time are handled together.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// Renders what a program is told about an event: the event's name, and the object as `GET /v1/…` shows it now. `None` if it
/// is told nothing.
pub type EventPayload =
    Arc<dyn Fn(&Reader, &Actor, &Event) -> Result<Option<(&'static str, Value)>> + Send + Sync>;

/// Calls webhooks. Cheap to clone.
#[derive(Clone)]
pub struct WebhookWorker {
    store: Store,
    caller: Arc<Caller>,
    payload: EventPayload,
}

/// A prepared try.
struct Ready {
    delivery: Delivery,
    webhook: WebhookId,
    id: CallId,
    call: Call,
}

impl WebhookWorker {
    /// A worker that calls through `caller` and renders events with `payload`.
    pub fn new(store: Store, caller: Arc<Caller>, payload: EventPayload) -> WebhookWorker {
        WebhookWorker { store, caller, payload }
    }

    /// Does some of what is due and returns how much: journal entries read plus calls tried; 0 if nothing is due.
    ///
    /// After an error, calls that were taken are taken again when their lease has run out.
    pub async fn step(&self) -> Result<usize> {
        let mut done = self.follow().await?;
        let mut calling = JoinSet::new();
        for (workspace, webhook) in self.store.read(calls::due).await? {
            let worker = self.clone();
            calling.spawn(async move { worker.call_due(workspace, webhook).await });
        }
        while let Some(ended) = calling.join_next().await {
            match ended {
                Ok(tried) => done += tried,
                Err(error) => tracing::error!(%error, "calls were given up half-way; they are made again"),
            }
        }
        Ok(done)
    }

    /// Calls webhooks until `stop` is true or its sender is dropped, then finishes the calls that it has started.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        worker_loop::run(Calling { worker: self, tasks: JoinSet::new(), busy: HashMap::new() }, stop).await;
    }

    /// Creates calls from new journal entries, for each webhook separately.
    async fn follow(&self) -> Result<usize> {
        let mut followed = 0;
        for (workspace, webhook) in self.store.read(calls::behind).await? {
            match self.store.write(move |tx| calls::enqueue_calls(tx, workspace, webhook)).await {
                Ok(entries) => followed += entries,
                Err(error) => {
                    error.log(format_args!("the journal cannot be followed for webhook {webhook}"));
                }
            }
        }
        Ok(followed)
    }

    /// Tries some of a webhook's due calls and returns how many.
    async fn call_due(&self, workspace: WorkspaceId, webhook: WebhookId) -> usize {
        let claim = self
            .store
            .write(move |tx| webhook_deliveries::claim_calls(tx, workspace, webhook, AT_ONCE))
            .await;
        let claimed = claim.unwrap_or_else(|error: Error| {
            error.log(format_args!("calls of webhook {webhook} that are due cannot be taken"));
            Vec::new()
        });
        let count = claimed.len();
        let mut trying = JoinSet::new();
        for delivery in claimed {
            let worker = self.clone();
            trying.spawn(async move { worker.try_one(webhook, delivery).await });
        }
        while let Some(ended) = trying.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%webhook, %error, "a call was given up half-way; it is made again");
            }
        }
        count
    }

    /// Prepares, makes and records one try.
    async fn try_one(&self, webhook: WebhookId, delivery: Delivery) {
        let id = delivery.id;
        match self.tried(webhook, delivery).await {
            Ok(None) => tracing::info!(delivery = %id, %webhook, "dropped: the webhook is off or gone"),
            Ok(Some(Outcome::Taken)) => tracing::info!(delivery = %id, %webhook, "a call was taken"),
            Ok(Some(Outcome::Again(next))) => {
                tracing::warn!(delivery = %id, %webhook, next_ms = next.0, "a call was not taken; it is made again");
            }
            Ok(Some(Outcome::GivenUp)) => {
                tracing::error!(delivery = %id, %webhook, "a call was not taken, and is made no more");
            }
            Err(error) => {
                tracing::warn!(delivery = %id, %webhook, %error, "a call cannot be made or recorded; it is made again");
            }
        }
    }

    async fn tried(&self, webhook: WebhookId, delivery: Delivery) -> Result<Option<Outcome>> {
        let Some(ready) = self.prepare(webhook, delivery).await? else { return Ok(None) };
        let began = Instant::now();
        let answer = self.caller.call(&ready.call).await;
        self.record(ready, answer, began.elapsed()).await.map(Some)
    }

    async fn prepare(&self, webhook: WebhookId, delivery: Delivery) -> Result<Option<Ready>> {
        let Kind::Webhook(id) = delivery.kind else { return Ok(None) };
        let (workspace, payload) = (delivery.workspace, Arc::clone(&self.payload));
        let call = self
            .store
            .read(move |reader| {
                let Some(prepared) = calls::prepare(reader, workspace, id)? else { return Ok(None) };
                written(reader, &prepared, &payload).map(Some)
            })
            .await?;
        let Some(call) = call else {
            self.store.write(move |tx| deliveries::dropped(tx, &delivery, "switched off")).await?;
            return Ok(None);
        };
        Ok(Some(Ready { delivery, webhook, id, call }))
    }

    async fn record(
        &self,
        ready: Ready,
        answer: std::result::Result<Answer, CallError>,
        took: Duration,
    ) -> Result<Outcome> {
        let verdict = match &answer {
            Ok(answer) if answer.is_yes() => Verdict::Taken,
            Ok(answer) if answer.is_gone() => Verdict::Gone,
            Ok(_) | Err(_) => Verdict::NotNow,
        };
        let (status, said) = match answer {
            Ok(answer) => (Some(answer.status), answer.text),
            Err(error) => (None, error.0),
        };
        let Ready { delivery, webhook, id, .. } = ready;
        self.store
            .write(move |tx| {
                let tried = Try { at: tx.now(), took, status, said: said.clone() };
                call_attempts::record(tx, &delivery, webhook, id, &tried, verdict)
            })
            .await
    }
}

/// The worker's loop, with the webhooks that it is calling.
struct Calling {
    worker: WebhookWorker,
    tasks: JoinSet<usize>,
    busy: HashMap<task::Id, WebhookId>,
}

impl Calling {
    /// Starts calling due webhooks that are not being called already, as far as there is room.
    fn start(&mut self, due: Vec<(WorkspaceId, WebhookId)>) {
        let called: HashSet<WebhookId> = self.busy.values().copied().collect();
        let room = WEBHOOKS_AT_ONCE.saturating_sub(called.len());
        for (workspace, webhook) in
            due.into_iter().filter(|(_, webhook)| !called.contains(webhook)).take(room)
        {
            let worker = self.worker.clone();
            let task = self.tasks.spawn(async move { worker.call_due(workspace, webhook).await });
            self.busy.insert(task.id(), webhook);
        }
    }

    fn note_end(&mut self, ended: std::result::Result<(task::Id, usize), JoinError>) {
        let task = match ended {
            Ok((task, _)) => task,
            Err(error) => {
                tracing::error!(%error, "calls were given up half-way; they are made again");
                error.id()
            }
        };
        self.busy.remove(&task);
    }
}

impl Work for Calling {
    const FAILURE: &'static str = "webhooks that are due cannot be looked for";
    const RETRY: Next = Next::OnWrite(POLLED_EVERY);
    const GATHER: Duration = PAUSE_MIN;

    fn store(&self) -> &Store {
        &self.worker.store
    }

    async fn turn(&mut self) -> Result<Next> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.note_end(ended);
        }
        let followed = self.worker.follow().await.unwrap_or_else(|error| {
            error.log("the journal cannot be followed for webhooks");
            0
        });
        let due = self.worker.store.read(calls::due).await?;
        self.start(due);
        Ok(Next::OnWrite(if followed > 0 { PAUSE_MIN } else { POLLED_EVERY }))
    }

    async fn task_ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.note_end(ended),
            None => future::pending().await,
        }
    }

    async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The call as it is sent, in the form that Standard Webhooks recommends.
fn written(reader: &Reader, prepared: &PreparedCall, payload: &EventPayload) -> Result<Call> {
    let object = payload(reader, &prepared.actor, &prepared.event)?.map(|(_, object)| object);
    let mut data = json!({ "workspaceId": prepared.actor.workspace, "object": object });
    if let Some(channel) = prepared.event.channel() {
        data["channelId"] = json!(channel);
    }
    let body = json!({ "type": prepared.kind, "timestamp": in_words(prepared.at), "data": data });
    Ok(Call {
        id: prepared.id.to_string(),
        url: prepared.url.clone(),
        secret: prepared.secret.clone(),
        timestamp: reader.now().0.div_euclid(1_000),
        body: body.to_string(),
    })
}

/// RFC 3339 in UTC with milliseconds.
fn in_words(time: Time) -> String {
    let at = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    format!("{at:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h2_times_are_written_with_milliseconds() {
        assert_eq!(in_words(Time(1_767_603_600_000)), "2026-01-05T09:00:00.000Z");
        assert_eq!(in_words(Time(1_767_603_600_007)), "2026-01-05T09:00:00.007Z");
    }
}
