//! Keys of programs that talk to `/v1`. A key is shown once and kept as a hash; it speaks as the admin who made it,
//! for as long as that person is an active admin.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{KeyId, PersonId};
use crate::kernel::limits;
use crate::kernel::name::Name;
use crate::kernel::secrets::{self, Secret};

/// The last use is noted at most this often: a write for each call would cost more than the call.
const NOTED_EVERY: Duration = Duration::from_secs(60);
/// Keys of a workspace that are good at once: far more than there are programs.
pub const KEYS_MAX: i64 = 100;

columns! {
    /// A program's key.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Key {
        pub id: KeyId = "k.id",
        /// What it is for, in the words of whoever made it.
        pub name: String = "k.name",
        /// The admin for whom it speaks.
        pub person: PersonId = "k.person",
        /// That admin's name.
        pub person_name: Name = "p.given_name, p.family_name, p.email",
        pub created_at: Time = "k.created_at",
        /// When it was last used, give or take a minute.
        pub used_at: Option<Time> = "k.used_at",
    }
}

/// Makes a key and answers its secret, which is not to be had a second time.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for a name that cannot be taken, `Conflict` where there
/// are [`KEYS_MAX`] already.
pub fn create(tx: &mut Tx, actor: &Actor, name: &str) -> Result<Secret> {
    access::admin(actor)?;
    let name = limits::validate_line("name", name, limits::NAME_CHARACTERS)?;
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

/// The program that a key stands for, which speaks as the admin who made it, and whether its use is to be noted again ([`touch`]). Nothing where it was revoked or its
/// person is no longer an active admin.
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

/// Whether a program's key is still good: it was not revoked, and its person is an active admin.
pub fn is_good(reader: &Reader, program: &Actor, key: KeyId) -> Result<bool> {
    let found = reader.first(
        "SELECT 1 FROM keys k JOIN people p ON p.workspace = k.workspace AND p.id = k.person \
         WHERE k.workspace = $1 AND k.id = $2 AND k.revoked_at IS NULL AND p.role = 'admin' AND p.deactivated_at IS NULL",
        &[&program.workspace, &key],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}

/// Notes that a key is used now, at most once a minute.
pub fn touch(tx: &mut Tx, actor: &Actor, key: KeyId) -> Result<()> {
    let now = tx.now();
    tx.run(
        "UPDATE keys SET used_at = $3 WHERE workspace = $1 AND id = $2 AND (used_at IS NULL OR used_at <= $4)",
        &[&actor.workspace, &key, &now, &now.before(NOTED_EVERY)],
    )?;
    Ok(())
}

/// The workspace's keys that were not revoked, newest first.
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

/// Revokes a key: it is good for nothing from now on.
///
/// # Errors
/// `NotFound`, also where it is revoked already; `Forbidden` for staff.
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
