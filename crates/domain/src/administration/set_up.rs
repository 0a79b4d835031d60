//! Setting up a workspace with its first admin (S4).

use std::time::Duration;

use serde::Deserialize;
use store::{Reader, Tx};

use crate::directory::person::{email_is_free, insert, new};
use crate::kernel::access::Role;
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::lock::lock_directory;
use crate::kernel::name::name_of;
use crate::kernel::rate_limits;
use crate::kernel::secrets::{self, Secret};
use crate::tenant::workspaces::{self, add, any};

/// Adds the first admin of a workspace.
///
/// # Errors
/// `Field`.
pub fn first_admin(
    tx: &mut Tx,
    workspace: WorkspaceId,
    given_name: &str,
    family_name: &str,
    email: &str,
) -> Result<PersonId> {
    lock_directory(tx, workspace)?;
    let name = name_of(given_name, family_name, email)?;
    email_is_free(tx, workspace, None, &name.email)?;
    let person = new(tx.now(), Role::Admin, name, "setUp");
    insert(tx, workspace, &person)?;
    Ok(person.id)
}

/// How long a set-up link is valid; the next start creates a new one.
const SET_UP_LASTS: Duration = Duration::from_secs(24 * 3600);

/// Set-up attempts per minute: enough to correct the form a few times. The secret cannot be guessed anyway.
const SET_UP_TRIES: i64 = 30;

const SET_UP_WINDOW: Duration = Duration::from_secs(60);

/// Creates the one-time set-up link (S4) and deletes earlier ones. Returns `None` if a workspace already exists.
pub fn set_up_link(tx: &mut Tx) -> Result<Option<Secret>> {
    if workspaces::any(tx)? {
        return Ok(None);
    }
    end_set_up(tx)?;
    let secret = Secret::new();
    let now = tx.now();
    tx.run(
        "INSERT INTO sign_in_links (token_hash, kind, created_at, expires_at) VALUES ($1, 'setUp', $2, $3)",
        &[&secret.hash(), &now, &now.after(SET_UP_LASTS)],
    )?;
    Ok(Some(secret))
}

/// Counts an attempt. Concurrent attempts wait for each other here, so that the second finds the portal set up.
pub(crate) fn count_set_up(tx: &Tx) -> Result<()> {
    rate_limits::hit(tx, "set-up", SET_UP_WINDOW, SET_UP_TRIES)
}

/// Checks the secret of a set-up link. Changes nothing.
///
/// # Errors
/// `NotFound` if it is wrong, replaced or expired.
pub fn check_set_up(reader: &Reader, secret: &str) -> Result<()> {
    let found = reader.first(
        "SELECT 1 FROM sign_in_links WHERE token_hash = $1 AND kind = 'setUp' AND expires_at > $2",
        &[&secrets::hash(secret), &reader.now()],
        |_| Ok(()),
    )?;
    found.ok_or(Error::NotFound)
}

/// Deletes all set-up links.
pub(crate) fn end_set_up(tx: &Tx) -> Result<()> {
    tx.run("DELETE FROM sign_in_links WHERE kind = 'setUp'", &[])?;
    Ok(())
}

/// The input of the first start (S4).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SetUp {
    /// The firm's name.
    #[serde(rename = "brandName")]
    pub brand: String,
    pub given_name: String,
    pub family_name: String,
    pub email: String,
}

/// Adds another workspace with its first admin.
///
/// # Errors
/// `Field`.
pub fn add_with_admin(tx: &mut Tx, host: &str, given: &SetUp) -> Result<(WorkspaceId, PersonId)> {
    let workspace = add(tx, &given.brand, Some(host))?;
    let person = first_admin(tx, workspace, &given.given_name, &given.family_name, &given.email)?;
    audit_log::append_by_cli(tx, workspace, AuditAction::SetUp, Some(person.0), Changes::none())?;
    Ok((workspace, person))
}

/// Creates the first workspace and its first admin (S4). In the browser this takes the `secret` of the set-up link, which
/// is used up; the command line needs none.
///
/// # Errors
/// `Conflict` if there is already a workspace; `NotFound` for a secret that is wrong, replaced or expired; `Field`.
pub fn set_up(tx: &mut Tx, secret: Option<&str>, given: &SetUp) -> Result<(WorkspaceId, PersonId)> {
    count_set_up(tx)?;
    if any(tx)? {
        return Err(Error::Conflict("This portal is set up already."));
    }
    if let Some(secret) = secret {
        check_set_up(tx, secret)?;
    }
    let workspace = add(tx, &given.brand, None)?;
    let person = first_admin(tx, workspace, &given.given_name, &given.family_name, &given.email)?;
    end_set_up(tx)?;
    audit_log::append_by_cli(tx, workspace, AuditAction::SetUp, Some(person.0), Changes::none())?;
    Ok((workspace, person))
}
