//! How people may join without being added by the firm: by signing up (`identity::sign_ups`, S14) or invited by a
//! colleague (S2). Both are off by default. Invited colleagues belong to the inviter's company at once, and become
//! members of its channels when they first sign in.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::administration::clients::{self, Colleague};
use crate::arrival::invitations;
use crate::directory::person;
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{CompanyId, WorkspaceId};
use crate::kernel::{lock, name, rate_limits};
use crate::tenant::settings;

/// Colleagues that one client user may invite per day: a whole office, but not an address book.
pub const COLLEAGUES_MAX: i64 = 20;
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joining {
    /// Since when people may sign up; `None` if they may not.
    pub sign_up_at: Option<Time>,
    /// Since when client users may invite colleagues; `None` if they may not.
    pub colleagues_at: Option<Time>,
}

pub fn setting(reader: &Reader, workspace: WorkspaceId) -> Result<Joining> {
    let sql = "SELECT sign_up_at, colleagues_at FROM workspaces WHERE id = $1";
    let found = reader.first(sql, &[&workspace], |row| {
        Ok(Joining { sign_up_at: row.get(0)?, colleagues_at: row.get(1)? })
    })?;
    found.ok_or(Error::NotFound)
}

/// Changes by an admin; `None` leaves a value unchanged.
#[derive(Clone, Copy, Debug, Default)]
pub struct JoiningChange {
    pub sign_up: Option<bool>,
    pub colleagues: Option<bool>,
}

/// Changes how people may join from now on. Those who already joined stay.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn change(tx: &mut Tx, actor: &Actor, change: &JoiningChange) -> Result<()> {
    access::admin(actor)?;
    let before = setting(tx, actor.workspace)?;
    let after = Joining {
        sign_up_at: settings::since(tx, before.sign_up_at, change.sign_up),
        colleagues_at: settings::since(tx, before.colleagues_at, change.colleagues),
    };
    if after == before {
        return Ok(());
    }
    tx.run(
        "UPDATE workspaces SET sign_up_at = $2, colleagues_at = $3, updated_at = $4 WHERE id = $1",
        &[&actor.workspace, &after.sign_up_at, &after.colleagues_at, &tx.now()],
    )?;
    let changes = Changes::none()
        .switch("peopleMaySignUp", before.sign_up_at.is_some(), after.sign_up_at.is_some())
        .switch("clientsMayInviteColleagues", before.colleagues_at.is_some(), after.colleagues_at.is_some());
    audit_log::append_change(tx, actor, AuditAction::SettingsChanged, None, changes)
}

/// The companies to which the actor may invite colleagues, the main one first, with their names. Empty for internal users,
/// for client users without a company, and if the workspace does not allow it.
pub fn own_companies(reader: &Reader, actor: &Actor) -> Result<Vec<(CompanyId, String)>> {
    if actor.role != Role::Client || setting(reader, actor.workspace)?.colleagues_at.is_none() {
        return Ok(Vec::new());
    }
    Ok(reader.all(
        "SELECT c.id, c.name FROM company_clients b JOIN companies c ON c.workspace = b.workspace AND c.id = b.company \
         WHERE b.workspace = $1 AND b.person = $2 AND c.placeholder_at IS NULL AND c.deleted_at IS NULL \
         ORDER BY b.place, b.since, c.id",
        &[&actor.workspace, &actor.person],
        |row| row.read(),
    )?)
}

/// Invites a colleague of the actor to their company. Does not reveal whether the address was known (S3): people already
/// here are sent nothing and not changed, and new ones are visible to internal users only until they sign in.
///
/// # Errors
/// `NotFound` if the actor may not invite; `Field`; `TooMany`.
pub fn invite_colleague(tx: &mut Tx, actor: &Actor, colleague: &Colleague) -> Result<()> {
    lock::lock_directory(tx, actor.workspace)?;
    let own = own_companies(tx, actor)?;
    let main = own.first().ok_or(Error::NotFound)?.0;
    let company = colleague.company.unwrap_or(main);
    if !own.iter().any(|(known, _)| *known == company) {
        return Err(Error::field("company", Problem::NoChoice));
    }
    name::name_of(&colleague.given_name, &colleague.family_name, &colleague.email)?;
    let subject = format!("colleague:{}:{}", actor.workspace, actor.person);
    rate_limits::hit(tx, &subject, DAY, COLLEAGUES_MAX)?;
    if person::by_email(tx, actor.workspace, &colleague.email)?.is_some() {
        return Ok(());
    }
    let person = clients::add_colleague(tx, actor, colleague, company)?;
    invitations::send_invitation(tx, actor.workspace, person)?;
    let changes = Changes::none().note("email", colleague.email.trim());
    audit_log::append(tx, actor, AuditAction::ColleagueInvited, Some(person.0), changes)
}
