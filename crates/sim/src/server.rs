//! The mail server: it takes mails, refuses them, falls silent after accepting them, is away for hours; and sometimes the
//! program that sends dies, just before or just after the server has the mail.

use std::sync::{Arc, Mutex, PoisonError};

use outbound::mail::{Behaviour, Mail, MailError, Memory};
use store::Time;

use crate::chance::drawn;

/// One mail that the server was given.
#[derive(Clone, Debug)]
pub(crate) struct Taking {
    pub(crate) at: Time,
    pub(crate) message_id: String,
    pub(crate) to: String,
    pub(crate) text: String,
    /// Whether the server has it.
    pub(crate) taken: bool,
    /// Whether the sender knows.
    pub(crate) known: bool,
}

/// What the server does, from a time on.
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

#[derive(Default)]
struct State {
    takings: Vec<Taking>,
    mood: Option<Mood>,
}

/// The server, and what it was given so far.
#[derive(Clone, Default)]
pub(crate) struct Server(Arc<Mutex<State>>);

impl Server {
    /// A server whose moods follow from `seed`, and the memory that a `Mailer` needs.
    pub(crate) fn new(seed: u64) -> (Server, Memory) {
        let (server, memory) = (Server::default(), Memory::default());
        let state = Arc::clone(&server.0);
        memory.behave(move |mail| {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            let behaviour = behaviour(seed, state.mood.unwrap_or(Mood::Well), mail);
            let taken = !matches!(behaviour, Behaviour::Refuses(_) | Behaviour::Dies { taken: false });
            state.takings.push(Taking {
                at: Time(mail.date_ms),
                message_id: mail.message_id.clone(),
                to: mail.to.address.clone(),
                text: mail.text.clone(),
                taken,
                known: behaviour == Behaviour::Takes,
            });
            behaviour
        });
        (server, memory)
    }

    pub(crate) fn feel(&self, mood: Mood) {
        self.state().mood = Some(mood);
    }

    /// What it was given after the first `known`, in an order that does not depend on threads.
    pub(crate) fn after(&self, known: usize) -> Vec<Taking> {
        let mut found = self.state().takings[known..].to_vec();
        found.sort_by(|a, b| (a.at, &a.to, &a.message_id).cmp(&(b.at, &b.to, &b.message_id)));
        found
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By the address and the time alone: in which order mails are sent side by side decides nothing.
fn behaviour(seed: u64, mood: Mood, mail: &Mail) -> Behaviour {
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
            80..=84 => Behaviour::Refuses(MailError::permanent("550 no such user")),
            85..=92 => Behaviour::Dies { taken: true },
            _ => Behaviour::Dies { taken: false },
        },
    }
}
