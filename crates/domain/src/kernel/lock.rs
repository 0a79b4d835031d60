//! The lock of a directory: changes of people, companies and projects of one workspace take turns.

use store::Tx;

use crate::kernel::error::Result;
use crate::kernel::ids::WorkspaceId;

/// Waits until nobody else changes people, companies or projects of a workspace; nobody else does until the end of
/// the transaction. What is checked here is then still so when it is done: names and addresses that are free, an
/// admin who remains, members who follow.
pub(crate) fn lock_directory(tx: &Tx, workspace: WorkspaceId) -> Result<()> {
    // A row that is changed is held to the end of the transaction. SQLite has one writer anyway.
    tx.run("UPDATE workspaces SET updated_at = updated_at WHERE id = $1", &[&workspace])?;
    Ok(())
}
