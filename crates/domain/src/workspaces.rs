//! Workspaces: one firm's portal each, told apart by the host name that is asked for.

use store::{Reader, Row, Time, Tx};

use crate::access::{self, Actor};
use crate::error::{Error, Problem, Result};
use crate::ids::{ChannelId, PersonId, WorkspaceId};
use crate::journal::{self, Event};
use crate::records::{self, Changes, Deed};
use crate::settings::DefaultChannel;
use crate::{limits, people, secrets, sign_ins};

/// Characters of a host name (RFC 1035, 2.3.4: 255 octets with the lengths of its labels).
const HOST_CHARACTERS: usize = 253;

/// One firm's portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// Its id.
    pub id: WorkspaceId,
    /// The host name that it answers, lower case and without a port; none: every host that no other workspace names.
    pub host: Option<String>,
    /// What the firm is called.
    pub brand_name: String,
    /// Since when.
    pub created_at: Time,
    /// When something of the above last changed.
    pub updated_at: Time,
}

/// What the first start asks for (S4).
#[derive(Clone, Debug)]
pub struct SetUp {
    /// What the firm is called.
    pub brand: String,
    /// The first admin's given name.
    pub given_name: String,
    /// The first admin's family name.
    pub family_name: String,
    /// The first admin's address.
    pub email: String,
}

/// The columns of the workspace `w`, as [`read`] takes them.
pub(crate) const COLUMNS: &str = "w.id, w.host, w.brand_name, w.created_at, w.updated_at";

/// A workspace from the columns that begin at `at`.
pub(crate) fn read(row: &Row<'_>, at: usize) -> store::Result<Workspace> {
    Ok(Workspace {
        id: row.get(at)?,
        host: row.get(at + 1)?,
        brand_name: row.get(at + 2)?,
        created_at: row.get(at + 3)?,
        updated_at: row.get(at + 4)?,
    })
}

/// The workspace that answers a host name (without a port): the one that names it, else the one that names none.
///
/// # Errors
/// Where the database fails.
pub fn by_host(reader: &Reader, host: &str) -> Result<Option<Workspace>> {
    // Asked at every request: two looks at an index, and no sorting. At most one workspace has no host.
    let named = format!("SELECT {COLUMNS} FROM workspaces w WHERE host = $1");
    if let Some(found) = reader.first(&named, &[&host.to_lowercase()], |row| read(row, 0))? {
        return Ok(Some(found));
    }
    let other = format!("SELECT {COLUMNS} FROM workspaces w WHERE host IS NULL");
    Ok(reader.first(&other, &[], |row| read(row, 0))?)
}

/// A workspace.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, id: WorkspaceId) -> Result<Workspace> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces w WHERE id = $1");
    reader.first(&sql, &[&id], |row| read(row, 0))?.ok_or(Error::NotFound)
}

/// All workspaces of this installation, oldest first.
///
/// # Errors
/// Where the database fails.
pub fn all(reader: &Reader) -> Result<Vec<Workspace>> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces w ORDER BY created_at, id");
    Ok(reader.all(&sql, &[], |row| read(row, 0))?)
}

/// Whether there is any workspace: if not, the portal is still to be set up.
///
/// # Errors
/// Where the database fails.
pub fn any(reader: &Reader) -> Result<bool> {
    Ok(reader.first("SELECT 1 FROM workspaces LIMIT 1", &[], |_| Ok(()))?.is_some())
}

/// Adds a workspace without people.
///
/// # Errors
/// `Field` for a brand or host that cannot be taken, also where another workspace has the host (or has none too).
pub fn add(tx: &mut Tx, brand: &str, host: Option<&str>) -> Result<WorkspaceId> {
    let brand = limits::line("brandName", brand, limits::NAME_CHARACTERS)?;
    let host = host
        .map(|host| limits::line("host", host, HOST_CHARACTERS))
        .transpose()?
        .map(|host| limits::key(&host));
    let taken = match &host {
        Some(host) => tx.first("SELECT 1 FROM workspaces WHERE host = $1", &[host], |_| Ok(()))?,
        None => tx.first("SELECT 1 FROM workspaces WHERE host IS NULL", &[], |_| Ok(()))?,
    };
    if taken.is_some() {
        return Err(Error::field("host", Problem::Taken));
    }
    let now = tx.now();
    let id = WorkspaceId::new(now);
    let mut signing_key = [0; 32];
    secrets::fill(&mut signing_key);
    tx.run(
        "INSERT INTO workspaces (id, host, brand_name, default_channel, signing_key, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        &[&id, &host, &brand, &DefaultChannel::Client, &signing_key, &now],
    )?;
    Ok(id)
}

/// Sets the portal up: its first workspace and its first admin (S4). From the browser with the `secret` of the set-up
/// link, which is used up; from the command line without.
///
/// # Errors
/// `Conflict` where there is a workspace already; `NotFound` for a secret that is wrong, replaced or expired; `Field`.
pub fn set_up(tx: &mut Tx, secret: Option<&str>, given: &SetUp) -> Result<(WorkspaceId, PersonId)> {
    sign_ins::count_set_up(tx)?;
    if any(tx)? {
        return Err(Error::Conflict("This portal is set up already."));
    }
    if let Some(secret) = secret {
        sign_ins::check_set_up(tx, secret)?;
    }
    let workspace = add(tx, &given.brand, None)?;
    let person = people::first_admin(tx, workspace, &given.given_name, &given.family_name, &given.email)?;
    sign_ins::end_set_up(tx)?;
    records::keep_of_machine(tx, workspace, Deed::SetUp, Some(person.0), Changes::none())?;
    Ok((workspace, person))
}

/// Changes the firm's name; open pages that show it as a channel's title hear of it (C2).
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field`.
pub fn rename(tx: &mut Tx, actor: &Actor, brand: &str) -> Result<()> {
    access::admin(actor)?;
    let brand = limits::line("brandName", brand, limits::NAME_CHARACTERS)?;
    let before = find(tx, actor.workspace)?;
    let changed = tx.run(
        "UPDATE workspaces SET brand_name = $2, updated_at = $3 WHERE id = $1 AND brand_name <> $2",
        &[&actor.workspace, &brand, &tx.now()],
    )?;
    if changed == 0 {
        return Ok(());
    }
    let changes = Changes::none().field("brandName", before.brand_name, &brand);
    records::keep_change(tx, actor, Deed::SettingsChanged, None, changes)?;
    let titled: Vec<ChannelId> = tx.all(
        "SELECT id FROM channels WHERE workspace = $1 AND kind = 'client' ORDER BY id",
        &[&actor.workspace],
        |row| row.get(0),
    )?;
    for channel in titled {
        journal::record(tx, actor.workspace, &Event::ChannelUpdated { channel });
    }
    Ok(())
}
