//! API keys for `/v1` (D1, D2). A key is shown once and stored as a hash. It acts as the admin who created it, and
//! works only while that person is an active admin.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{KeyId, PersonId};
use crate::kernel::name::Name;
use crate::kernel::secrets::{self, Secret};
use crate::kernel::{limits, lock};

/// How often the last use is saved at most: a write per call would cost more than the call.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// Active keys per workspace (D2): far more than there are API clients.
pub const KEYS_MAX: i64 = 100;

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Key {
        pub id: KeyId = "k.id",
        /// What it is for, in its creator's words.
        pub name: String = "k.name",
        /// The admin it acts as.
        pub person: PersonId = "k.person",
        pub person_name: Name = "p.given_name, p.family_name, p.email",
        pub created_at: Time = "k.created_at",
        /// Accurate to [`NOTED_EVERY`].
        pub used_at: Option<Time> = "k.used_at",
    }
}

/// Creates a key and returns its secret, which cannot be retrieved again.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for an invalid name, `Conflict` if there are already
/// [`KEYS_MAX`].
pub fn create(tx: &mut Tx, actor: &Actor, name: &str) -> Result<Secret> {
    access::admin(actor)?;
    let name = limits::validate_line("name", name, limits::NAME_CHARACTERS)?;
    // Two at once would both find a place.
    lock::lock_directory(tx, actor.workspace)?;
    let count: i64 = tx.one(
        "SELECT count(*) FROM keys WHERE workspace = $1 AND revoked_at IS NULL",
        &[&actor.workspace],
        |row| row.get(0),
    )?;
    if count >= KEYS_MAX {
        return Err(Error::Conflict("There are too many keys. Please revoke one that is no longer used."));
    }
    let secret = Secret::new();
    let now = tx.now();
    tx.run(
        "INSERT INTO keys (workspace, id, person, name, token_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[&actor.workspace, &KeyId::new(now), &actor.person, &name, &secret.hash(), &now],
    )?;
    audit_log::append(tx, actor, AuditAction::KeyMade, None, Changes::none().note("name", &name))?;
    Ok(secret)
}

/// The API client of a key, which acts as the admin who created it, and whether the key's last use is due to be saved
/// ([`touch`]). Returns `None` if the key was revoked or its admin is no longer active.
pub fn of_secret(reader: &Reader, secret: &str) -> Result<Option<(Actor, KeyId, bool)>> {
    let stale = reader.now().before(NOTED_EVERY);
    let found = reader.first(
        "SELECT k.workspace, k.id, k.person, k.used_at FROM keys k \
         JOIN people p ON p.workspace = k.workspace AND p.id = k.person \
         WHERE k.token_hash = $1 AND k.revoked_at IS NULL AND p.role = 'admin' AND p.deactivated_at IS NULL",
        &[&secrets::hash(secret)],
        |row| {
            let (workspace, key, admin, used_at): (_, _, _, Option<Time>) = row.read()?;
            Ok((Actor::api_client(workspace, admin), key, used_at.is_none_or(|used_at| used_at <= stale)))
        },
    )?;
    Ok(found)
}

/// Whether a key still works: it was not revoked, and its creator is an active admin.
pub fn is_good(reader: &Reader, program: &Actor, key: KeyId) -> Result<bool> {
    let found = reader.first(
        "SELECT 1 FROM keys k JOIN people p ON p.workspace = k.workspace AND p.id = k.person \
         WHERE k.workspace = $1 AND k.id = $2 AND k.revoked_at IS NULL AND p.role = 'admin' AND p.deactivated_at IS NULL",
        &[&program.workspace, &key],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Saves that a key is used now, at most once per [`NOTED_EVERY`].
pub fn touch(tx: &mut Tx, actor: &Actor, key: KeyId) -> Result<()> {
    let now = tx.now();
    tx.run(
        "UPDATE keys SET used_at = $3 WHERE workspace = $1 AND id = $2 AND (used_at IS NULL OR used_at <= $4)",
        &[&actor.workspace, &key, &now, &now.before(NOTED_EVERY)],
    )?;
    Ok(())
}

/// Active keys, newest first.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn list(reader: &Reader, actor: &Actor) -> Result<Vec<Key>> {
    access::admin(actor)?;
    Ok(reader.all(
        constcat::concat!(
            "SELECT ",
            Key::COLUMNS,
            " FROM keys k JOIN people p ON p.workspace = k.workspace AND p.id = k.person WHERE k.workspace = $1 \
             AND k.revoked_at IS NULL ORDER BY k.created_at DESC, k.id DESC"
        ),
        &[&actor.workspace],
        |row| row.read(),
    )?)
}

/// Revokes a key with immediate effect.
///
/// # Errors
/// `NotFound`, also if it is already revoked; `Forbidden` for staff.
pub fn revoke(tx: &mut Tx, actor: &Actor, key: KeyId) -> Result<()> {
    access::admin(actor)?;
    let revoked: Option<String> = tx.first(
        "UPDATE keys SET revoked_at = $3 WHERE workspace = $1 AND id = $2 AND revoked_at IS NULL RETURNING name",
        &[&actor.workspace, &key, &tx.now()],
        |row| row.get(0),
    )?;
    let name = revoked.ok_or(Error::NotFound)?;
    audit_log::append(tx, actor, AuditAction::KeyRevoked, None, Changes::none().note("name", name))
}
