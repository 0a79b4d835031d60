//! Signing in without passwords (S1): a code and a link in a mail, invitations, links from the command line.
//!
//! A request to sign in is a row whether or not somebody has the address: what can be seen from outside, answers and
//! work alike, does not tell whether an address is known (S3). Code and link are made when the mail is put together;
//! only hashes of them are kept. Whether a request is used up stands in its row alone, so code and link are used up
//! together. Relies on `deliveries` for what is to be sent and on `tries` for the limits.

use std::time::Duration;

use store::{Reader, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{PersonId, SignInId, WorkspaceId};
use crate::kernel::{limits, rate_limits, secrets};
use crate::notify::delivery::Kind;
use crate::notify::{deliveries, reply_links};

/// The window in which requests are counted: as long as a mail's code is good.
const WINDOW: Duration = limits::SIGN_IN_LASTS;
/// Requests for one address in a [`WINDOW`]: a few lost mails, but no flood in anybody's mailbox; with five guesses
/// each, chance finds a code once in 40,000 windows.
pub const ASKED_BY_ADDRESS_MAX: i64 = 5;
/// Requests from one sender in a [`WINDOW`]: an office behind one address signs in together, but nobody tries out a
/// list of addresses.
pub const ASKED_BY_SENDER_MAX: i64 = 30;
/// Characters of a path to go to after signing in.
pub const BACK_CHARACTERS: usize = 2_000;
/// Requests and links are kept this long after they have expired, so that a late visitor is told so.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Rows that one sweep takes at most, so that nobody waits for it.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Somebody asks to sign in with an address. `sender` is the network address of who asks. Where the address is that of
/// an active person, a mail is due now; the answer is the same for every address.
///
/// # Errors
/// `Field` for what is no address, `TooMany`.
pub fn ask(tx: &mut Tx, workspace: WorkspaceId, email: &str, sender: &str) -> Result<SignInId> {
    let email = limits::normalize(&limits::validate_email("email", email)?);
    hit_rate_limits(tx, workspace, &email, sender)?;
    let person = who_may(tx, workspace, &email)?;
    request(tx, workspace, person)
}

/// Counts a request for an address, given as it is compared, by a sender.
pub(crate) fn hit_rate_limits(tx: &Tx, workspace: WorkspaceId, email: &str, sender: &str) -> Result<()> {
    rate_limits::hit(tx, &format!("sign-in:address:{workspace}:{email}"), WINDOW, ASKED_BY_ADDRESS_MAX)?;
    rate_limits::hit(
        tx,
        &format!("sign-in:sender:{}", rate_limits::network(sender)),
        WINDOW,
        ASKED_BY_SENDER_MAX,
    )
}

/// Whoever may sign in with an address, given as it is compared.
pub(crate) fn who_may(reader: &Reader, workspace: WorkspaceId, email: &str) -> Result<Option<PersonId>> {
    Ok(reader.first(
        "SELECT id FROM people WHERE workspace = $1 AND email_key = $2 AND deactivated_at IS NULL \
         AND uninvited_at IS NULL",
        &[&workspace, &email],
        |row| row.get(0),
    )?)
}

/// Makes a request, with its mail due now where it is somebody's.
pub(crate) fn request(tx: &Tx, workspace: WorkspaceId, person: Option<PersonId>) -> Result<SignInId> {
    let now = tx.now();
    let id = SignInId::new(now);
    tx.run(
        "INSERT INTO sign_ins (workspace, id, person, tries, created_at, expires_at) VALUES ($1, $2, $3, 0, $4, $5)",
        &[&workspace, &id, &person, &now, &now.after(limits::SIGN_IN_LASTS)],
    )?;
    deliveries::add(tx, workspace, Kind::SignIn(id), person)?;
    Ok(id)
}

/// Notes where somebody wanted to go when they asked to sign in: a path of the portal, which the link in the mail leads to.
///
/// # Errors
/// `Field` for a path that is too long.
pub fn note_back(tx: &mut Tx, workspace: WorkspaceId, sign_in: SignInId, back: &str) -> Result<()> {
    let back = limits::validate_line("back", back, BACK_CHARACTERS)?;
    tx.run("UPDATE sign_ins SET back = $3 WHERE workspace = $1 AND id = $2", &[&workspace, &sign_in, &back])?;
    Ok(())
}

pub(crate) fn is_separator(character: char) -> bool {
    // U+2010 to U+2015: the hyphens and dashes that keyboards and mail programs put in by themselves.
    character.is_whitespace()
        || matches!(character, '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}')
}

/// The request's id goes into the hash: six digits alone would be found by trying them all beforehand.
pub(crate) fn code_hash(sign_in: SignInId, code: &str) -> [u8; 32] {
    secrets::hash(&format!("{sign_in}:{code}"))
}

/// Marks a request as used, with its code and its link; false where it was used already.
pub(crate) fn use_up(tx: &Tx, workspace: WorkspaceId, sign_in: SignInId) -> Result<bool> {
    let used = tx.run(
        "UPDATE sign_ins SET used_at = $3 WHERE workspace = $1 AND id = $2 AND used_at IS NULL",
        &[&workspace, &sign_in, &tx.now()],
    )?;
    Ok(used > 0)
}

/// Calls off whatever could still sign a person in, or answer as them, by a mail or a link. For when their address turns out to be
/// another's or they are deactivated: what went to the old address is good for nothing then.
pub fn call_off(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    let now = tx.now();
    tx.run(
        "UPDATE sign_ins SET used_at = $3 WHERE workspace = $1 AND person = $2 AND used_at IS NULL",
        &[&workspace, &person, &now],
    )?;
    tx.run(
        "UPDATE sign_in_links SET used_at = $3 WHERE workspace = $1 AND person = $2 AND used_at IS NULL",
        &[&workspace, &person, &now],
    )?;
    reply_links::revoke_of_person(tx, workspace, person)
}

/// Removes some requests and links that expired long ago, and says how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    let before = tx.now().before(KEPT);
    let requests = tx.run(
        "DELETE FROM sign_ins WHERE (workspace, id) IN \
         (SELECT workspace, id FROM sign_ins WHERE expires_at <= $1 LIMIT $2)",
        &[&before, &SWEPT_AT_ONCE],
    )?;
    let links = tx.run(
        "DELETE FROM sign_in_links WHERE token_hash IN \
         (SELECT token_hash FROM sign_in_links WHERE expires_at <= $1 LIMIT $2)",
        &[&before, &SWEPT_AT_ONCE],
    )?;
    Ok(requests + links)
}
