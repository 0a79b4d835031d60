//! Webhooks in memory, for tests, which read the calls and choose the answers.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::call::{Answer, Call, CallError};

type Answering = dyn FnMut(&Call) -> Result<Answer, CallError> + Send;

/// The calls so far. Clones share them, so that a test keeps one and gives the other to a `Caller`.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    answering: Option<Box<Answering>>,
}

impl Memory {
    /// All calls so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.state().calls.clone()
    }

    /// The calls since the last `take`, oldest first.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    /// Sets the answers from now on; by default 200.
    pub fn answer(&self, answering: impl FnMut(&Call) -> Result<Answer, CallError> + Send + 'static) {
        self.state().answering = Some(Box::new(answering));
    }

    pub(super) fn call(&self, call: &Call) -> Result<Answer, CallError> {
        let mut state = self.state();
        state.calls.push(call.clone());
        match &mut state.answering {
            Some(answering) => answering(call),
            None => Ok(Answer { status: 200, text: String::new() }),
        }
    }

    /// A test that panicked while holding the lock has not left anything half-done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Memory({} calls)", self.state().calls.len())
    }
}
