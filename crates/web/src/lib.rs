//! What a browser talks to: pages that are complete without scripts, live updates, and assets.
//!
//! A request passes `guard` (same origin, headers, limits), then `visitor` (who asks, in which workspace), then the
//! handler of its noun, which calls the same-named file of `domain`. What goes wrong becomes an answer in `answers`.
//! What other programs call is in `v1`.

mod answers;
mod archives;
mod assets;
mod bounces;
mod brand;
mod channels;
mod choices;
mod clients;
mod companies;
mod dossiers;
mod early_access;
mod exports;
mod faces;
mod files;
mod forms;
mod guard;
mod health;
mod hooks;
mod imports;
mod input;
mod joining;
mod keys;
mod layout;
mod lists;
mod live;
mod look;
mod messages;
mod notices;
mod phones;
mod profile;
mod projects;
mod records;
mod reply;
mod routes;
mod search;
mod serve;
mod set_up;
mod settings_brand;
mod settings_files;
mod settings_messaging;
mod sign_in;
mod subjects;
mod team;
mod times;
mod undo;
mod uploads;
mod v1;
mod visitor;
mod webhooks;
mod welcome;

use std::sync::Arc;

use domain::files::uploads::Room;
use domain::tenant::workspaces::{self, Workspace};
use outbound::blobs::Blobs;
use outbound::text::Texter;
use outbound::webhooks::Caller;
use store::Store;

pub use routes::{Route, router, router_beside, routes};
pub use serve::serve;
pub use v1::told;

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
    pub room: Room,
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

/// What every handler is given: [`Web`] and the open streams.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) web: Arc<Web>,
    pub(crate) hub: Arc<live::Hub>,
    pub(crate) rates: Arc<v1::Rates>,
    /// The uploads that bytes are coming for.
    pub(crate) busy: uploads::Busy,
}

impl App {
    pub(crate) fn store(&self) -> &Store {
        &self.web.store
    }

    /// What links to a workspace begin with, without a slash at the end.
    pub(crate) fn address_of(&self, workspace: &Workspace) -> String {
        workspaces::address(&self.web.public_url, workspace.host.as_deref())
    }

    /// Whether people reach the portal by https, so that cookies may demand it.
    pub(crate) fn is_secure(&self) -> bool {
        self.web.public_url.starts_with("https://")
    }
}
