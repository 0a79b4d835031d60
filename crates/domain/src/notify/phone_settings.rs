//! Phone numbers for text messages (N9): given by their owner, confirmed with a code, covered by consent,
//! stopped by STOP.
//!
//! Whether a text may be sent is one pure decision, [`crate::notify::quiet_hours::text_due`], made when a digest is
//! created and again when it is sent. Answers are recorded in `consents`, how often to text in `preferences`.

use std::time::Duration;

use store::{Reader, Tx};

use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::medium::Frequency;
use crate::kernel::{limits, rate_limits, secrets};
use crate::notify::consents::{self, ConsentInput, How};
use crate::notify::delivery::Kind;
use crate::notify::phone::{Phone, Quiet, find};
use crate::notify::quiet_hours::Texting;
use crate::notify::{deliveries, preferences, sms_keywords, text_deliveries};
use crate::tenant::workspaces;

/// How long a code is valid.
pub const CODE_LASTS: Duration = Duration::from_secs(15 * 60);
/// The window for counting codes.
const WINDOW: Duration = Duration::from_secs(24 * 3600);
/// Codes for one person in a [`WINDOW`]: enough for some mistyped numbers, not for running up the firm's costs.
pub const CODES_BY_PERSON_MAX: i64 = 10;
/// Codes sent to one number in a [`WINDOW`], counted across people, so that nobody can flood a stranger.
pub const CODES_BY_NUMBER_MAX: i64 = 5;

/// The result of entering a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeOutcome {
    /// It is right: the number is confirmed.
    Proved,
    /// It is wrong; further attempts are possible.
    Wrong,
    /// Too many wrong attempts, or it has expired. Another code can be requested.
    Over,
}

/// The content of a text with a code. It contains a secret that must not be logged, hence no `Debug`.
pub struct PreparedCode {
    pub number: String,
    pub brand_name: String,
    /// Six digits.
    pub code: String,
}

/// The requester's own number, if they gave one.
pub fn mine(reader: &Reader, actor: &Actor) -> Result<Option<Phone>> {
    find(reader, actor.workspace, actor.person)
}

/// Sets the requester's number, or requests another code for the same one. A text with a code is due now,
/// unless the number is already confirmed. A different number needs a new confirmation and consent.
///
/// # Errors
/// `Field` for an invalid number; `Conflict` if its owner has stopped texts; `TooMany` by rate limits.
pub fn give(tx: &mut Tx, actor: &Actor, number: &str) -> Result<()> {
    let number = limits::validate_phone("number", number)?.ok_or(Error::field("number", Problem::Empty))?;
    let before = mine(tx, actor)?;
    if before.as_ref().is_some_and(|before| before.number == number && before.proved_at.is_some()) {
        return Ok(());
    }
    if sms_keywords::is_stopped(tx, actor.workspace, &number)? {
        return Err(Error::Conflict(
            "Texts to this number were stopped from that phone. Answer START to the last text, then try again.",
        ));
    }
    rate_limits::hit(tx, &format!("phone:person:{}", actor.person), WINDOW, CODES_BY_PERSON_MAX)?;
    rate_limits::hit(tx, &format!("phone:number:{number}"), WINDOW, CODES_BY_NUMBER_MAX)?;
    if let Some(before) = before.filter(|before| before.number != number) {
        end_consent(tx, actor, &before, How::NumberChanged, "Another number was given.")?;
    }
    tx.run(
        "INSERT INTO phones (workspace, person, number, code_expires_at, tries, quiet_from, quiet_until) \
         VALUES ($1, $2, $3, $4, 0, $5, $6) \
         ON CONFLICT (workspace, person) DO UPDATE SET number = $3, code_hash = NULL, code_expires_at = $4, tries = 0, \
         proved_at = NULL, agreed_at = NULL",
        &[
            &actor.workspace,
            &actor.person,
            &number,
            &tx.now().after(CODE_LASTS),
            &Quiet::NIGHT.from,
            &Quiet::NIGHT.until,
        ],
    )?;
    deliveries::add(tx, actor.workspace, Kind::PhoneCode, Some(actor.person))
}

/// Removes the requester's number, and with it their consent.
pub fn forget(tx: &mut Tx, actor: &Actor) -> Result<()> {
    let Some(before) = mine(tx, actor)? else { return Ok(()) };
    end_consent(tx, actor, &before, How::NumberChanged, "The number was removed.")?;
    tx.run("DELETE FROM phones WHERE workspace = $1 AND person = $2", &[&actor.workspace, &actor.person])?;
    Ok(())
}

/// Creates the code for confirming a person's number; an earlier one stops working. Called right before the
/// text is sent. Returns `None` if no code is needed any more.
pub fn prepare_code(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<Option<PreparedCode>> {
    let Some(phone) = find(tx, workspace, person)? else { return Ok(None) };
    if !phone.awaits_code(tx.now()) || phone.stopped_at.is_some() {
        return Ok(None);
    }
    if access::actor(tx, workspace, person)?.is_none() {
        return Ok(None);
    }
    let code = secrets::code();
    tx.run(
        "UPDATE phones SET code_hash = $3 WHERE workspace = $1 AND person = $2",
        &[&workspace, &person, &code_hash(person, &phone.number, &code)],
    )?;
    let brand_name = workspaces::find(tx, workspace)?.brand_name;
    Ok(Some(PreparedCode { number: phone.number, brand_name, code }))
}

/// Checks the code that the requester entered, ignoring spaces and dashes. Wrong codes are counted; after
/// [`limits::CODE_TRIES`] of them it is over. A wrong code is not an error, so that the count is committed.
pub fn prove(tx: &mut Tx, actor: &Actor, code: &str) -> Result<CodeOutcome> {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(7).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        // It cannot be the code: a typing mistake, not worth counting.
        return Ok(CodeOutcome::Wrong);
    }
    // Counted before it is compared: simultaneous guesses wait for each other here.
    let counted: Option<(String, Option<Vec<u8>>, i64)> = tx.first(
        "UPDATE phones SET tries = tries + 1 WHERE workspace = $1 AND person = $2 AND proved_at IS NULL \
         AND code_expires_at > $3 AND tries < $4 RETURNING number, code_hash, tries",
        &[&actor.workspace, &actor.person, &tx.now(), &limits::CODE_TRIES],
        |row| row.read(),
    )?;
    let Some((number, expected, tries)) = counted else { return Ok(CodeOutcome::Over) };
    if expected.is_some_and(|expected| expected == code_hash(actor.person, &number, &code)) {
        tx.run(
            "UPDATE phones SET proved_at = $3, code_hash = NULL, code_expires_at = NULL \
             WHERE workspace = $1 AND person = $2",
            &[&actor.workspace, &actor.person, &tx.now()],
        )?;
        return Ok(CodeOutcome::Proved);
    }
    Ok(if tries < limits::CODE_TRIES { CodeOutcome::Wrong } else { CodeOutcome::Over })
}

/// Hashed with person and number: all hashes of six digits could be precomputed, and a code is only valid for
/// the number it was sent to.
fn code_hash(person: PersonId, number: &str, code: &str) -> [u8; 32] {
    secrets::hash(&format!("{person}:{number}:{code}"))
}

/// The text that the requester would consent to, word for word; `None` if they have no confirmed number.
pub fn wording(reader: &Reader, actor: &Actor) -> Result<Option<String>> {
    let Some(phone) = mine(reader, actor)?.filter(|phone| phone.proved_at.is_some()) else { return Ok(None) };
    let brand = workspaces::find(reader, actor.workspace)?.brand_name;
    Ok(Some(consents::wording(&brand, &phone.number)))
}

/// Records the requester's consent to texts, to the wording `shown` to them. If their preference was never,
/// it becomes each time. Again changes nothing.
///
/// # Errors
/// `Conflict` if there is no confirmed number, it is stopped, or the wording has changed.
pub fn agree(tx: &mut Tx, actor: &Actor, shown: &str) -> Result<()> {
    let phone = mine(tx, actor)?;
    let phone = phone.filter(|phone| phone.proved_at.is_some());
    let phone = phone.ok_or(Error::Conflict("Please prove your number first."))?;
    let brand = workspaces::find(tx, actor.workspace)?.brand_name;
    let wording = consents::wording(&brand, &phone.number);
    if shown != wording {
        return Err(Error::Conflict("The wording has changed meanwhile. Please read it again."));
    }
    if phone.stopped_at.is_some() {
        return Err(Error::Conflict(
            "Texts to this number were stopped from that phone. Answer START to the last text to get them again.",
        ));
    }
    if preferences::of_person(tx, actor.workspace, actor.person)?.text == Frequency::Off {
        preferences::choose(tx, actor, None, Some(Frequency::EveryMessage))?;
    }
    if phone.agreed_at.is_some() {
        return Ok(());
    }
    tx.run(
        "UPDATE phones SET agreed_at = $3 WHERE workspace = $1 AND person = $2",
        &[&actor.workspace, &actor.person, &tx.now()],
    )?;
    let given = ConsentInput {
        person: actor.person,
        number: &phone.number,
        is_yes: true,
        wording: &wording,
        how: How::Profile,
    };
    consents::append(tx, actor.workspace, &given)
}

/// Withdraws the requester's consent. The number stays confirmed.
pub fn disagree(tx: &mut Tx, actor: &Actor) -> Result<()> {
    let Some(before) = mine(tx, actor)? else { return Ok(()) };
    end_consent(tx, actor, &before, How::Profile, "No more texts.")?;
    tx.run(
        "UPDATE phones SET agreed_at = NULL WHERE workspace = $1 AND person = $2",
        &[&actor.workspace, &actor.person],
    )?;
    Ok(())
}

/// Records the end of a consent, if there was one.
fn end_consent(tx: &Tx, actor: &Actor, before: &Phone, how: How, wording: &str) -> Result<()> {
    if before.agreed_at.is_none() {
        return Ok(());
    }
    let given = ConsentInput { person: actor.person, number: &before.number, is_yes: false, wording, how };
    consents::append(tx, actor.workspace, &given)
}

/// Sets the requester's quiet hours; `None` for none.
///
/// # Errors
/// `Conflict` if they have no number.
pub fn set_quiet(tx: &mut Tx, actor: &Actor, quiet: Option<Quiet>) -> Result<()> {
    let changed = tx.run(
        "UPDATE phones SET quiet_from = $3, quiet_until = $4 WHERE workspace = $1 AND person = $2",
        &[&actor.workspace, &actor.person, &quiet.map(|quiet| quiet.from), &quiet.map(|quiet| quiet.until)],
    )?;
    if changed == 0 {
        return Err(Error::Conflict("Please give your number first."));
    }
    text_deliveries::expedite_texts(tx, actor.workspace, actor.person)
}

/// What [`crate::notify::quiet_hours::text_due`] needs to know about a person.
pub fn texting(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Texting> {
    let choice = preferences::of_person(reader, workspace, person)?.text;
    let time_zone: Option<String> = reader
        .first(
            "SELECT time_zone FROM people WHERE workspace = $1 AND id = $2",
            &[&workspace, &person],
            |row| row.get(0),
        )?
        .ok_or(Error::NotFound)?;
    Ok(Texting { choice, time_zone, phone: find(reader, workspace, person)? })
}
