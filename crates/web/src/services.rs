//! The services that the web server is given at start-up: store, providers, blobs, limits and metrics.

use std::sync::Arc;

use domain::files::uploads::StorageLimits;
use outbound::blobs::Blobs;
use outbound::text::Texter;
use outbound::webhooks::Caller;
use store::Store;

#[derive(Clone)]
pub struct Web {
    pub store: Store,
    /// Sends texts, and verifies the signatures of the provider's callbacks.
    pub texter: Arc<Texter>,
    /// Calls webhooks, and checks which addresses they may have.
    pub caller: Arc<Caller>,
    pub blobs: Arc<Blobs>,
    pub room: StorageLimits,
    /// Whether files are held back until a scanner has checked them (F13).
    pub is_scanned: bool,
    /// Overrides the wait of every workspace.
    pub wait: Option<std::time::Duration>,
    /// The base of links, without a slash at the end.
    pub public_url: String,
    /// Renders the metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// Whether `/metrics` answers other machines too.
    pub metrics_open: bool,
    /// Per API key.
    pub calls_per_minute: u32,
    /// Turns true when the process shuts down.
    pub stopping: tokio::sync::watch::Receiver<bool>,
}
