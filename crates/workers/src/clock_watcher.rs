//! Watches whether somebody puts the clock back: then what waits is put back too (N5).

use std::time::Duration;

use domain::kernel::error::Result;
use domain::notify::clock_put_back;
use store::{Store, Time};
use tokio::sync::watch;

use crate::worker_loop::{self, Next, Work};

/// How soon it is noticed.
const EVERY: Duration = Duration::from_secs(1);
/// How often it is noted what the clock shows, for the next start.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Watches the clock.
pub struct ClockWatcher {
    store: Store,
    /// What the clock showed, and how long the program had run then.
    last: Option<(Time, Duration)>,
    /// How long the program had run when that was noted.
    noted: Option<Duration>,
}

impl ClockWatcher {
    /// A watcher of the clock of `store`.
    pub fn new(store: Store) -> ClockWatcher {
        ClockWatcher { store, last: None, noted: None }
    }

    /// Looks at the clock. Returns by how much it has been put back since the last look.
    pub async fn step(&mut self) -> Result<Option<Duration>> {
        let (now, running) = (self.store.clock().now(), self.store.clock().running());
        let by = match self.last {
            Some((shown, at)) => clock_put_back::beyond(shown.after(running.saturating_sub(at)), now),
            None => self.store.read(clock_put_back::while_down).await?,
        };
        if let Some(by) = by {
            let changed = self.store.write(move |tx| clock_put_back::put_back(tx, by)).await?;
            tracing::warn!(?by, changed, "the clock was put back, and with it what waits");
        }
        if self.noted.is_none_or(|noted| running.saturating_sub(noted) >= NOTED_EVERY) {
            self.store.write(|tx| clock_put_back::note(tx)).await?;
            self.noted = Some(running);
        }
        self.last = Some((now, running));
        Ok(by)
    }

    /// Watches until `stop` is true or its sender is dropped.
    pub async fn run(self, stop: watch::Receiver<bool>) {
        worker_loop::run(self, stop).await;
    }
}

impl Work for ClockWatcher {
    const FAILURE: &'static str = "it cannot be noted what the clock shows";
    const RETRY: Next = Next::After(EVERY);

    fn store(&self) -> &Store {
        &self.store
    }

    async fn turn(&mut self) -> Result<Next> {
        self.step().await?;
        Ok(Next::After(EVERY))
    }
}
