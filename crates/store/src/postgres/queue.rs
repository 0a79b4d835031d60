//! The queue in front of some connections. A job waits in it until a connection's thread takes it, or until its time is up.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use crate::error::{Error, Result};
use crate::mutex::lock;
use crate::postgres::connection::Asker;
use crate::work::Work;

/// Most closures that wait for a connection; further ones are refused.
const WAITING_MAX: usize = 4096;

/// What a closure needs around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A consistent view.
    Read,
    /// Nothing: a single query is a transaction by itself.
    ReadOne,
    /// A transaction.
    Write,
}

pub(super) struct Job {
    pub(super) kind: Kind,
    pub(super) work: Work,
    /// Whoever waits for it, if the job is pointless without them.
    pub(super) asker: Option<Asker>,
    /// A connection is waited for until then.
    pub(super) until: Instant,
}

impl Job {
    /// Whether nobody waits for it any more.
    fn is_pointless(&mut self) -> bool {
        use tokio::sync::oneshot::error::TryRecvError::Closed;
        self.asker.as_mut().is_some_and(|asker| asker.try_recv() == Err(Closed))
    }
}

#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// In the order of their times, because each waits equally long.
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl Queue {
    pub(super) fn add(&self, job: Job) -> Result<()> {
        let mut waiting = lock(&self.waiting);
        if waiting.is_closed {
            return Err(Error::closed());
        }
        if waiting.jobs.len() >= WAITING_MAX {
            return Err(Error::Unavailable("too much is waiting for the database".to_string()));
        }
        waiting.jobs.push_back(job);
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for the next job; `None` once the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Job> {
        let mut waiting = lock(&self.waiting);
        loop {
            while let Some(mut job) = waiting.jobs.pop_front() {
                if !job.is_pointless() {
                    return Some(job);
                }
            }
            if waiting.is_closed {
                return None;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes out those whose time is up.
    pub(super) fn overdue(&self, now: Instant) -> Vec<Job> {
        let mut waiting = lock(&self.waiting);
        let count = waiting.jobs.iter().take_while(|job| job.until <= now).count();
        waiting.jobs.drain(..count).collect()
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.waiting).is_closed
    }

    /// Takes no further jobs.
    pub(super) fn close(&self) {
        lock(&self.waiting).is_closed = true;
        self.changed.notify_all();
    }
}
