//! Signing in with the code or the link of a mail (S1), and composing that mail.

use store::{Time, Tx};

use crate::arrival::complete_sign_in::{self, complete_sign_in};
use crate::directory::addressee::{Addressee, addressee};
use crate::identity::sign_in_links::{self, EXPIRED, Link, LinkKind, LinkState, TAKEN_BACK, USED, find_link};
use crate::identity::sign_in_requests::{self, code_hash, is_separator, use_up};
use crate::identity::sign_ups;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{PersonId, SignInId, WorkspaceId};
use crate::kernel::secrets::{self, Secret};
use crate::kernel::{limits, lock};
use crate::notify::bounces;

/// The content of a sign-in mail. Has no `Debug`, because its secrets must not be logged.
pub struct Prepared {
    pub to: Addressee,
    /// Six digits.
    pub code: String,
    pub link_secret: Secret,
    /// Whether it completes a sign-up.
    pub is_sign_up: bool,
}

/// The result of entering a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// The code is right. It and its link are now used up.
    SignedIn(PersonId),
    /// The code is wrong, but another attempt is allowed.
    Wrong,
    /// No further attempts: too many were wrong, the code was used or has expired, or the request does not exist.
    Over,
}

/// Creates the content of a request's mail, just before it is sent: a new code and a new link, which replace earlier ones
/// of that request. Returns `None` if the request was used or has expired, or if its person is deactivated.
pub fn prepare_mail(tx: &mut Tx, workspace: WorkspaceId, sign_in: SignInId) -> Result<Option<Prepared>> {
    let open: Option<(PersonId, Time)> = tx.first(
        "SELECT person, expires_at FROM sign_ins WHERE workspace = $1 AND id = $2 AND person IS NOT NULL \
         AND used_at IS NULL AND expires_at > $3 AND tries < $4",
        &[&workspace, &sign_in, &tx.now(), &limits::CODE_TRIES],
        |row| row.read(),
    )?;
    let Some((person, expires_at)) = open else { return Ok(None) };
    let known = addressee(tx, workspace, person)?;
    let is_sign_up = known.is_none();
    let to = if is_sign_up { sign_ups::addressee(tx, workspace, person)? } else { known };
    let Some(to) = to else { return Ok(None) };
    let code = secrets::code();
    tx.run(
        "UPDATE sign_ins SET code_hash = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &sign_in, &code_hash(sign_in, &code)],
    )?;
    let link_secret = sign_in_links::replace_mailed(tx, workspace, person, sign_in, expires_at)?;
    Ok(Some(Prepared { to, code, link_secret, is_sign_up }))
}

/// Checks the code entered for a request, ignoring spaces and dashes. Wrong codes are counted; after
/// [`limits::CODE_TRIES`] of them the request is over.
///
/// A wrong code is not an error: the transaction must commit, so that the attempt counts.
pub fn by_code(tx: &mut Tx, workspace: WorkspaceId, sign_in: SignInId, code: &str) -> Result<CodeOutcome> {
    let code: String = code.chars().filter(|character| !is_separator(*character)).take(7).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        // Cannot be the code of any request, so it is not counted and gets the same answer for every request.
        return Ok(CodeOutcome::Wrong);
    }
    // Counted before comparing, so that concurrent guesses wait for each other here.
    let counted: Option<(Option<PersonId>, Option<Vec<u8>>, i64)> = tx.first(
        "UPDATE sign_ins SET tries = tries + 1 \
         WHERE workspace = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3 AND tries < $4 \
         RETURNING person, code_hash, tries",
        &[&workspace, &sign_in, &tx.now(), &limits::CODE_TRIES],
        |row| row.read(),
    )?;
    let Some((person, expected, tries)) = counted else { return Ok(CodeOutcome::Over) };
    let is_right = expected.is_some_and(|expected| expected == code_hash(sign_in, &code));
    match person {
        Some(person) if is_right => {
            use_up(tx, workspace, sign_in)?;
            let Some(person) = complete_sign_in(tx, workspace, person)? else { return Ok(CodeOutcome::Over) };
            bounces::mail_arrived(tx, workspace, person)?;
            Ok(CodeOutcome::SignedIn(person))
        }
        _ if tries < limits::CODE_TRIES => Ok(CodeOutcome::Wrong),
        _ => Ok(CodeOutcome::Over),
    }
}

/// Signs in with a link, once. Returns the workspace and the person.
///
/// # Errors
/// `NotFound` if there is no such link or its person is deactivated; `Conflict` if it was used, revoked or has expired.
pub fn by_link(tx: &mut Tx, secret: &str) -> Result<(WorkspaceId, PersonId)> {
    let mut link = find_link(tx, secret)?;
    if link.kind == LinkKind::Invitation {
        // Waits for anybody accepting another link of the same invitation: only the first gets in (S2).
        lock::lock_directory(tx, link.workspace)?;
        link = find_link(tx, secret)?;
    }
    match link.state {
        LinkState::Good => {}
        LinkState::Used => return Err(USED),
        LinkState::TakenBack => return Err(TAKEN_BACK),
        LinkState::Expired => return Err(EXPIRED),
    }
    if !use_up_link(tx, &link, secret)? {
        return Err(USED);
    }
    let person =
        complete_sign_in::complete_sign_in(tx, link.workspace, link.person)?.ok_or(Error::NotFound)?;
    if matches!(link.kind, LinkKind::Mail | LinkKind::Invitation) {
        bounces::mail_arrived(tx, link.workspace, person)?;
    }
    Ok((link.workspace, person))
}

/// Returns false if the link was used by somebody else in the meantime.
fn use_up_link(tx: &Tx, link: &Link, secret: &str) -> Result<bool> {
    if link.kind == LinkKind::Demo {
        return Ok(true);
    }
    if let Some(sign_in) = link.sign_in {
        return sign_in_requests::use_up(tx, link.workspace, sign_in);
    }
    let used = tx.run(
        "UPDATE sign_in_links SET used_at = $3 WHERE workspace = $1 AND token_hash = $2 AND used_at IS NULL",
        &[&link.workspace, &secrets::hash(secret), &tx.now()],
    )?;
    Ok(used > 0)
}
