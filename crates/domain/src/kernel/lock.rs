//! The directory lock: serializes changes to the people, companies and projects of a workspace.

use store::Tx;

use crate::kernel::error::Result;
use crate::kernel::ids::WorkspaceId;

/// Waits for the directory lock and keeps it until the end of the transaction. Checks made under it are still true at
/// commit: free names and addresses, a remaining admin, members in line with their subjects.
pub(crate) fn lock_directory(tx: &Tx, workspace: WorkspaceId) -> Result<()> {
    // An updated row stays locked until the end of the transaction. SQLite has only one writer anyway.
    tx.run("UPDATE workspaces SET updated_at = updated_at WHERE id = $1", &[&workspace])?;
    Ok(())
}
