//! How people come in beside being added by the firm: client users invite colleagues of their company, where the workspace
//! lets them (S2). A colleague belongs to that company from then on, like one whom an internal user added.

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::access::{self, Actor, Role};
use crate::error::{Error, Problem, Result};
use crate::ids::{CompanyId, WorkspaceId};
use crate::records::{self, Changes, Deed};
use crate::{people, sign_ins, tries};

/// Colleagues that one client user may invite in a day: a whole office, but no address book.
pub const COLLEAGUES_MAX: i64 = 20;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Since when client users may invite their colleagues; nothing where they may not.
///
/// # Errors
/// `NotFound` where there is no such workspace.
pub fn colleagues_at(reader: &Reader, workspace: WorkspaceId) -> Result<Option<Time>> {
    let sql = "SELECT colleagues_at FROM workspaces WHERE id = $1";
    reader.first(sql, &[&workspace], |row| row.get(0))?.ok_or(Error::NotFound)
}

/// Lets client users invite their colleagues from now on, or no longer. Who came in stays.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn let_invite(tx: &mut Tx, actor: &Actor, may: bool) -> Result<()> {
    access::admin(actor)?;
    let before = colleagues_at(tx, actor.workspace)?;
    let after = may.then(|| before.unwrap_or(tx.now()));
    tx.run(
        "UPDATE workspaces SET colleagues_at = $2, updated_at = $3 WHERE id = $1",
        &[&actor.workspace, &after, &tx.now()],
    )?;
    let changes = Changes::none().switch("clientsMayInviteColleagues", before.is_some(), may);
    records::keep_change(tx, actor, Deed::SettingsChanged, None, changes)
}

/// The companies to which the client user who asks may invite colleagues, the main one first: id and name. Nothing for
/// internal users, where the workspace does not let client users invite, and for one without a company.
///
/// # Errors
/// Where the database cannot be read.
pub fn own_companies(reader: &Reader, actor: &Actor) -> Result<Vec<(CompanyId, String)>> {
    if actor.role != Role::Client || colleagues_at(reader, actor.workspace)?.is_none() {
        return Ok(Vec::new());
    }
    Ok(reader.all(
        "SELECT c.id, c.name FROM company_clients b JOIN companies c ON c.workspace = b.workspace AND c.id = b.company \
         WHERE b.workspace = $1 AND b.person = $2 AND c.placeholder_at IS NULL AND c.deleted_at IS NULL \
         ORDER BY b.place, b.since, c.id",
        &[&actor.workspace, &actor.person],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?)
}

/// A colleague about to be invited.
#[derive(Clone, Debug, Default)]
pub struct Colleague {
    /// Given name.
    pub given_name: String,
    /// Family name.
    pub family_name: String,
    /// Email address.
    pub email: String,
    /// One of the companies of whoever invites them; the main one where none is named.
    pub company: Option<CompanyId>,
}

/// A client user invites a colleague to their company. Whether the address was known already is not told (S3): to somebody who
/// is here nothing is sent, and nothing changes about them.
///
/// # Errors
/// `NotFound` where the one who asks may not invite; `Field`; `TooMany`.
pub fn invite_colleague(tx: &mut Tx, actor: &Actor, colleague: &Colleague) -> Result<()> {
    people::turn(tx, actor.workspace)?;
    let own = own_companies(tx, actor)?;
    let main = own.first().ok_or(Error::NotFound)?.0;
    let company = colleague.company.unwrap_or(main);
    if !own.iter().any(|(known, _)| *known == company) {
        return Err(Error::field("company", Problem::NoChoice));
    }
    people::checked_name(&colleague.given_name, &colleague.family_name, &colleague.email)?;
    let subject = format!("colleague:{}:{}", actor.workspace, actor.person);
    tries::count(tx, &subject, DAY, COLLEAGUES_MAX)?;
    if people::by_email(tx, actor.workspace, &colleague.email)?.is_some() {
        return Ok(());
    }
    let person = people::add_colleague(tx, actor, colleague, company)?;
    sign_ins::send_invitation(tx, actor.workspace, person)?;
    let changes = Changes::none().note("email", colleague.email.trim());
    records::keep(tx, actor, Deed::ColleagueInvited, Some(person.0), changes)
}
