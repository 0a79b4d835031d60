//! Mail kept in memory, for tests: what was sent can be read, and the server that it stands for can be told to refuse, to
//! fail, or to die with whoever sends.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Mail, MailError};

/// The mails sent so far. Clones share them, so that a test keeps one and gives the other to a `Mailer`.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    failures: VecDeque<MailError>,
    manner: Option<Manner>,
}

type Manner = Box<dyn Fn(&Mail) -> Behaviour + Send>;

/// What the server does with one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes it and says so.
    Takes,
    /// Does not take it.
    Refuses(MailError),
    /// Takes it, but its answer never comes back.
    TakesAndFails(MailError),
    /// Whoever sends it dies: after the server has taken it, or before.
    Dies {
        /// Whether the server has taken it.
        taken: bool,
    },
}

impl Memory {
    /// All mails sent so far, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.state().mails.clone()
    }

    /// The mails sent since the last time this was asked, oldest first.
    pub fn take(&self) -> Vec<Mail> {
        std::mem::take(&mut self.state().mails)
    }

    /// Makes the next `count` sends fail with `error`, after those that were told to fail before.
    pub fn fail_next(&self, count: usize, error: MailError) {
        self.state().failures.extend(std::iter::repeat_n(error, count));
    }

    /// From now on does with each mail what `manner` says, once the sends that were told to fail have failed.
    pub fn behave(&self, manner: impl Fn(&Mail) -> Behaviour + Send + 'static) {
        self.state().manner = Some(Box::new(manner));
    }

    pub(super) fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let mut state = self.state();
        if let Some(error) = state.failures.pop_front() {
            return Err(error);
        }
        let behaviour = state.manner.as_ref().map_or(Behaviour::Takes, |manner| manner(mail));
        if !matches!(behaviour, Behaviour::Refuses(_) | Behaviour::Dies { taken: false }) {
            state.mails.push(mail.clone());
        }
        drop(state);
        match behaviour {
            Behaviour::Takes => Ok(()),
            Behaviour::Refuses(error) | Behaviour::TakesAndFails(error) => Err(error),
            // Ends the task that sends, without the words of a panic.
            Behaviour::Dies { .. } => std::panic::resume_unwind(Box::new("died while sending")),
        }
    }

    /// A test that panicked while holding the lock has not left anything half-done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Memory({} mails)", self.state().mails.len())
    }
}
