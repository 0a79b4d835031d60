//! People who sign up by themselves, where the workspace lets them (S2).
//!
//! Whoever signs up is a newcomer at first: a row that nobody sees. A mail goes to the address; only its code or link makes
//! a client user of it, under the same id. To an address that is known goes the mail for signing in, and all that can be
//! seen from outside is the same (S3). A mail to a newcomer has nothing in it that they typed: a stranger's words do not go
//! to other people's mailboxes under the firm's name. Where a newcomer might belong is for internal users to decide
//! (`belonging`): nobody gets into a company by saying so, or learns which ones there are.

use std::time::Duration;

use store::{Reader, Tx};

use crate::directory::addressee::Addressee;
use crate::directory::person;
use crate::identity::sign_in_requests;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, SignInId, WorkspaceId};
use crate::kernel::name::{self, Name};
use crate::kernel::{limits, rate_limits};
use crate::tenant::workspaces;

/// Sign-ups of everybody in a workspace in a [`WINDOW`]: more is a machine that has many addresses.
pub const IN_A_DAY_MAX: i64 = 2_000;
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Who never answered the mail is forgotten this long after its code ran out, so that a late visitor is told so.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Rows that one sweep takes at most, so that nobody waits for it.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Newcomers who may still come in, where the workspace lets people sign up.
pub(crate) const PENDING_SIGN_UPS: &str = "SELECT k.workspace, k.person, k.given_name, k.family_name, k.email, k.company_name \
     FROM newcomers k JOIN workspaces o ON o.id = k.workspace WHERE o.sign_up_at IS NOT NULL";

/// What somebody who signs up fills in.
#[derive(Clone, Debug, Default)]
pub struct SignUpInput {
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    /// What they call their company; may be empty.
    pub company: String,
    /// What only machines fill in, since people do not see it.
    pub trap: String,
}

/// Somebody signs up. `sender` is the network address of who asks. The answer, and what is done, is the same for every
/// address; a machine gets it too, and no mail is sent.
///
/// # Errors
/// `NotFound` where people do not sign up by themselves; `Field`, `TooMany`.
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

/// A newcomer as a mail is addressed to them: without what they typed.
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

/// A newcomer's name, and what they call their company.
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

/// Forgets what a client user who is deleted had filled in.
pub(crate) fn forget(tx: &Tx, workspace: WorkspaceId, client: PersonId, email: &str) -> Result<()> {
    let key = limits::normalize(email);
    tx.run("DELETE FROM newcomers WHERE workspace = $1 AND email_key = $2", &[&workspace, &key])?;
    tx.run("DELETE FROM company_requests WHERE workspace = $1 AND person = $2", &[&workspace, &client])?;
    Ok(())
}

/// Forgets some newcomers who never came, and says how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    Ok(tx.run(
        "DELETE FROM newcomers WHERE (workspace, person) IN \
         (SELECT workspace, person FROM newcomers WHERE expires_at <= $1 LIMIT $2)",
        &[&tx.now().before(KEPT), &SWEPT_AT_ONCE],
    )?)
}
