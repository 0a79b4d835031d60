//! Workspaces: one firm's portal each, told apart by host name (B3, B4).

use store::{Reader, Time, Tx};

use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{ChannelId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::{limits, random};
use crate::tenant::brand::Brand;
use crate::tenant::settings::DefaultChannel;

/// In a host name (RFC 1035, 2.3.4: 255 octets including the lengths of its labels).
const HOST_CHARACTERS: usize = 253;

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Workspace {
        pub id: WorkspaceId = "w.id",
        /// Lower case, without a port; `None` to answer to every host that no other workspace has.
        pub host: Option<String> = "w.host",
        pub brand_name: String = "w.brand_name",
        pub brand: Brand = Brand::COLUMNS,
        /// Set while people may sign up (S14).
        pub sign_up_at: Option<Time> = "w.sign_up_at",
        pub created_at: Time = "w.created_at",
        pub updated_at: Time = "w.updated_at",
    }
}

/// For the workspace `w`.
pub(crate) const COLUMNS: &str = Workspace::COLUMNS;

/// The workspace for a host name (without a port): the one that has it, else the one that had it before, else the one
/// that answers to all names.
pub fn by_host(reader: &Reader, host: &str) -> Result<Option<Workspace>> {
    // Runs on every request: a few index lookups, and no sorting. At most one workspace has no host.
    let host = host.to_lowercase();
    let named = format!("SELECT {COLUMNS} FROM workspaces w WHERE host = $1");
    if let Some(found) = reader.first(&named, &[&host], |row| row.read())? {
        return Ok(Some(found));
    }
    let former = format!(
        "SELECT {COLUMNS} FROM former_hosts f JOIN workspaces w ON w.id = f.workspace WHERE f.host = $1"
    );
    if let Some(found) = reader.first(&former, &[&host], |row| row.read())? {
        return Ok(Some(found));
    }
    let other = format!("SELECT {COLUMNS} FROM workspaces w WHERE host IS NULL");
    Ok(reader.first(&other, &[], |row| row.read())?)
}

pub fn find(reader: &Reader, id: WorkspaceId) -> Result<Workspace> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces w WHERE id = $1");
    reader.first(&sql, &[&id], |row| row.read())?.ok_or(Error::NotFound)
}

/// All workspaces of the installation, oldest first.
pub fn all(reader: &Reader) -> Result<Vec<Workspace>> {
    let sql = format!("SELECT {COLUMNS} FROM workspaces w ORDER BY created_at, id");
    Ok(reader.all(&sql, &[], |row| row.read())?)
}

/// Whether any workspace exists; if not, the portal has yet to be set up.
pub fn any(reader: &Reader) -> Result<bool> {
    Ok(reader.first("SELECT 1 FROM workspaces LIMIT 1", &[], |_| Ok(()))?.is_some())
}

/// Adds a workspace without people.
///
/// # Errors
/// `Field` for an invalid brand or host, and if another workspace has the host (or also has none).
pub fn add(tx: &mut Tx, brand: &str, host: Option<&str>) -> Result<WorkspaceId> {
    let brand = limits::validate_line("brandName", brand, limits::NAME_CHARACTERS)?;
    let host = host.map(|host| self::host("host", host)).transpose()?;
    if is_taken(tx, host.as_deref())? {
        return Err(Error::field("host", Problem::Taken));
    }
    let now = tx.now();
    let id = WorkspaceId::new(now);
    let mut signing_key = [0; 32];
    random::fill(&mut signing_key);
    tx.run(
        "INSERT INTO workspaces (id, host, brand_name, default_channel, signing_key, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        &[&id, &host, &brand, &DefaultChannel::Client, &signing_key, &now],
    )?;
    Ok(id)
}

/// Normalizes a host name: lower case, in ASCII (RFC 5890).
///
/// # Errors
/// `Empty`, `TooLong`, `NoHost`.
pub(crate) fn host(field: &'static str, text: &str) -> Result<String> {
    let text = limits::validate_line(field, text, HOST_CHARACTERS)?;
    let ascii = idna::domain_to_ascii_strict(&text).map_err(|_| Error::field(field, Problem::NoHost))?;
    let is_host = ascii.len() <= HOST_CHARACTERS && ascii.split('.').all(|label| !label.is_empty());
    if is_host { Ok(ascii) } else { Err(Error::field(field, Problem::NoHost)) }
}

/// Whether a workspace has or had this host; for `None`, whether one answers to all names.
fn is_taken(reader: &Reader, host: Option<&str>) -> Result<bool> {
    let taken = match host {
        Some(host) => reader.first(
            "SELECT 1 FROM workspaces WHERE host = $1 UNION ALL SELECT 1 FROM former_hosts WHERE host = $1",
            &[&host],
            |_| Ok(()),
        )?,
        None => reader.first("SELECT 1 FROM workspaces WHERE host IS NULL", &[], |_| Ok(()))?,
    };
    Ok(taken.is_some())
}

/// Changes the workspace's host name; empty to answer to every name that no other workspace has. The previous name
/// still works (B3). If there was none, `asked_at`, the host of this request, continues to work, so that nobody is
/// locked out by a name that does not lead here yet.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for an invalid name or one that another workspace has
/// or had.
pub fn change_host(tx: &mut Tx, actor: &Actor, host: &str, asked_at: &str) -> Result<()> {
    access::admin(actor)?;
    let before = find(tx, actor.workspace)?.host;
    let host = if host.trim().is_empty() { None } else { Some(self::host("host", host)?) };
    if host == before {
        return Ok(());
    }
    let own: Option<String> = match &host {
        Some(host) => tx.first(
            "SELECT host FROM former_hosts WHERE workspace = $1 AND host = $2",
            &[&actor.workspace, host],
            |row| row.get(0),
        )?,
        None => None,
    };
    if own.is_none() && is_taken(tx, host.as_deref())? {
        return Err(Error::field("host", Problem::Taken));
    }
    // The name might be one by which people know the portal that answers to all names.
    if before.is_some() && host.is_some() && own.is_none() && is_taken(tx, None)? {
        return Err(Error::field("host", Problem::HostsOfAnother));
    }
    let now = tx.now();
    tx.run(
        "DELETE FROM former_hosts WHERE workspace = $1 AND host = $2",
        &[&actor.workspace, &host.clone().unwrap_or_default()],
    )?;
    tx.run(
        "UPDATE workspaces SET host = $2, updated_at = $3 WHERE id = $1",
        &[&actor.workspace, &host, &now],
    )?;
    let former = before.clone().unwrap_or_else(|| limits::normalize(asked_at));
    if host.is_some() && !former.is_empty() && !is_taken(tx, Some(&former))? {
        tx.run(
            "INSERT INTO former_hosts (host, workspace, since) VALUES ($1, $2, $3)",
            &[&former, &actor.workspace, &now],
        )?;
    }
    let changes = Changes::none().field("host", before.unwrap_or_default(), host.unwrap_or_default());
    audit_log::append_change(tx, actor, AuditAction::SettingsChanged, None, changes)
}

/// Previous host names that still work, newest first.
pub fn former_hosts(reader: &Reader, workspace: WorkspaceId) -> Result<Vec<String>> {
    Ok(reader.all(
        "SELECT host FROM former_hosts WHERE workspace = $1 ORDER BY since DESC, host",
        &[&workspace],
        |row| row.get(0),
    )?)
}

/// The base of a workspace's links, without a trailing slash: the installation's address, with the workspace's host
/// if it has one.
pub fn address(public_url: &str, host: Option<&str>) -> String {
    let public_url = public_url.trim_end_matches('/');
    let Some((host, (scheme, place))) = host.zip(public_url.split_once("://")) else {
        return public_url.to_string();
    };
    let after_host = place.rfind(']').unwrap_or(0);
    let port = place.get(after_host..).and_then(|rest| rest.rfind(':').map(|at| &rest[at..])).unwrap_or("");
    format!("{scheme}://{host}{port}")
}

/// The base of a workspace's links ([`address`]).
pub fn address_of(reader: &Reader, workspace: WorkspaceId, public_url: &str) -> Result<String> {
    Ok(address(public_url, find(reader, workspace)?.host.as_deref()))
}

/// Changes the firm's name, and notifies open pages that show it as a channel's title (C2).
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field`.
pub fn rename(tx: &mut Tx, actor: &Actor, brand: &str) -> Result<()> {
    access::admin(actor)?;
    let brand = limits::validate_line("brandName", brand, limits::NAME_CHARACTERS)?;
    let before = find(tx, actor.workspace)?;
    let changed = tx.run(
        "UPDATE workspaces SET brand_name = $2, updated_at = $3 WHERE id = $1 AND brand_name <> $2",
        &[&actor.workspace, &brand, &tx.now()],
    )?;
    if changed == 0 {
        return Ok(());
    }
    let changes = Changes::none().field("brandName", before.brand_name, &brand);
    audit_log::append_change(tx, actor, AuditAction::SettingsChanged, None, changes)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_begin_with_the_workspaces_own_host() {
        for (public_url, host, expected) in [
            ("https://portal.example", None, "https://portal.example"),
            ("https://portal.example/", Some("firm.example"), "https://firm.example"),
            ("http://127.0.0.1:8080", Some("firm.example"), "http://firm.example:8080"),
            ("http://[::1]:8080", Some("firm.example"), "http://firm.example:8080"),
            ("http://[::1]", Some("firm.example"), "http://firm.example"),
        ] {
            assert_eq!(address(public_url, host), expected);
        }
    }

    #[test]
    fn only_a_name_is_a_host() {
        for (given, expected) in [
            ("Portal.Firm.example", "portal.firm.example"),
            (" localhost ", "localhost"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(host("host", given).unwrap(), expected);
        }
        for wrong in [
            "",
            "https://a.example",
            "a.example/",
            "a.example:80",
            "a b.example",
            "-a.example",
            "a..example",
            ".example",
            "a.example.",
            "a_b.example",
            "%",
            "a\nb",
            "[::1]",
            &"a".repeat(64),
            &"a.".repeat(130),
        ] {
            assert!(host("host", wrong).is_err(), "{wrong:?}");
        }
    }
}
