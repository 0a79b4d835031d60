//! The state that every handler receives.

use std::sync::Arc;

use domain::tenant::workspaces::{self, Workspace};
use store::Store;

use crate::api::rate_limits;
use crate::live::hub;
use crate::services::Web;
use crate::uploads::locks;

#[derive(Clone)]
pub(crate) struct App {
    pub(crate) web: Arc<Web>,
    pub(crate) hub: Arc<hub::Hub>,
    pub(crate) rates: Arc<rate_limits::Rates>,
    /// Uploads that are receiving bytes.
    pub(crate) upload_locks: locks::UploadLocks,
}

impl App {
    pub(crate) fn store(&self) -> &Store {
        &self.web.store
    }

    /// The base of links to a workspace, without a slash at the end.
    pub(crate) fn address_of(&self, workspace: &Workspace) -> String {
        workspaces::address(&self.web.public_url, workspace.host.as_deref())
    }

    /// Whether the portal is served over HTTPS, so that cookies can require it.
    pub(crate) fn is_secure(&self) -> bool {
        self.web.public_url.starts_with("https://")
    }
}
