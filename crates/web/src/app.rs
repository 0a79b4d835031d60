//! What every handler is given.

use std::sync::Arc;

use domain::tenant::workspaces::{self, Workspace};
use store::Store;

use crate::api::rate_limits;
use crate::live::hub;
use crate::services::Web;
use crate::uploads::locks;

/// What every handler is given: [`Web`] and the open streams.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) web: Arc<Web>,
    pub(crate) hub: Arc<hub::Hub>,
    pub(crate) rates: Arc<rate_limits::Rates>,
    /// The uploads that bytes are coming for.
    pub(crate) upload_locks: locks::UploadLocks,
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
