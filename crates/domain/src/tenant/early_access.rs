//! Early access entries from the product's front page (E1), and the list of them for admins.
//!
//! An entry belongs to the workspace at whose host it was sent. Entries from a host without a workspace belong to the
//! installation and are listed in its first workspace, whose admins run it.

use std::time::Duration;

use serde::Deserialize;
use store::{Reader, Time, Tx};
use uuid::Uuid;

use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{EntryId, WorkspaceId};
use crate::kernel::{limits, rate_limits};

/// The rate limit's window for one sender.
const WINDOW: Duration = Duration::from_secs(3600);
/// Entries of one sender per [`WINDOW`]: enough for a trade-fair stand that enters its visitors, but no flood.
pub const BY_SENDER_MAX: i64 = 20;
/// Entries per workspace and day: more can only be a bot with many addresses.
pub const IN_A_DAY_MAX: i64 = 5_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct EntryInput {
    pub name: String,
    pub email: String,
    /// May be empty.
    pub company: String,
    /// A honeypot: hidden from people, so only bots fill it in.
    #[serde(rename = "confirmReference")]
    pub trap: String,
}

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Entry {
        pub id: EntryId = "e.id",
        pub name: String = "e.name",
        pub email: String = "e.email",
        /// May be empty.
        pub company: String = "e.company",
        pub at: Time = "e.at",
        /// Whether it looks like a bot's.
        pub is_trapped: bool = "e.trapped_at" => |at: Option<Time>| at.is_some(),
    }
}

/// Saves an entry. The same entry again changes nothing. What looks like a bot's is saved too, but kept apart, and
/// gets the same answer. `sender` is the requester's network address.
///
/// # Errors
/// `Field`, `TooMany`.
pub fn submit(tx: &mut Tx, workspace: Option<WorkspaceId>, given: &EntryInput, sender: &str) -> Result<()> {
    let name = limits::validate_line("name", &given.name, limits::NAME_CHARACTERS)?;
    let email = limits::validate_email("email", &given.email)?;
    let company = limits::validate_optional_line("company", &given.company, limits::NAME_CHARACTERS)?;
    let place = workspace.map_or("none".to_string(), |workspace| workspace.to_string());
    rate_limits::hit(
        tx,
        &format!("early-access:sender:{}", rate_limits::network(sender)),
        WINDOW,
        BY_SENDER_MAX,
    )?;
    rate_limits::hit(tx, &format!("early-access:workspace:{place}"), DAY, IN_A_DAY_MAX)?;
    let trapped_at = (!given.trap.is_empty()).then(|| tx.now());
    let key = limits::normalize(&email);
    // The form may be sent twice: a double tap, or a retry after a lost answer.
    let is_trapped = if trapped_at.is_some() { "NOT NULL" } else { "NULL" };
    let of_workspace = if workspace.is_some() { "workspace = $4" } else { "workspace IS NULL" };
    let sql = format!(
        "SELECT 1 FROM early_access WHERE email_key = $1 AND name = $2 AND company = $3 \
         AND trapped_at IS {is_trapped} AND {of_workspace}"
    );
    let mut params: Vec<&dyn store::Param> = vec![&key, &name, &company];
    params.extend(workspace.as_ref().map(|workspace| workspace as &dyn store::Param));
    let known = tx.first(&sql, &params, |_| Ok(()))?;
    if known.is_some() {
        return Ok(());
    }
    let now = tx.now();
    tx.run(
        "INSERT INTO early_access (id, workspace, name, email, email_key, company, trapped_at, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[&EntryId::new(now), &workspace, &name, &email, &key, &company, &trapped_at, &now],
    )?;
    Ok(())
}

/// The entries listed in workspace `$1`: its own, and in the first workspace also the installation's.
const LISTED: &str = "(e.workspace = $1 OR (e.workspace IS NULL \
     AND $1 = (SELECT w.id FROM workspaces w ORDER BY w.created_at, w.id LIMIT 1)))";

/// The newest entries, optionally older than `before`, at most `most`: with `trapped` those that look like a bot's,
/// otherwise the others.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn list(
    reader: &Reader,
    actor: &Actor,
    trapped: bool,
    before: Option<EntryId>,
    most: i64,
) -> Result<Vec<Entry>> {
    access::admin(actor)?;
    let is_trapped = if trapped { "NOT NULL" } else { "NULL" };
    let before = before.unwrap_or(EntryId(Uuid::max()));
    let sql = format!(
        "SELECT {columns} FROM early_access e \
         WHERE {of_workspace} AND e.trapped_at IS {is_trapped} AND e.id < $2 ORDER BY e.id DESC LIMIT $3",
        columns = Entry::COLUMNS,
        of_workspace = LISTED
    );
    Ok(reader.all(&sql, &[&actor.workspace, &before, &most], |row| row.read())?)
}

/// The numbers of genuine entries and of those that look like a bot's.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn counts(reader: &Reader, actor: &Actor) -> Result<(i64, i64)> {
    access::admin(actor)?;
    let sql = format!(
        "SELECT count(*), count(e.trapped_at) FROM early_access e WHERE {of_workspace}",
        of_workspace = LISTED
    );
    let (all, trapped): (i64, i64) = reader.one(&sql, &[&actor.workspace], |row| row.read())?;
    Ok((all - trapped, trapped))
}

/// Removes an entry for good.
///
/// # Errors
/// `NotFound`; `Forbidden` for staff.
pub fn remove(tx: &mut Tx, actor: &Actor, entry: EntryId) -> Result<()> {
    access::admin(actor)?;
    let sql = format!(
        "DELETE FROM early_access WHERE id IN (SELECT e.id FROM early_access e WHERE {of_workspace} AND e.id = $2)",
        of_workspace = LISTED
    );
    if tx.run(&sql, &[&actor.workspace, &entry])? == 0 {
        return Err(Error::NotFound);
    }
    audit_log::append(tx, actor, AuditAction::EarlyAccessRemoved, None, Changes::none())
}
