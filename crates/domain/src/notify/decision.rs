//! The decision whether to notify a person now: one pure function of their unread messages, their
//! circumstances and the time (N1, N2, N10).
//!
//! It runs when something may be due and uses what is true at that moment. Which messages count (not one's
//! own, not deleted, not muted …) is settled by the query in [`crate::messages::unread_backlog`].

use std::time::Duration;

use store::Time;

use crate::kernel::limits::CLOCKS_DIFFER;
use crate::kernel::medium::Frequency;
use crate::messages::unread_backlog::{Reason, Waiting};

/// Whether a person can and wants to be reached by one medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    pub choice: Frequency,
    /// Whether there is an address or number that accepts messages.
    pub reachable: bool,
    /// Whether they were notified by this medium since their last visit.
    pub told: bool,
}

impl Reach {
    /// Why not to notify them by this medium; `None` if they should be.
    pub fn refused(self) -> Option<Reason> {
        match self.choice {
            Frequency::Off => Some(Reason::Choice),
            _ if !self.reachable => Some(Reason::NoAddress),
            Frequency::OncePerVisit if self.told => Some(Reason::Choice),
            Frequency::OncePerVisit | Frequency::EveryMessage => None,
        }
    }
}

/// What the decision depends on, besides the unread messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// How long a message may stay unread (N2).
    pub wait: Duration,
    /// Whether an internal user asked to send it now (N14).
    pub asked: bool,
    /// Whether they were invited or have ever signed in.
    pub invited: bool,
    pub email: Reach,
    pub text: Reach,
}

impl Circumstances {
    /// Why to send nothing at all; `None` if something is sent. If the reasons differ, the one for email is given.
    pub fn refused(&self) -> Option<Reason> {
        if !self.invited {
            return Some(Reason::NotInvited);
        }
        self.text.refused().and(self.email.refused())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// There is nothing unread.
    Nothing,
    /// The oldest message has not waited long enough; decide again at this time.
    Later(Time),
    /// Send everything unread in one digest, by at least one of these media.
    Digest {
        email: bool,
        /// By text message.
        text: bool,
    },
    /// It is due, but nothing is sent, now or later.
    Suppressed(Reason),
}

/// Decides whether to notify a person now.
pub fn decide(waiting: &[Waiting], circumstances: &Circumstances, now: Time) -> Decision {
    let Some(due_at) = due_at(waiting, circumstances.wait) else { return Decision::Nothing };
    // A message from the future was sent before the clock was put back: for how long it has waited is not known.
    let is_ahead = waiting.iter().any(|waiting| waiting.oldest > now.after(CLOCKS_DIFFER));
    if now < due_at && !is_ahead && !circumstances.asked {
        return Decision::Later(due_at);
    }
    match circumstances.refused() {
        Some(reason) => Decision::Suppressed(reason),
        None => Decision::Digest {
            email: circumstances.email.refused().is_none(),
            text: circumstances.text.refused().is_none(),
        },
    }
}

/// When the oldest unread message has waited long enough; `None` if there is none.
pub fn due_at(waiting: &[Waiting], wait: Duration) -> Option<Time> {
    waiting.iter().map(|waiting| waiting.oldest).min().map(|oldest| oldest.after(wait))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::ChannelId;
    use proptest::prelude::*;
    use uuid::Uuid;

    const WAIT: Duration = Duration::from_secs(300);
    const EACH: Reach = Reach { choice: Frequency::EveryMessage, reachable: true, told: false };
    const NEVER: Reach = Reach { choice: Frequency::Off, reachable: true, told: false };
    const USUAL: Circumstances =
        Circumstances { wait: WAIT, asked: false, invited: true, email: EACH, text: NEVER };
    const MAIL: Decision = Decision::Digest { email: true, text: false };

    fn waits_since(milliseconds: i64) -> Waiting {
        Waiting { channel: ChannelId(Uuid::nil()), after: 0, up_to: 1, oldest: Time(milliseconds) }
    }

    #[test]
    fn n2_the_oldest_in_any_channel_decides_when() {
        let waiting = [waits_since(2_000), waits_since(1_000)];
        assert_eq!(decide(&[], &USUAL, Time(i64::MAX)), Decision::Nothing);
        assert_eq!(decide(&waiting, &USUAL, Time(300_999)), Decision::Later(Time(301_000)));
        assert_eq!(decide(&waiting, &USUAL, Time(301_000)), MAIL);
    }

    #[test]
    fn n10_choices_and_addresses_decide_by_which_way() {
        let once = |told| Reach { choice: Frequency::OncePerVisit, reachable: true, told };
        let lost = Reach { reachable: false, ..EACH };
        let both = Decision::Digest { email: true, text: true };
        let text = Decision::Digest { email: false, text: true };
        for (email, by_text, expected) in [
            (EACH, EACH, both),
            (once(false), NEVER, MAIL),
            (once(true), NEVER, Decision::Suppressed(Reason::Choice)),
            (once(true), EACH, text),
            (lost, NEVER, Decision::Suppressed(Reason::NoAddress)),
            (lost, once(false), text),
            (NEVER, lost, Decision::Suppressed(Reason::Choice)),
            (EACH, once(true), MAIL),
        ] {
            let circumstances = Circumstances { email, text: by_text, ..USUAL };
            assert_eq!(
                decide(&[waits_since(0)], &circumstances, Time(300_000)),
                expected,
                "{email:?} {by_text:?}"
            );
        }
    }

    #[test]
    fn n1_one_who_was_never_invited_is_told_nothing() {
        let circumstances = Circumstances { invited: false, ..USUAL };
        let decision = decide(&[waits_since(0)], &circumstances, Time(300_000));
        assert_eq!(decision, Decision::Suppressed(Reason::NotInvited));
    }

    #[test]
    fn n14_what_is_asked_for_goes_before_its_time() {
        let circumstances = Circumstances { asked: true, ..USUAL };
        assert_eq!(decide(&[waits_since(0)], &circumstances, Time(0)), MAIL);
        assert_eq!(decide(&[], &circumstances, Time(0)), Decision::Nothing);
    }

    #[test]
    fn every_reason_has_a_word_of_its_own() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_word(reason.word()), Some(reason));
        }
    }

    proptest! {
        #[test]
        fn n2_later_is_a_promise_that_is_kept(
            received in proptest::collection::vec(0..1_000_000_i64, 1..8), now in 0..2_000_000_i64,
        ) {
            let waiting: Vec<Waiting> = received.iter().copied().map(waits_since).collect();
            match decide(&waiting, &USUAL, Time(now)) {
                Decision::Later(at) => {
                    prop_assert!(at > Time(now));
                    prop_assert_eq!(decide(&waiting, &USUAL, at), MAIL);
                    prop_assert_eq!(decide(&waiting, &USUAL, Time(at.0 - 1)), Decision::Later(at));
                }
                decision => {
                    prop_assert_eq!(decision, MAIL);
                    let is_ahead = |at: &i64| Time(*at) > Time(now).after(CLOCKS_DIFFER);
                    prop_assert!(received.iter().any(|at| at + 300_000 <= now || is_ahead(at)));
                }
            }
        }

        #[test]
        fn n2_reading_never_hastens_anything(
            received in proptest::collection::vec(0..1_000_000_i64, 1..8), read in 0..8_usize,
        ) {
            let waiting: Vec<Waiting> = received.iter().copied().map(waits_since).collect();
            let mut fewer = waiting.clone();
            fewer.remove(read.min(fewer.len() - 1));
            if let Some(after) = due_at(&fewer, WAIT) {
                prop_assert!(Some(after) >= due_at(&waiting, WAIT));
            }
        }
    }
}
