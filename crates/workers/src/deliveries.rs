//! Sends what is due. For each delivery: one short transaction that decides whether it is still wanted and makes its
//! code and link, then the sending with no transaction open, then one that records how it went.
//!
//! A worker that dies in between leaves a lease that runs out; the mail is then sent again under the same Message-ID.

use std::sync::Arc;
use std::time::Duration;

use domain::deliveries::{self, Delivery, Kind};
use domain::{Result, links, sign_ins};
use outbound::mail::{Mail, MailError, Mailer};
use store::{Store, Time};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::mail::Desk;

/// Deliveries sent side by side: a slow mail server is not asked for more, and one mail does not wait for another.
const AT_ONCE: i64 = 8;
/// The longest for one mail: its outcome is recorded before the lease runs out.
const SEND_MAX: Duration = Duration::from_secs(90);
/// A delivery that nobody signalled is found after this: what makes one has no entry in the journal, and other
/// programs make some too.
const POLLED_EVERY: Duration = Duration::from_secs(1);
/// The shortest pause, so that nothing can make the worker spin.
const PAUSE_MIN: Duration = Duration::from_millis(50);

/// Sends due deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Worker {
    store: Store,
    mailer: Arc<Mailer>,
    desk: Arc<Desk>,
}

/// What became of one delivery.
enum Outcome {
    Sent,
    Dropped,
    FailedForNow(Time),
    Failed,
}

impl Worker {
    /// A worker. `public_url` is what links begin with, without a slash at its end; `mail_from` the address of the
    /// sender.
    pub fn new(store: Store, mailer: Arc<Mailer>, public_url: &str, mail_from: &str) -> Worker {
        Worker { store, mailer, desk: Arc::new(Desk::new(public_url, mail_from)) }
    }

    /// Sends some of what is due now and says how many deliveries it took; 0 when nothing is due.
    ///
    /// # Errors
    /// Where the database fails. What was taken is then taken again when its lease has run out.
    pub async fn step(&self) -> Result<usize> {
        let now = self.store.clock().now();
        // Looked at first: a writing transaction for each signal of a busy portal would be in everybody's way.
        let next = self.store.read(deliveries::next_due).await?;
        if next.is_none_or(|next| next > now) {
            return Ok(0);
        }
        let claimed = self.store.write(|tx| deliveries::claim(tx, AT_ONCE)).await?;
        let count = claimed.len();
        let mut sending = JoinSet::new();
        for delivery in claimed {
            let worker = self.clone();
            sending.spawn(async move { worker.deliver(delivery).await });
        }
        while let Some(ended) = sending.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a delivery was given up half-way; it is tried again");
            }
        }
        Ok(count)
    }

    /// Sends what is due, whenever something is, until `stop` says true or its sender is gone. What has begun is ended.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut signal = self.store.signal();
        while !*stop.borrow() {
            // Marked before looking: what comes while looking wakes the next round.
            signal.mark_unchanged();
            match self.step().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "deliveries cannot be looked for"),
            }
            let pause = self.pause().await;
            tokio::select! {
                changed = stop.changed() => if changed.is_err() { return },
                changed = signal.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn pause(&self) -> Duration {
        let next = self.store.read(deliveries::next_due).await.ok().flatten();
        let until = next.map_or(POLLED_EVERY, |next| next.since(self.store.clock().now()));
        until.clamp(PAUSE_MIN, POLLED_EVERY)
    }

    /// One delivery from its preparation to its record.
    async fn deliver(&self, delivery: Delivery) {
        match self.try_to_deliver(&delivery).await {
            Ok(Outcome::Sent) => tracing::info!(delivery = %delivery.id, kind = delivery.kind.word(), "sent"),
            Ok(Outcome::Dropped) => {
                tracing::info!(delivery = %delivery.id, kind = delivery.kind.word(), "dropped: no longer wanted");
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
        let Some(mail) = self.prepare(delivery).await? else { return Ok(Outcome::Dropped) };
        let sent = tokio::time::timeout(SEND_MAX, self.mailer.send(&mail)).await;
        let sent = sent.unwrap_or_else(|_| Err(MailError::temporary("the mail server takes too long")));
        self.record(delivery, sent).await
    }

    /// The mail, with a code and a link of its own; nothing where it is no longer wanted, which is recorded.
    async fn prepare(&self, delivery: &Delivery) -> Result<Option<Mail>> {
        let (desk, delivery) = (Arc::clone(&self.desk), delivery.clone());
        self.store
            .write(move |tx| {
                let mail = match delivery.kind {
                    Kind::SignIn(sign_in) => sign_ins::prepare_mail(tx, delivery.workspace, sign_in)?
                        .map(|prepared| desk.sign_in(delivery.id, tx.now(), &prepared)),
                    Kind::Invitation => {
                        sign_ins::prepare_invitation(tx, delivery.workspace, delivery.person)?
                            .map(|prepared| desk.invitation(delivery.id, tx.now(), &prepared))
                    }
                    Kind::FreshLink(id) => links::prepare_fresh(tx, delivery.workspace, id)?
                        .map(|prepared| desk.fresh_link(delivery.id, tx.now(), &prepared)),
                };
                if mail.is_none() {
                    deliveries::dropped(tx, &delivery, "no longer wanted")?;
                }
                Ok(mail)
            })
            .await
    }

    async fn record(&self, delivery: &Delivery, sent: std::result::Result<(), MailError>) -> Result<Outcome> {
        let delivery = delivery.clone();
        self.store
            .write(move |tx| match sent {
                Ok(()) => {
                    deliveries::sent(tx, &delivery)?;
                    Ok(Outcome::Sent)
                }
                Err(error) if error.is_temporary() => {
                    let next = deliveries::failed_for_now(tx, &delivery, &error.cause)?;
                    Ok(next.map_or(Outcome::Failed, Outcome::FailedForNow))
                }
                Err(error) => {
                    deliveries::failed(tx, &delivery, &error.cause)?;
                    Ok(Outcome::Failed)
                }
            })
            .await
    }
}
