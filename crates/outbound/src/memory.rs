//! A server in memory, for tests: they read what was sent, and make it refuse, fail, or end the sending task.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was sent so far. Clones share it: a test keeps one and gives the other to the sender.
pub struct Memory<T, E>(Arc<Mutex<State<T, E>>>);

struct State<T, E> {
    sent: Vec<T>,
    failures: VecDeque<E>,
    manner: Option<Manner<T, E>>,
}

type Manner<T, E> = Box<dyn Fn(&T) -> Behaviour<E> + Send>;

/// What the server does with one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour<E> {
    /// Accepts it.
    Takes,
    /// Refuses it.
    Refuses(E),
    /// Accepts it, but the answer is lost.
    TakesAndFails(E),
    /// The sending task ends, after the server has accepted it or before.
    Dies {
        /// Whether the server has accepted it.
        taken: bool,
    },
}

impl<E> Behaviour<E> {
    /// Whether the server has it afterwards.
    pub fn is_taken(&self) -> bool {
        !matches!(self, Behaviour::Refuses(_) | Behaviour::Dies { taken: false })
    }
}

impl<T: Clone, E: Clone> Memory<T, E> {
    /// Everything that was sent so far, oldest first.
    pub fn sent(&self) -> Vec<T> {
        self.state().sent.clone()
    }

    /// What was sent since the last call, oldest first.
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.state().sent)
    }

    /// Makes the next `count` sends fail with `error`, after failures that were requested before.
    pub fn fail_next(&self, count: usize, error: E) {
        self.state().failures.extend(std::iter::repeat_n(error, count));
    }

    /// Treats each item as `manner` says, once the requested failures are used up.
    pub fn behave(&self, manner: impl Fn(&T) -> Behaviour<E> + Send + 'static) {
        self.state().manner = Some(Box::new(manner));
    }

    pub(crate) fn send(&self, one: &T) -> Result<(), E> {
        let mut state = self.state();
        if let Some(error) = state.failures.pop_front() {
            return Err(error);
        }
        let behaviour = state.manner.as_ref().map_or(Behaviour::Takes, |manner| manner(one));
        if behaviour.is_taken() {
            state.sent.push(one.clone());
        }
        drop(state);
        match behaviour {
            Behaviour::Takes => Ok(()),
            Behaviour::Refuses(error) | Behaviour::TakesAndFails(error) => Err(error),
            // Ends the sending task, without a panic message.
            Behaviour::Dies { .. } => std::panic::resume_unwind(Box::new("died while sending")),
        }
    }
}

impl<T, E> Memory<T, E> {
    /// A test that panicked while holding the lock has not left anything half-done.
    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E> Clone for Memory<T, E> {
    fn clone(&self) -> Memory<T, E> {
        Memory(Arc::clone(&self.0))
    }
}

impl<T, E> Default for Memory<T, E> {
    fn default() -> Memory<T, E> {
        let state = State { sent: Vec::new(), failures: VecDeque::new(), manner: None };
        Memory(Arc::new(Mutex::new(state)))
    }
}

impl<T, E> fmt::Debug for Memory<T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Memory({} sent)", self.state().sent.len())
    }
}
