//! One channel of a digest: which messages it covers, and their delivery status by email and text (N12).

use store::Time;

use crate::kernel::ids::DigestId;
use crate::kernel::medium::Medium;
use crate::messages::unread_backlog::Reason;

/// The delivery status of a message for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It was on their screen at this time.
    Seen(Time),
    /// It will be sent at this time, unless they read it before.
    Due(Time),
    Emailed(Time),
    Texted(Time),
    /// It could not be sent, as of this time; the reason is for the people who run the portal.
    Failed(Time, String),
    /// It is not sent to them.
    Suppressed(Reason),
}

/// The messages of one channel in a digest, and the digest's deliveries. A message that did not arrive is in
/// a later digest too, once the address accepts mail again; so the newest part counts.
pub(crate) struct DigestPart {
    pub(crate) digest: DigestId,
    pub(crate) after: i64,
    pub(crate) up_to: i64,
    pub(crate) suppressed: Option<Reason>,
    /// Why it was left out of the email, and of the text (N13).
    pub(crate) left_out: [Option<Reason>; 2],
    pub(crate) deliveries: Vec<Sending>,
}

pub(crate) struct Sending {
    pub(crate) way: Medium,
    pub(crate) next_try_at: Option<Time>,
    pub(crate) sent_at: Option<Time>,
    pub(crate) failed_at: Option<Time>,
    pub(crate) reason: Option<String>,
}

impl DigestPart {
    pub(crate) fn covers(&self, position: i64) -> bool {
        self.after < position && position <= self.up_to
    }

    pub(crate) fn state(&self, called_off_at: Option<Time>) -> DeliveryState {
        let carrying = || {
            self.deliveries.iter().filter(|sending| self.suppressed.or(self.left_out(sending.way)).is_none())
        };
        // Only what was sent before being called off contained the message.
        let until = called_off_at.unwrap_or(Time(i64::MAX));
        let left =
            |sending: &&Sending| sending.failed_at.is_none() && sending.sent_at.is_some_and(|at| at < until);
        // The first to be sent counts; if both were at once, the email, which says more.
        if let Some(sending) = carrying().filter(left).min_by_key(|sending| sending.sent_at) {
            let at = sending.sent_at.unwrap_or_default();
            return match sending.way {
                Medium::Email => DeliveryState::Emailed(at),
                Medium::Text => DeliveryState::Texted(at),
            };
        }
        if called_off_at.is_some() {
            return DeliveryState::Suppressed(Reason::CalledOff);
        }
        if let Some(at) = carrying().filter_map(|sending| sending.next_try_at).min() {
            return DeliveryState::Due(at);
        }
        let failed =
            |sending: &Sending| Some((sending.failed_at?, sending.reason.clone().unwrap_or_default()));
        if let Some((at, reason)) = carrying().find_map(failed) {
            return DeliveryState::Failed(at, reason);
        }
        let dropped = |sending: &Sending| {
            self.left_out(sending.way).or_else(|| Reason::from_word(sending.reason.as_deref()?))
        };
        let reason = self.suppressed.or_else(|| self.deliveries.iter().find_map(dropped));
        DeliveryState::Suppressed(reason.unwrap_or(Reason::Choice))
    }

    fn left_out(&self, way: Medium) -> Option<Reason> {
        match way {
            Medium::Email => self.left_out[0],
            Medium::Text => self.left_out[1],
        }
    }

    /// The status by one medium, or `None` if that was not to be used, or not needed because everything had been read.
    pub(crate) fn by(&self, way: Medium, called_off_at: Option<Time>) -> Option<DeliveryState> {
        let sending = self.deliveries.iter().find(|sending| sending.way == way)?;
        if let Some(reason) = self.left_out(way) {
            return Some(DeliveryState::Suppressed(reason));
        }
        let until = called_off_at.unwrap_or(Time(i64::MAX));
        match (sending.sent_at.filter(|at| *at < until), sending.next_try_at, sending.failed_at) {
            (Some(at), ..) if way == Medium::Email => Some(DeliveryState::Emailed(at)),
            (Some(at), ..) => Some(DeliveryState::Texted(at)),
            _ if called_off_at.is_some() => Some(DeliveryState::Suppressed(Reason::CalledOff)),
            (None, Some(at), _) => Some(DeliveryState::Due(at)),
            (None, None, Some(at)) => {
                Some(DeliveryState::Failed(at, sending.reason.clone().unwrap_or_default()))
            }
            (None, None, None) => {
                Reason::from_word(sending.reason.as_deref()?).map(DeliveryState::Suppressed)
            }
        }
    }
}
