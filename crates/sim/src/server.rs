//! The mail server and the text server: each accepts what it is given, refuses it, hangs up after accepting it, or is down
//! for hours; the one for texts also says that a number is unsubscribed. And sometimes the sending program dies, just before
//! or just after the server has it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::kernel::medium::Medium;
use outbound::mail::{self, Mail, MailError};
use outbound::memory::Behaviour;
use outbound::text::{self, Text, TextError};
use store::{Clock, Time};

use crate::random::hashed;

/// A mail or text that its server was given.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    pub(crate) at: Time,
    pub(crate) medium: Medium,
    /// The mail's Message-ID, or the text's delivery.
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) text: String,
    pub(crate) accepted: bool,
    /// Whether the sender knows that it was accepted.
    pub(crate) confirmed: bool,
    /// Whether the server said that the number wants no more texts (21610).
    pub(crate) unsubscribed: bool,
}

/// How a server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Accepts everything at once.
    Well,
    /// Refuses, fails and hangs up now and then.
    Moody,
    /// Accepts nothing.
    Away,
    /// The program dies while sending.
    Deadly,
}

struct State {
    attempts: Vec<Attempt>,
    mails: Mood,
    texts: Mood,
}

/// Both servers.
pub(crate) struct Servers {
    state: Arc<Mutex<State>>,
    mails: mail::Memory,
    texts: text::Memory,
}

impl Servers {
    /// Servers whose behavior follows from `seed`.
    pub(crate) fn new(seed: u64, clock: &Clock) -> Servers {
        let state = State { attempts: Vec::new(), mails: Mood::Well, texts: Mood::Well };
        let state = Arc::new(Mutex::new(state));
        let (mails, texts) = (mail::Memory::default(), text::Memory::default());
        let shared = Arc::clone(&state);
        mails.behave(move |mail| {
            let mut state = lock(&shared);
            let behaviour = of_mail(seed, state.mails, mail);
            state.attempts.push(Attempt {
                at: Time(mail.date_ms),
                medium: Medium::Email,
                id: mail.message_id.clone(),
                to: mail.to.address.clone(),
                text: mail.text.clone(),
                accepted: behaviour.is_taken(),
                confirmed: behaviour == Behaviour::Takes,
                unsubscribed: false,
            });
            behaviour
        });
        let (shared, clock) = (Arc::clone(&state), clock.clone());
        texts.behave(move |text| {
            let mut state = lock(&shared);
            let at = clock.now();
            let behaviour = of_text(seed, state.texts, text, at);
            let unsubscribed = matches!(&behaviour, Behaviour::Refuses(error) if *error == unsubscribed());
            state.attempts.push(Attempt {
                at,
                medium: Medium::Text,
                id: text.id.clone(),
                to: text.to.clone(),
                text: text.body.clone(),
                accepted: behaviour.is_taken(),
                confirmed: behaviour == Behaviour::Takes,
                unsubscribed,
            });
            behaviour
        });
        Servers { state, mails, texts }
    }

    /// For a `Mailer`: all of them reach the same server.
    pub(crate) fn mails(&self) -> mail::Memory {
        self.mails.clone()
    }

    /// For a `Texter`: all of them reach the same server.
    pub(crate) fn texts(&self) -> text::Memory {
        self.texts.clone()
    }

    pub(crate) fn set_moods(&self, mails: Mood, texts: Mood) {
        let mut state = lock(&self.state);
        (state.mails, state.texts) = (mails, texts);
    }

    /// What they were given after the first `count`, in an order that does not depend on threads.
    pub(crate) fn attempts_after(&self, count: usize) -> Vec<Attempt> {
        let mut found = lock(&self.state).attempts[count..].to_vec();
        found.sort_by(|a, b| {
            (a.at, a.medium.word(), &a.to, &a.id).cmp(&(b.at, b.medium.word(), &b.to, &b.id))
        });
        found
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Decides by the address and the time alone: the order in which mails are sent in parallel must not matter.
fn of_mail(seed: u64, mood: Mood, mail: &Mail) -> Behaviour<MailError> {
    let away = || MailError::temporary("the server is away");
    let chance = hashed(seed, &mail.to.address, mail.date_ms) % 100;
    match mood {
        Mood::Well => Behaviour::Takes,
        Mood::Away => Behaviour::Refuses(away()),
        Mood::Deadly => Behaviour::Dies { taken: chance < 50 },
        Mood::Moody => match chance {
            0..=39 => Behaviour::Takes,
            40..=59 => Behaviour::Refuses(away()),
            60..=79 => Behaviour::TakesAndFails(away()),
            80..=84 => Behaviour::Refuses(MailError::permanent("550 refused")),
            85..=92 => Behaviour::Dies { taken: true },
            _ => Behaviour::Dies { taken: false },
        },
    }
}

fn unsubscribed() -> TextError {
    TextError::unsubscribed("answered 400, code 21610")
}

/// As [`of_mail`].
fn of_text(seed: u64, mood: Mood, text: &Text, at: Time) -> Behaviour<TextError> {
    let away = || TextError::temporary("the server is away");
    let chance = hashed(seed, &text.to, at.0) % 100;
    match mood {
        Mood::Well => Behaviour::Takes,
        Mood::Away => Behaviour::Refuses(away()),
        Mood::Deadly => Behaviour::Dies { taken: chance < 50 },
        Mood::Moody => match chance {
            0..=39 => Behaviour::Takes,
            40..=54 => Behaviour::Refuses(away()),
            55..=69 => Behaviour::TakesAndFails(away()),
            70..=79 => Behaviour::Refuses(unsubscribed()),
            80..=84 => Behaviour::Refuses(TextError::permanent("answered 400, code 21614")),
            85..=92 => Behaviour::Dies { taken: true },
            _ => Behaviour::Dies { taken: false },
        },
    }
}
