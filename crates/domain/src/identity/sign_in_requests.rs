//! Requests to sign in without a password (S1): a mail with a code and a link.
//!
//! Every request becomes a row, whether or not the address is known, so that neither the answer nor the work done
//! reveals that (S3). Code and link are created when the mail is composed, and only their hashes are stored. Whether a
//! request was used is recorded only in its row, so code and link are used up together. Relies on
//! `notify::deliveries` for sending and on `rate_limits`.

use std::time::Duration;

use store::{Reader, Tx};

use crate::kernel::error::Result;
use crate::kernel::ids::{PersonId, SignInId, WorkspaceId};
use crate::kernel::{limits, rate_limits, secrets};
use crate::notify::delivery::Kind;
use crate::notify::{deliveries, reply_links};

/// The window in which requests are counted: as long as a code is valid.
const WINDOW: Duration = limits::SIGN_IN_LASTS;
/// Requests for one address per [`WINDOW`]: allows for a few lost mails without flooding a mailbox. At five guesses
/// each, guessing a code takes 40,000 windows on average.
pub const ASKED_BY_ADDRESS_MAX: i64 = 5;
/// Requests from one sender per [`WINDOW`]: an office behind one IP address can sign in together, but nobody can work
/// through a list of addresses.
pub const ASKED_BY_SENDER_MAX: i64 = 30;
/// Maximum length of the path to open after signing in, in characters.
pub const BACK_CHARACTERS: usize = 2_000;
/// How long requests and links are kept after they expire, so that late visitors are told that theirs has expired.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Rows deleted per sweep at most, so that other writers are not held up.
const SWEPT_AT_ONCE: i64 = 1_000;

/// Requests a sign-in mail for an address. `sender` is the requester's IP address. If the address belongs to an active
/// person, the mail is due now; the result is the same for every address (S3).
///
/// # Errors
/// `Field` for an invalid address, `TooMany`.
pub fn ask(tx: &mut Tx, workspace: WorkspaceId, email: &str, sender: &str) -> Result<SignInId> {
    let email = limits::normalize(&limits::validate_email("email", email)?);
    hit_rate_limits(tx, workspace, &email, sender)?;
    let person = who_may(tx, workspace, &email)?;
    request(tx, workspace, person)
}

/// Counts a request by a sender for a normalized address.
pub(crate) fn hit_rate_limits(tx: &Tx, workspace: WorkspaceId, email: &str, sender: &str) -> Result<()> {
    rate_limits::hit(tx, &format!("sign-in:address:{workspace}:{email}"), WINDOW, ASKED_BY_ADDRESS_MAX)?;
    rate_limits::hit(
        tx,
        &format!("sign-in:sender:{}", rate_limits::network(sender)),
        WINDOW,
        ASKED_BY_SENDER_MAX,
    )
}

/// The person who may sign in with a normalized address.
pub(crate) fn who_may(reader: &Reader, workspace: WorkspaceId, email: &str) -> Result<Option<PersonId>> {
    Ok(reader.first(
        "SELECT id FROM people WHERE workspace = $1 AND email_key = $2 AND deactivated_at IS NULL \
         AND uninvited_at IS NULL",
        &[&workspace, &email],
        |row| row.get(0),
    )?)
}

/// Creates a request; if it has a person, their mail is due now.
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

/// Stores the path to open after signing in; the link in the mail leads there.
///
/// # Errors
/// `Field` if the path is too long.
pub fn note_back(tx: &mut Tx, workspace: WorkspaceId, sign_in: SignInId, back: &str) -> Result<()> {
    let back = limits::validate_line("back", back, BACK_CHARACTERS)?;
    tx.run("UPDATE sign_ins SET back = $3 WHERE workspace = $1 AND id = $2", &[&workspace, &sign_in, &back])?;
    Ok(())
}

pub(crate) fn is_separator(character: char) -> bool {
    // U+2010 to U+2015: the hyphens and dashes that keyboards and mail clients insert automatically.
    character.is_whitespace()
        || matches!(character, '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}')
}

/// The hash includes the request's id: hashes of six digits alone could all be precomputed.
pub(crate) fn code_hash(sign_in: SignInId, code: &str) -> [u8; 32] {
    secrets::hash(&format!("{sign_in}:{code}"))
}

/// Marks a request as used, and with it its code and link. Returns false if it was already used.
pub(crate) fn use_up(tx: &Tx, workspace: WorkspaceId, sign_in: SignInId) -> Result<bool> {
    let used = tx.run(
        "UPDATE sign_ins SET used_at = $3 WHERE workspace = $1 AND id = $2 AND used_at IS NULL",
        &[&workspace, &sign_in, &tx.now()],
    )?;
    Ok(used > 0)
}

/// Revokes all pending sign-in mails, links and reply links of a person. Called when their address changes or they are
/// deactivated: whatever was sent to the old address must no longer work.
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

/// Deletes some requests and links that expired long ago. Returns how many; 0 when none are left.
pub fn sweep(tx: &Tx) -> Result<usize> {
    let before = tx.settled().before(KEPT);
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
