//! Texts kept in memory, for tests: what was sent can be read, and the next sends can be told to fail.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Text, TextError};

/// The texts sent so far. Clones share them, so that a test keeps one and gives the other to a `Texter`.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    texts: Vec<Text>,
    failures: VecDeque<TextError>,
}

impl Memory {
    /// All texts sent so far, oldest first.
    pub fn texts(&self) -> Vec<Text> {
        self.state().texts.clone()
    }

    /// The texts sent since the last time this was asked, oldest first.
    pub fn take(&self) -> Vec<Text> {
        std::mem::take(&mut self.state().texts)
    }

    /// Makes the next `count` sends fail with `error`, after those that were told to fail before.
    pub fn fail_next(&self, count: usize, error: TextError) {
        self.state().failures.extend(std::iter::repeat_n(error, count));
    }

    pub(super) fn send(&self, text: &Text) -> Result<(), TextError> {
        let mut state = self.state();
        match state.failures.pop_front() {
            Some(error) => Err(error),
            None => {
                state.texts.push(text.clone());
                Ok(())
            }
        }
    }

    /// A test that panicked while holding the lock has not left anything half-done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Memory({} texts)", self.state().texts.len())
    }
}
