//! What the pages need of the program around them.

use std::sync::Arc;

use domain::files::uploads::StorageLimits;
use outbound::blobs::Blobs;
use outbound::text::Texter;
use outbound::webhooks::Caller;
use store::Store;

/// What the pages need to know of the program around them.
#[derive(Clone)]
pub struct Web {
    /// The database.
    pub store: Store,
    /// The way of texts, which knows what its provider has signed.
    pub texter: Arc<Texter>,
    /// The way of webhooks, which knows where they may lead.
    pub caller: Arc<Caller>,
    /// Where the bytes of files lie.
    pub blobs: Arc<Blobs>,
    /// How much may come in.
    pub room: StorageLimits,
    /// Whether a scanner looks at files before anybody gets them.
    pub is_scanned: bool,
    /// What stands in for every workspace's wait.
    pub wait: Option<std::time::Duration>,
    /// What links begin with, without a slash at the end.
    pub public_url: String,
    /// Writes the program's figures in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whether the figures are shown to others than this machine.
    pub metrics_open: bool,
    /// Calls that one key may make in a minute.
    pub calls_per_minute: u32,
    /// Turns true when the program stops.
    pub stopping: tokio::sync::watch::Receiver<bool>,
}
