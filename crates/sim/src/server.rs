//! The mail server and the text server: each takes what it is given, refuses it, falls silent after accepting it, is away for
//! hours; the one for texts also says that a number is unsubscribed. And sometimes the program that sends dies, just before
//! or just after the server has it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::kernel::medium::Way;
use outbound::mail::{self, Mail, MailError};
use outbound::memory::Behaviour;
use outbound::text::{self, Text, TextError};
use store::{Clock, Time};

use crate::chance::drawn;

/// One mail or text that its server was given.
#[derive(Clone, Debug)]
pub(crate) struct Taking {
    pub(crate) at: Time,
    pub(crate) way: Way,
    /// The mail's Message-ID, or the text's delivery.
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) text: String,
    /// Whether the server has it.
    pub(crate) taken: bool,
    /// Whether the sender knows.
    pub(crate) known: bool,
    /// Whether the server said that nothing more is wanted there (21610).
    pub(crate) unsubscribed: bool,
}

/// What a server does, from a time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Takes everything at once.
    Well,
    /// Refuses, fails and falls silent now and then.
    Moody,
    /// Takes nothing.
    Away,
    /// Whoever sends dies on the way.
    Deadly,
}

struct State {
    takings: Vec<Taking>,
    mails: Mood,
    texts: Mood,
}

/// Both servers, and what they were given so far.
#[derive(Clone)]
pub(crate) struct Servers(Arc<Mutex<State>>);

impl Servers {
    /// Servers whose moods follow from `seed`, and the memories that a `Mailer` and a `Texter` need.
    pub(crate) fn new(seed: u64, clock: &Clock) -> (Servers, mail::Memory, text::Memory) {
        let state = State { takings: Vec::new(), mails: Mood::Well, texts: Mood::Well };
        let servers = Servers(Arc::new(Mutex::new(state)));
        let (mails, texts) = (mail::Memory::default(), text::Memory::default());
        let known = servers.clone();
        mails.behave(move |mail| {
            let mut state = known.state();
            let behaviour = of_mail(seed, state.mails, mail);
            state.takings.push(Taking {
                at: Time(mail.date_ms),
                way: Way::Email,
                id: mail.message_id.clone(),
                to: mail.to.address.clone(),
                text: mail.text.clone(),
                taken: behaviour.is_taken(),
                known: behaviour == Behaviour::Takes,
                unsubscribed: false,
            });
            behaviour
        });
        let (known, clock) = (servers.clone(), clock.clone());
        texts.behave(move |text| {
            let mut state = known.state();
            let at = clock.now();
            let behaviour = of_text(seed, state.texts, text, at);
            let unsubscribed = matches!(&behaviour, Behaviour::Refuses(error) if *error == unsubscribed());
            state.takings.push(Taking {
                at,
                way: Way::Text,
                id: text.id.clone(),
                to: text.to.clone(),
                text: text.body.clone(),
                taken: behaviour.is_taken(),
                known: behaviour == Behaviour::Takes,
                unsubscribed,
            });
            behaviour
        });
        (servers, mails, texts)
    }

    /// From now on mails and texts are treated so.
    pub(crate) fn feel(&self, mails: Mood, texts: Mood) {
        let mut state = self.state();
        (state.mails, state.texts) = (mails, texts);
    }

    /// What they were given after the first `known`, in an order that does not depend on threads.
    pub(crate) fn after(&self, known: usize) -> Vec<Taking> {
        let mut found = self.state().takings[known..].to_vec();
        found.sort_by(|a, b| (a.at, a.way.word(), &a.to, &a.id).cmp(&(b.at, b.way.word(), &b.to, &b.id)));
        found
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By the address and the time alone: in which order mails are sent side by side decides nothing.
fn of_mail(seed: u64, mood: Mood, mail: &Mail) -> Behaviour<MailError> {
    let away = || MailError::temporary("the server is away");
    let chance = drawn(seed, &mail.to.address, mail.date_ms) % 100;
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

/// By the number and the time alone, as [`of_mail`].
fn of_text(seed: u64, mood: Mood, text: &Text, at: Time) -> Behaviour<TextError> {
    let away = || TextError::temporary("the server is away");
    let chance = drawn(seed, &text.to, at.0) % 100;
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
