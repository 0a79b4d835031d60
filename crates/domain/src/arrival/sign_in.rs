//! Signing in by the code or the link of a mail (S1).

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

/// What a sign-in mail says. It holds secrets: not to be logged, hence no `Debug`.
pub struct Prepared {
    /// To whom it goes.
    pub to: Addressee,
    /// The six digits.
    pub code: String,
    /// The link's secret.
    pub link_secret: Secret,
    /// Whether it completes a sign-up.
    pub is_sign_up: bool,
}

/// What came of typing a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// It is right: this person signs in. The code and its link are used up.
    SignedIn(PersonId),
    /// It is wrong; another try is possible.
    Wrong,
    /// There is no further try: too many were wrong, the code is used or expired, or there never was such a request.
    Over,
}

/// Makes what the mail of a request says: a fresh code and a fresh link; earlier ones of the same request are good no
/// more. Called just before the mail is sent. Nothing where the request is used up or expired, or its person is
/// deactivated: there is nothing to send then.
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

/// Somebody types the code of a request; spaces and dashes in it mean nothing. A wrong one is counted; after
/// [`limits::CODE_TRIES`] of them the request is over.
///
/// # Errors
/// Where the database fails. A wrong code is no error, so that its count is kept.
pub fn by_code(tx: &mut Tx, workspace: WorkspaceId, sign_in: SignInId, code: &str) -> Result<CodeOutcome> {
    let code: String = code.chars().filter(|character| !is_separator(*character)).take(7).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        // It cannot be the code of any request: nothing to count, and the same answer for all.
        return Ok(CodeOutcome::Wrong);
    }
    // Counted before it is looked at: guesses that come at the same time wait for each other here.
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

/// Signs in with a link, once: answers where, and who.
///
/// # Errors
/// `NotFound` where there is none or its person is deactivated; `Conflict` where it is used or expired.
pub fn by_link(tx: &mut Tx, secret: &str) -> Result<(WorkspaceId, PersonId)> {
    let mut link = find_link(tx, secret)?;
    if link.kind == LinkKind::Invitation {
        // Whoever accepts another link of the same invitation at this moment is waited for: one of them is first.
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

/// False where somebody else was faster.
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
