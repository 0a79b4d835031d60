//! Who wants a portal of their own: they say so on the product's front page (E1), admins find them in a list.
//!
//! An entry belongs to the workspace at whose host it was made. One made at a host that no workspace answers is the
//! installation's: it is listed in its first workspace, whose admins run it.

use std::time::Duration;

use store::{Reader, Time, Tx};
use uuid::Uuid;

use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{EntryId, WorkspaceId};
use crate::kernel::{limits, rate_limits};

/// The window in which entries of one sender are counted.
const WINDOW: Duration = Duration::from_secs(3600);
/// Entries of one sender in a [`WINDOW`]: a fair's stand that enters its visitors, but no flood.
pub const BY_SENDER_MAX: i64 = 20;
/// Entries of everybody in a day: more is a machine that has many addresses.
pub const IN_A_DAY_MAX: i64 = 5_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What a visitor filled in.
#[derive(Clone, Debug, Default)]
pub struct EntryInput {
    pub name: String,
    pub email: String,
    /// Their company; may be empty.
    pub company: String,
    /// What only machines fill in, since people do not see it.
    pub trap: String,
}

columns! {
    /// One entry.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Entry {
        pub id: EntryId = "e.id",
        pub name: String = "e.name",
        pub email: String = "e.email",
        /// Their company; may be empty.
        pub company: String = "e.company",
        pub at: Time = "e.at",
        /// Whether a machine seems to have made it.
        pub is_trapped: bool = "e.trapped_at" => |at: Option<Time>| at.is_some(),
    }
}

/// Keeps an entry. The same again changes nothing. What a machine made is kept too, apart from the others, and answered
/// alike. `sender` is the network address of who asks.
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
    // Tapped twice, or sent again after the answer was lost.
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

/// What an admin's workspace `$1` lists: its own entries, and in the first workspace those of the installation.
const LISTED: &str = "(e.workspace = $1 OR (e.workspace IS NULL \
     AND $1 = (SELECT w.id FROM workspaces w ORDER BY w.created_at, w.id LIMIT 1)))";

/// The newest entries, those before `before` where one is named; at most `most`. With `trapped` those that a machine
/// seems to have made, else the others.
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

/// How many entries there are: of people, and of what seem to be machines.
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
