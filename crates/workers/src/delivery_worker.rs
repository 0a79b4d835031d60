//! Sends mails and texts that are due. For each delivery, one short transaction decides whether it is still wanted and makes
//! its code and link; it is sent with no transaction open; another transaction records the outcome.
//!
//! If a worker dies in between, its lease runs out and the mail is sent again with the same Message-ID.

use std::future;
use std::sync::Arc;
use std::time::Duration;

use domain::arrival::{invitations, sign_in};
use domain::kernel::error::Result;
use domain::kernel::medium::Medium;
use domain::notify::delivery::{Delivery, Kind};
use domain::notify::digests::{self, Prepared};
use domain::notify::{bounces, deliveries, phone_settings, reply_links, sms_keywords};
use domain::webhooks::webhook;
use domain::welcome::setting;
use outbound::mail::{Mail, MailError, MailErrorKind, Mailer};
use outbound::text::{Text, TextError, TextErrorKind, Texter};
use store::{Store, Time};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::digest_text::DigestText;
use crate::mail::MailComposer;
use crate::texts;
use crate::worker_loop::{self, Next, Work};

/// Deliveries sent at the same time by default: few enough for a slow mail server, enough that one mail does not wait for
/// another.
pub const DELIVERIES_AT_ONCE: usize = 8;
/// Time limit for one delivery: its outcome must be recorded before the lease runs out.
const SEND_MAX: Duration = Duration::from_secs(90);
/// Deliveries have no journal entry, and other programs create them too, so the database is polled.
const POLLED_EVERY: Duration = Duration::from_secs(1);
/// Shortest pause, so that the worker never spins.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// Sends due deliveries. Cheap to clone.
#[derive(Clone)]
pub struct DeliveryWorker {
    store: Store,
    mailer: Arc<Mailer>,
    texter: Arc<Texter>,
    composer: Arc<MailComposer>,
    at_once: usize,
}

/// A prepared delivery.
enum Ready {
    Mail(Box<Mail>),
    Text(Text),
    /// Nothing to send, which is already recorded.
    Not(Outcome),
}

/// Why a mail or text was not sent. `reason` is for operators.
#[derive(Clone)]
struct Refused {
    reason: String,
    meaning: Meaning,
}

/// What a refusal means for the delivery.
#[derive(Clone)]
enum Meaning {
    /// Worth another try.
    ForNow,
    /// Final.
    ForGood,
    /// Final, for every mail to this address.
    Bounced(String),
    /// Final, for every text to this number: its owner opted out.
    Unsubscribed(String),
}

/// How a delivery ended.
enum Outcome {
    Sent,
    Dropped,
    /// Postponed until this time: the recipient has quiet hours.
    Held(Time),
    /// Tried again at this time.
    FailedForNow(Time),
    Failed,
}

impl DeliveryWorker {
    /// `public_url` is what links begin with; `mail_from` is the sender's address.
    pub fn new(
        store: Store,
        mailer: Arc<Mailer>,
        texter: Arc<Texter>,
        public_url: &str,
        mail_from: &str,
    ) -> DeliveryWorker {
        let composer = Arc::new(MailComposer::new(public_url, mail_from));
        DeliveryWorker { store, mailer, texter, composer, at_once: DELIVERIES_AT_ONCE }
    }

    /// The same worker, sending at most this many deliveries at the same time; at least one.
    pub fn at_once(self, most: usize) -> DeliveryWorker {
        DeliveryWorker { at_once: most.max(1), ..self }
    }

    /// Sends some of the deliveries that are due and returns how many it took; 0 if none are due.
    ///
    /// After an error, deliveries that were taken are taken again when their lease has run out.
    pub async fn step(&self) -> Result<usize> {
        let mut sending = JoinSet::new();
        let count = self.take(&mut sending).await?;
        while let Some(ended) = sending.join_next().await {
            note_end(ended);
        }
        Ok(count)
    }

    /// Starts sending due deliveries, as far as there is room, and returns how many.
    async fn take(&self, sending: &mut JoinSet<()>) -> Result<usize> {
        let room = self.at_once.saturating_sub(sending.len());
        // A read first: a write transaction for each signal of a busy portal would block others.
        let now = self.store.clock().now();
        let next = self.store.read(deliveries::next_due).await?;
        if room == 0 || next.is_none_or(|next| next > now) {
            return Ok(0);
        }
        let most = i64::try_from(room).expect("room for deliveries is far below 2^63");
        let claimed = self.store.write(move |tx| deliveries::claim(tx, most)).await?;
        let count = claimed.len();
        for delivery in claimed {
            let worker = self.clone();
            sending.spawn(async move { worker.deliver(delivery).await });
        }
        Ok(count)
    }

    /// Sends due deliveries until `stop` is true or its sender is dropped, then finishes those that it has started.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        worker_loop::run(Sending { worker: self, tasks: JoinSet::new() }, stop).await;
    }

    async fn pause(&self) -> Duration {
        let next = self.store.read(deliveries::next_due).await.ok().flatten();
        let until = next.map_or(POLLED_EVERY, |next| next.since(self.store.clock().now()));
        until.clamp(PAUSE_MIN, POLLED_EVERY)
    }

    /// Prepares, sends and records one delivery.
    async fn deliver(&self, delivery: Delivery) {
        match self.try_to_deliver(&delivery).await {
            Ok(Outcome::Sent) => tracing::info!(delivery = %delivery.id, kind = delivery.kind.word(), "sent"),
            Ok(Outcome::Dropped) => {
                tracing::info!(delivery = %delivery.id, kind = delivery.kind.word(), "dropped: no longer wanted");
            }
            Ok(Outcome::Held(until)) => {
                tracing::info!(delivery = %delivery.id, kind = delivery.kind.word(), until_ms = until.0, "held: quiet hours");
            }
            Ok(Outcome::FailedForNow(next)) => tracing::warn!(
                delivery = %delivery.id, kind = delivery.kind.word(), tries = delivery.tries, next_ms = next.0,
                "failed for now"
            ),
            Ok(Outcome::Failed) => tracing::error!(
                delivery = %delivery.id, kind = delivery.kind.word(), tries = delivery.tries, "failed for good"
            ),
            Err(error) => tracing::warn!(
                delivery = %delivery.id, %error, "how a delivery went cannot be recorded; it is tried again"
            ),
        }
    }

    async fn try_to_deliver(&self, delivery: &Delivery) -> Result<Outcome> {
        let sent = match self.prepare(delivery).await? {
            Ready::Mail(mail) => self.send_mail(&mail).await,
            Ready::Text(text) => self.send_text(text).await,
            Ready::Not(outcome) => return Ok(outcome),
        };
        self.record(delivery, sent).await
    }

    async fn send_mail(&self, mail: &Mail) -> std::result::Result<(), Refused> {
        match tokio::time::timeout(SEND_MAX, self.mailer.send(mail)).await {
            Ok(sent) => sent.map_err(|error| Refused::mail(error, &mail.to.address)),
            Err(_) => Err(Refused::late("mail")),
        }
    }

    async fn send_text(&self, text: Text) -> std::result::Result<(), Refused> {
        match tokio::time::timeout(SEND_MAX, self.texter.send(&text)).await {
            Ok(sent) => sent.map_err(|error| Refused::text(error, text.to)),
            Err(_) => Err(Refused::late("text")),
        }
    }

    /// Prepares the mail or text, with a code and a link of its own.
    async fn prepare(&self, delivery: &Delivery) -> Result<Ready> {
        let (composer, delivery) = (Arc::clone(&self.composer), delivery.clone());
        self.store
            .write(move |tx| {
                let mail = |mail| Ready::Mail(Box::new(mail));
                let mut why = "no longer wanted";
                let ready = match delivery.kind {
                    Kind::SignIn(sign_in) => sign_in::prepare_mail(tx, delivery.workspace, sign_in)?
                        .map(|prepared| mail(composer.sign_in(delivery.id, tx.now(), &prepared))),
                    Kind::Invitation => {
                        invitations::prepare_invitation(tx, delivery.workspace, delivery.person)?
                            .map(|prepared| mail(composer.invitation(delivery.id, tx.now(), &prepared)))
                    }
                    Kind::FreshLink(id) => reply_links::prepare_fresh(tx, delivery.workspace, id)?
                        .map(|prepared| mail(composer.fresh_link(delivery.id, tx.now(), &prepared))),
                    Kind::PreparedSignerMissing(before) => {
                        setting::prepare_missing(tx, delivery.workspace, delivery.person, before)?
                            .map(|prepared| mail(composer.signer_missing(delivery.id, tx.now(), &prepared)))
                    }
                    Kind::WebhookOff(id) => {
                        webhook::prepare_note(tx, delivery.workspace, id, delivery.person)?
                            .map(|prepared| mail(composer.webhook_off(delivery.id, tx.now(), &prepared)))
                    }
                    // Taken by the webhook worker, never by this one.
                    Kind::Webhook(_) => None,
                    Kind::PhoneCode => phone_settings::prepare_code(tx, delivery.workspace, delivery.person)?
                        .map(|prepared| Ready::Text(texts::code(delivery.id, &prepared))),
                    Kind::DigestMail(id) => {
                        match digests::prepare(tx, delivery.workspace, id, Medium::Email)? {
                            Prepared::Digest(digest) => Some(mail(composer.digest(tx.now(), &digest))),
                            Prepared::Dropped(reason) => {
                                why = reason;
                                None
                            }
                        }
                    }
                    Kind::DigestText(id) => match composer.digest_text(tx, &delivery, id)? {
                        DigestText::Text(text) => Some(Ready::Text(text)),
                        DigestText::HeldUntil(until) => {
                            deliveries::held(tx, &delivery, until)?;
                            return Ok(Ready::Not(Outcome::Held(until)));
                        }
                        DigestText::Dropped(reason) => {
                            why = reason;
                            None
                        }
                    },
                };
                let Some(ready) = ready else {
                    deliveries::dropped(tx, &delivery, why)?;
                    return Ok(Ready::Not(Outcome::Dropped));
                };
                Ok(ready)
            })
            .await
    }

    async fn record(&self, delivery: &Delivery, sent: std::result::Result<(), Refused>) -> Result<Outcome> {
        let delivery = delivery.clone();
        self.store
            .write(move |tx| {
                let Err(Refused { reason, meaning }) = sent else {
                    deliveries::sent(tx, &delivery)?;
                    return Ok(Outcome::Sent);
                };
                match meaning {
                    Meaning::ForNow => {
                        let next = deliveries::failed_for_now(tx, &delivery, &reason)?;
                        return Ok(next.map_or(Outcome::Failed, Outcome::FailedForNow));
                    }
                    Meaning::ForGood => {}
                    Meaning::Bounced(address) => bounces::record_bounce(tx, &delivery, &address, &reason)?,
                    Meaning::Unsubscribed(number) => sms_keywords::unsubscribed(tx, &number)?,
                }
                deliveries::failed(tx, &delivery, &reason)?;
                Ok(Outcome::Failed)
            })
            .await
    }
}

/// The worker's loop, with the deliveries that it is sending.
struct Sending {
    worker: DeliveryWorker,
    tasks: JoinSet<()>,
}

impl Work for Sending {
    const FAILURE: &'static str = "deliveries cannot be looked for";
    const RETRY: Next = Next::OnWrite(POLLED_EVERY);

    fn store(&self) -> &Store {
        &self.worker.store
    }

    async fn turn(&mut self) -> Result<Next> {
        // All that have ended make room at once, so that one transaction takes as many.
        while let Some(ended) = self.tasks.try_join_next() {
            note_end(ended);
        }
        if self.worker.take(&mut self.tasks).await? > 0 {
            return Ok(Next::AtOnce);
        }
        let has_room = self.tasks.len() < self.worker.at_once;
        Ok(Next::OnWrite(if has_room { self.worker.pause().await } else { POLLED_EVERY }))
    }

    async fn task_ended(&mut self) {
        match self.tasks.join_next().await {
            Some(ended) => note_end(ended),
            None => future::pending().await,
        }
    }

    async fn finish(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            note_end(ended);
        }
    }
}

fn note_end(ended: std::result::Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a delivery was given up half-way; it is tried again");
    }
}

impl Refused {
    fn late(what: &str) -> Refused {
        Refused { reason: format!("the {what} server takes too long"), meaning: Meaning::ForNow }
    }

    fn mail(error: MailError, address: &str) -> Refused {
        let meaning = match error.kind {
            MailErrorKind::Temporary => Meaning::ForNow,
            MailErrorKind::Permanent => Meaning::ForGood,
            MailErrorKind::NoMailbox => Meaning::Bounced(address.to_string()),
        };
        Refused { reason: error.cause, meaning }
    }

    fn text(error: TextError, number: String) -> Refused {
        let meaning = match error.kind {
            TextErrorKind::Temporary => Meaning::ForNow,
            TextErrorKind::Permanent => Meaning::ForGood,
            TextErrorKind::Unsubscribed => Meaning::Unsubscribed(number),
        };
        Refused { reason: error.cause, meaning }
    }
}
