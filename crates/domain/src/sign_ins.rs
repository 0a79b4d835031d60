//! Signing in without passwords (S1): a code and a link in a mail, invitations, links from the command line.
//!
//! A request to sign in is a row whether or not somebody has the address: what can be seen from outside, answers and
//! work alike, does not tell whether an address is known (S3). Code and link are made when the mail is put together;
//! only hashes of them are kept. Whether a request is used up stands in its row alone, so code and link are used up
//! together. Relies on `deliveries` for what is to be sent and on `tries` for the limits.

mod invitations;
mod links;

use std::time::Duration;

use store::{Reader, Time, Tx};

use crate::access::Role;
use crate::brand::Brand;
use crate::deliveries::{self, Kind};
use crate::error::Result;
use crate::ids::{PersonId, SignInId, WorkspaceId};
use crate::journal::{self, Event};
use crate::people::{self, Name};
use crate::secrets::{self, Secret};
use crate::workspaces::{self, Workspace};
use crate::{bounces, limits, sign_ups, tries, welcome};

pub(crate) use invitations::send_invitation;
pub use invitations::{INVITED_MAX, PreparedInvitation, invite, prepare_invitation, take_back};
pub use links::{Link, LinkKind, LinkState, by_link, check_set_up, look_at_link, make_link, set_up_link};
pub(crate) use links::{count_set_up, end_set_up};

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

/// To whom a mail goes, and from which firm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressee {
    /// Who.
    pub person: PersonId,
    /// Their name and address.
    pub name: Name,
    /// What the firm is called.
    pub brand_name: String,
    /// What it looks like.
    pub brand: Brand,
    /// The host name of its portal, where that has one of its own.
    pub host: Option<String>,
}

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

/// Somebody asks to sign in with an address. `sender` is the network address of who asks. Where the address is that of
/// an active person, a mail is due now; the answer is the same for every address.
///
/// # Errors
/// `Field` for what is no address, `TooMany`.
pub fn ask(tx: &mut Tx, workspace: WorkspaceId, email: &str, sender: &str) -> Result<SignInId> {
    let email = limits::key(&limits::email("email", email)?);
    count(tx, workspace, &email, sender)?;
    let person = who_may(tx, workspace, &email)?;
    request(tx, workspace, person)
}

/// Counts a request for an address, given as it is compared, by a sender.
pub(crate) fn count(tx: &Tx, workspace: WorkspaceId, email: &str, sender: &str) -> Result<()> {
    tries::count(tx, &format!("sign-in:address:{workspace}:{email}"), WINDOW, ASKED_BY_ADDRESS_MAX)?;
    tries::count(tx, &format!("sign-in:sender:{}", tries::network(sender)), WINDOW, ASKED_BY_SENDER_MAX)
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
    let back = limits::line("back", back, BACK_CHARACTERS)?;
    tx.run("UPDATE sign_ins SET back = $3 WHERE workspace = $1 AND id = $2", &[&workspace, &sign_in, &back])?;
    Ok(())
}

/// Makes what the mail of a request says: a fresh code and a fresh link; earlier ones of the same request are good no
/// more. Called just before the mail is sent. Nothing where the request is used up or expired, or its person is
/// deactivated: there is nothing to send then.
///
/// # Errors
/// Where the database fails.
pub fn prepare_mail(tx: &mut Tx, workspace: WorkspaceId, sign_in: SignInId) -> Result<Option<Prepared>> {
    let open: Option<(PersonId, Time)> = tx.first(
        "SELECT person, expires_at FROM sign_ins WHERE workspace = $1 AND id = $2 AND person IS NOT NULL \
         AND used_at IS NULL AND expires_at > $3 AND tries < $4",
        &[&workspace, &sign_in, &tx.now(), &limits::CODE_TRIES],
        |row| Ok((row.get(0)?, row.get(1)?)),
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
    let link_secret = links::replace_mailed(tx, workspace, person, sign_in, expires_at)?;
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
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let Some((person, expected, tries)) = counted else { return Ok(CodeOutcome::Over) };
    let is_right = expected.is_some_and(|expected| expected == code_hash(sign_in, &code));
    match person {
        Some(person) if is_right => {
            use_up(tx, workspace, sign_in)?;
            let Some(person) = arrive(tx, workspace, person)? else { return Ok(CodeOutcome::Over) };
            bounces::mail_arrived(tx, workspace, person)?;
            Ok(CodeOutcome::SignedIn(person))
        }
        _ if tries < limits::CODE_TRIES => Ok(CodeOutcome::Wrong),
        _ => Ok(CodeOutcome::Over),
    }
}

fn is_separator(character: char) -> bool {
    // U+2010 to U+2015: the hyphens and dashes that keyboards and mail programs put in by themselves.
    character.is_whitespace()
        || matches!(character, '-' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}')
}

/// The request's id goes into the hash: six digits alone would be found by trying them all beforehand.
fn code_hash(sign_in: SignInId, code: &str) -> [u8; 32] {
    secrets::hash(&format!("{sign_in}:{code}"))
}

/// Marks a request as used, with its code and its link; false where it was used already.
fn use_up(tx: &Tx, workspace: WorkspaceId, sign_in: SignInId) -> Result<bool> {
    let used = tx.run(
        "UPDATE sign_ins SET used_at = $3 WHERE workspace = $1 AND id = $2 AND used_at IS NULL",
        &[&workspace, &sign_in, &tx.now()],
    )?;
    Ok(used > 0)
}

/// Notes that somebody signs in, the first time meaning that the invitation is accepted, and greets a client user then
/// (W1). Who signed up becomes a client user by it. Answers who it is; nobody where that person is deactivated.
///
/// # Errors
/// Where the database fails.
pub fn arrive(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<Option<PersonId>> {
    let seen: Option<Option<Time>> = tx.first(
        "SELECT first_seen_at FROM people WHERE workspace = $1 AND id = $2",
        &[&workspace, &person],
        |row| row.get(0),
    )?;
    let person = match seen {
        Some(Some(_)) => person,
        Some(None) => {
            people::turn(tx, workspace)?;
            person
        }
        None => match sign_ups::settle(tx, workspace, person)? {
            Some(settled) => settled,
            None => return Ok(None),
        },
    };
    // Asked of the row itself, so that of two devices at the same instant one is the first.
    let first: Option<(Role, String)> = tx.first(
        "UPDATE people SET first_seen_at = $3, uninvited_at = NULL \
         WHERE workspace = $1 AND id = $2 AND first_seen_at IS NULL AND deactivated_at IS NULL RETURNING role, made_by",
        &[&workspace, &person, &tx.now()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if first.is_some() {
        // Accepted: an invitation sent twice lets nobody else in.
        tx.run(
            "UPDATE sign_in_links SET used_at = $3 WHERE workspace = $1 AND person = $2 AND used_at IS NULL \
             AND kind = 'invitation'",
            &[&workspace, &person, &tx.now()],
        )?;
    }
    if let Some((Role::Client, made_by)) = first {
        journal::record(tx, workspace, &Event::ClientActivated { client: person });
        if made_by == people::BY_COLLEAGUE {
            people::begin_conversations(tx, workspace, person)?;
        }
        welcome::greet(tx, workspace, person)?;
    }
    let arrived = tx.run(
        "UPDATE people SET last_seen_at = $3 WHERE workspace = $1 AND id = $2 AND deactivated_at IS NULL",
        &[&workspace, &person, &tx.now()],
    )?;
    Ok((arrived > 0).then_some(person))
}

/// Calls off whatever could still sign a person in, or answer as them, by a mail or a link. For when their address turns out to be
/// another's or they are deactivated: what went to the old address is good for nothing then.
///
/// # Errors
/// Where the database fails.
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
    crate::links::revoke_of_person(tx, workspace, person)
}

/// To whom a mail goes, where that person can sign in.
pub(crate) fn addressee(
    reader: &Reader,
    workspace: WorkspaceId,
    person: PersonId,
) -> Result<Option<Addressee>> {
    let sql = format!(
        "SELECT p.given_name, p.family_name, p.email, {} FROM people p JOIN workspaces w ON w.id = p.workspace \
         WHERE p.workspace = $1 AND p.id = $2 AND p.deactivated_at IS NULL",
        workspaces::COLUMNS
    );
    Ok(reader.first(&sql, &[&workspace, &person], |row| {
        let Workspace { brand_name, brand, host, .. } = workspaces::read(row, 3)?;
        Ok(Addressee { person, name: Name::read(row, 0)?, brand_name, brand, host })
    })?)
}

/// Removes some requests and links that expired long ago, and says how many; 0 when none are left.
///
/// # Errors
/// Where the database fails.
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
