//! People who sign up by themselves, where the workspace allows it (S14).
//!
//! A sign-up is pending at first: a row that nobody sees. Only the mailed code or link turns it into a client user, with
//! the same id. A known address is sent the sign-in mail instead, and from outside both look the same (S3). The mail to
//! a pending sign-up contains nothing they typed except the address, so that strangers cannot send their own words under
//! the firm's name. Internal users decide which company somebody belongs to (`arrival::company_suggestion`): naming a
//! company neither gives access to it nor reveals whether it exists.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use store::{Reader, Tx};

use crate::directory::addressee::Addressee;
use crate::directory::person;
use crate::identity::sign_in_requests;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, SignInId, WorkspaceId};
use crate::kernel::name::{self, Name};
use crate::kernel::{limits, rate_limits};
use crate::tenant::workspaces;

/// Sign-ups per workspace and [`WINDOW`]: more can only come from a bot with many addresses.
pub const IN_A_DAY_MAX: i64 = 2_000;
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// How long an unconfirmed sign-up is kept after its code expires, so that late visitors are told that it has expired.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Rows deleted per sweep at most, so that other writers are not held up.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Pending sign-ups that can still be completed: those of workspaces that allow signing up.
pub(crate) const PENDING_SIGN_UPS: &str = "SELECT k.workspace, k.person, k.given_name, k.family_name, k.email, k.company_name \
     FROM newcomers k JOIN workspaces o ON o.id = k.workspace WHERE o.sign_up_at IS NOT NULL";

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SignUpInput {
    pub given_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub family_name: String,
    pub email: String,
    /// The company name they gave; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub company: String,
    /// A honeypot: hidden from people, so only bots fill it in.
    #[serde(rename = "confirmReference", skip_serializing)]
    pub trap: String,
}

/// Starts a sign-up. `sender` is the requester's IP address. The result and the work done are the same for every
/// address (S3). Bots get the same answer, but no mail is sent.
///
/// # Errors
/// `NotFound` if the workspace does not allow signing up; `Field`, `TooMany`.
pub fn ask(tx: &mut Tx, workspace: WorkspaceId, given: &SignUpInput, sender: &str) -> Result<SignInId> {
    if workspaces::find(tx, workspace)?.sign_up_at.is_none() {
        return Err(Error::NotFound);
    }
    let name = name::name_of(&given.given_name, &given.family_name, &given.email)?;
    let company = limits::validate_optional_line("company", &given.company, limits::NAME_CHARACTERS)?;
    let key = limits::normalize(&name.email);
    sign_in_requests::hit_rate_limits(tx, workspace, &key, sender)?;
    rate_limits::hit(tx, &format!("sign-up:workspace:{workspace}"), WINDOW, IN_A_DAY_MAX)?;
    let now = tx.now();
    let newcomer = PersonId::new(now);
    tx.run(
        "INSERT INTO newcomers (workspace, person, given_name, family_name, email, email_key, company_name, created_at, \
         expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &workspace,
            &newcomer,
            &name.given,
            &name.family,
            &name.email,
            &key,
            &company,
            &now,
            &now.after(limits::SIGN_IN_LASTS),
        ],
    )?;
    let is_known = person::by_email(tx, workspace, &name.email)?.is_some();
    let person = if is_known { sign_in_requests::who_may(tx, workspace, &key)? } else { Some(newcomer) };
    sign_in_requests::request(tx, workspace, person.filter(|_| given.trap.is_empty()))
}

/// The addressee of a mail to a pending sign-up, without the name they typed.
pub(crate) fn addressee(
    reader: &Reader,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Option<Addressee>> {
    let Some((name, _)) = pending_sign_up(reader, workspace, person)? else { return Ok(None) };
    let found = workspaces::find(reader, workspace)?;
    let name = Name { given: String::new(), family: String::new(), email: name.email };
    Ok(Some(Addressee { person, name, brand_name: found.brand_name, brand: found.brand, host: found.host }))
}

/// The name of a pending sign-up, and the company name they gave.
pub(crate) fn pending_sign_up(
    reader: &Reader,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Option<(Name, String)>> {
    let sql = format!(
        "SELECT n.given_name, n.family_name, n.email, n.company_name FROM ({PENDING_SIGN_UPS}) n \
         WHERE n.workspace = $1 AND n.person = $2"
    );
    Ok(reader.first(&sql, &[&workspace, &person], |row| row.read())?)
}

/// Erases what a client user who is being deleted gave when signing up.
pub(crate) fn forget(tx: &Tx, workspace: WorkspaceId, client: PersonId, email: &str) -> Result<()> {
    let key = limits::normalize(email);
    tx.run("DELETE FROM newcomers WHERE workspace = $1 AND email_key = $2", &[&workspace, &key])?;
    tx.run("DELETE FROM company_requests WHERE workspace = $1 AND person = $2", &[&workspace, &client])?;
    Ok(())
}

/// Deletes some sign-ups that were never completed. Returns how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM newcomers WHERE (workspace, person) IN \
         (SELECT workspace, person FROM newcomers WHERE expires_at <= $1 LIMIT $2)",
        &[&tx.settled().before(KEPT), &SWEPT_AT_ONCE],
    )?)
}
