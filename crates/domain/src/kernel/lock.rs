//! Locks, each held until the end of the transaction. The directory lock serializes changes to the people, companies and
//! projects of a workspace, the lock of a member those to what the member has read.

use store::Tx;

use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, PersonId, WorkspaceId};

/// Waits for the directory lock and keeps it until the end of the transaction. Checks made under it are still true at
/// commit: free names and addresses, a remaining admin, members in line with their subjects.
pub(crate) fn lock_directory(tx: &Tx, workspace: WorkspaceId) -> Result<()> {
    // An updated row stays locked until the end of the transaction. SQLite has only one writer anyway.
    tx.run("UPDATE workspaces SET updated_at = updated_at WHERE id = $1", &[&workspace])?;
    Ok(())
}

/// Waits for the lock of a member. What is looked up under it about their read position is still true at commit.
pub(crate) fn lock_member(
    tx: &Tx,
    workspace: WorkspaceId,
    channel: ChannelId,
    person: PersonId,
) -> Result<()> {
    Ok(tx.lock_rows(
        "SELECT 1 FROM members WHERE workspace = $1 AND channel = $2 AND person = $3 FOR NO KEY UPDATE",
        &[&workspace, &channel, &person],
    )?)
}
