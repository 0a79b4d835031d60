//! Addresses that take no mail (N12): what marks them, and what makes them well again.
//!
//! A mail server says so when it is given a mail ([`note`]), or a report comes back later ([`returned`]). From then on
//! nothing about missed messages goes there; what a person asks for themselves, a sign-in code, is still tried. Well
//! again is an address that was changed, that somebody tries again, or from which a code or a link came back. Then what
//! was not delivered meanwhile and is still unread is decided about anew, so that nothing is missed.

use std::time::Duration;

use store::{Reader, Time, Tx};
use uuid::Uuid;

use crate::directory::team;
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, PersonId, WorkspaceId};
use crate::kernel::limits;
use crate::kernel::medium::{self, Medium};
use crate::kernel::name::Name;
use crate::messages::unread_backlog::{self, Reason};
use crate::notify::deliveries;
use crate::notify::delivery::Delivery;
use crate::tenant::settings;

/// Reports come back within days: what was sent longer before an address was known to be dead has arrived.
const LOOKED_BACK: Duration = Duration::from_secs(30 * 24 * 3600);

/// Addresses that are tried again in one transaction; what is left waits for the next time that somebody asks.
const TRIED_AT_ONCE: i64 = 1_000;

/// That an address takes no mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// Since when.
    pub at: Time,
    /// Why, in the words of whoever refused it.
    pub reason: String,
}

/// Whether a person's address takes no mail.
pub fn of_person(reader: &Reader, workspace: WorkspaceId, person: PersonId) -> Result<Option<Bounce>> {
    let found = reader.first(
        "SELECT bounced_at, bounce_reason FROM people WHERE workspace = $1 AND id = $2",
        &[&workspace, &person],
        |row| {
            let (at, reason): (Option<Time>, Option<String>) = (row.get(0)?, row.get(1)?);
            Ok(at.map(|at| Bounce { at, reason: reason.unwrap_or_default() }))
        },
    )?;
    Ok(found.flatten())
}

/// Notes that the address of a person takes no mail. Where it is another one by now nothing happens.
pub fn record_bounce(tx: &mut Tx, delivery: &Delivery, address: &str, reason: &str) -> Result<()> {
    let marked = tx.run(
        "UPDATE people SET bounced_at = $4, bounce_reason = $5 \
         WHERE workspace = $1 AND id = $2 AND email_key = $3 AND bounced_at IS NULL",
        &[
            &delivery.workspace,
            &delivery.person,
            &limits::normalize(address),
            &tx.now(),
            &deliveries::shortened(reason),
        ],
    )?;
    if marked > 0 {
        unread_backlog::forecast_changed(tx, delivery.workspace, delivery.person)
    } else {
        Ok(())
    }
}

/// A report that a mail did not arrive, as its sender gets it afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The mail's Message-ID, without angle brackets.
    pub message_id: String,
    /// The addresses that the report names.
    pub addresses: Vec<String>,
    /// Whether it says that the address takes no mail at all, and not only that this mail was not taken.
    pub is_about_address: bool,
    /// Why, in the words of the report.
    pub reason: String,
}

/// Takes a report that a mail came back. It counts only where it names a mail that was sent, by an id that nobody else
/// knows; so nobody can make an address look dead. Answers the delivery, or nothing where it names none.
pub fn returned(tx: &mut Tx, report: &Report) -> Result<Option<Delivery>> {
    let Some(delivery) = named(tx, &report.message_id)? else { return Ok(None) };
    deliveries::returned(tx, &delivery, &report.reason)?;
    if report.is_about_address {
        for address in &report.addresses {
            record_bounce(tx, &delivery, address, &report.reason)?;
        }
    }
    Ok(Some(delivery))
}

/// The delivery of a Message-ID: `KIND.ID@HOST`.
fn named(reader: &Reader, message_id: &str) -> Result<Option<Delivery>> {
    let local = message_id.split('@').next().unwrap_or_default();
    let Some((kind, id)) = local.split_once('.') else { return Ok(None) };
    let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
    // Through the workspaces, by whose id every index begins.
    let by = match kind {
        "digest" => "deliveries.reference = $1 AND deliveries.kind = 'digestMail'",
        "sign-in" | "invitation" | "fresh-link" => "deliveries.id = $1",
        _ => return Ok(None),
    };
    let sql = format!(
        "SELECT {} FROM workspaces JOIN deliveries ON deliveries.workspace = workspaces.id AND {by} \
         WHERE deliveries.sent_at IS NOT NULL OR deliveries.next_try_at IS NOT NULL OR deliveries.failed_at IS NOT NULL",
        Delivery::COLUMNS
    );
    Ok(reader.first(&sql, &[&id], |row| row.read())?)
}

/// Whoever may manage a person has their address tried again.
///
/// # Errors
/// `NotFound`; `Forbidden` for staff, where it is a colleague.
pub fn try_again(tx: &mut Tx, actor: &Actor, person: PersonId) -> Result<()> {
    team::manageable(tx, actor, person)?;
    clear_bounce(tx, actor.workspace, person, tx.now())
}

/// People whose address takes no mail, for admins: those of whom that was noted last first, at most `most`.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn list(reader: &Reader, actor: &Actor, most: i64) -> Result<Vec<(PersonId, Name, Role)>> {
    access::admin(actor)?;
    Ok(reader.all(
        "SELECT id, given_name, family_name, email, role FROM people WHERE workspace = $1 \
         AND bounced_at IS NOT NULL AND deactivated_at IS NULL ORDER BY bounced_at DESC, id LIMIT $2",
        &[&actor.workspace, &most],
        |row| row.read(),
    )?)
}

/// Has every address tried again that takes no mail: where the reason was not theirs.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn try_all_again(tx: &mut Tx, actor: &Actor) -> Result<()> {
    for (person, _, _) in list(tx, actor, TRIED_AT_ONCE)? {
        clear_bounce(tx, actor.workspace, person, tx.now())?;
    }
    Ok(())
}

/// The one who asks has their own address tried again.
pub fn try_mine_again(tx: &mut Tx, actor: &Actor) -> Result<()> {
    clear_bounce(tx, actor.workspace, actor.person, tx.now())
}

/// The address is another one now.
pub(crate) fn address_changed(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    clear_bounce(tx, workspace, person, tx.now())
}

/// A mail has arrived: what was in it came back. Its person is here just now, so what waits may wait a little longer.
pub(crate) fn mail_arrived(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    let wait = settings::messaging(tx, workspace)?.wait();
    clear_bounce(tx, workspace, person, tx.now().after(wait))
}

/// Takes the mark away, and has what was not delivered because of it decided about anew at `decide_at`.
fn clear_bounce(tx: &mut Tx, workspace: WorkspaceId, person: PersonId, decide_at: Time) -> Result<()> {
    let Some(Bounce { at, .. }) = of_person(tx, workspace, person)? else { return Ok(()) };
    tx.run(
        "UPDATE people SET bounced_at = NULL, bounce_reason = NULL WHERE workspace = $1 AND id = $2",
        &[&workspace, &person],
    )?;
    // First: whoever decides about this person just now holds the row, and has written what is read below.
    tx.run(
        "INSERT INTO due (workspace, person, decide_at) VALUES ($1, $2, $3) ON CONFLICT (workspace, person) \
         DO UPDATE SET decide_at = excluded.decide_at WHERE due.decide_at > excluded.decide_at",
        &[&workspace, &person, &decide_at],
    )?;
    for (channel, told) in undelivered(tx, workspace, person, at)? {
        tx.run(
            "UPDATE members SET told_position = CASE WHEN joined_position > $4 THEN joined_position ELSE $4 END \
             WHERE workspace = $1 AND channel = $2 AND person = $3 AND told_position > $4",
            &[&workspace, &channel, &person, &told],
        )?;
    }
    unread_backlog::forecast_changed(tx, workspace, person)
}

/// For each channel, the position up to which a person was really told: what came after it, and is not read, was in
/// nothing that was delivered since their address took no mail.
fn undelivered(
    tx: &mut Tx,
    workspace: WorkspaceId,
    person: PersonId,
    since: Time,
) -> Result<Vec<(ChannelId, i64)>> {
    struct Part {
        channel: ChannelId,
        after: i64,
        is_undelivered: bool,
    }
    let lock = tx.row_lock("FOR UPDATE OF m");
    // Undelivered: suppressed for want of an address, or a mail that failed and nothing beside it that left.
    let sql = format!(
        "SELECT t.channel, t.after_position, g.suppressed, g.created_at, \
         (SELECT count(*) FROM deliveries d WHERE d.workspace = g.workspace AND d.reference = g.id AND d.kind = $5 \
         AND (d.failed_at >= $3 OR (d.failed_at IS NULL AND d.reason = $6))), \
         (SELECT count(*) FROM deliveries d WHERE d.workspace = g.workspace AND d.reference = g.id \
         AND d.failed_at IS NULL AND (d.sent_at IS NOT NULL OR d.next_try_at IS NOT NULL)) \
         FROM members m JOIN digest_parts t ON t.workspace = m.workspace AND t.channel = m.channel \
         AND t.person = m.person AND t.up_to_position > m.read_position \
         JOIN digests g ON g.workspace = t.workspace AND g.id = t.digest \
         WHERE m.workspace = $1 AND m.person = $2 AND m.left_at IS NULL AND m.told_position > m.read_position \
         AND g.created_at >= $4 ORDER BY t.channel, t.digest DESC {lock}"
    );
    let mail = medium::digest_word(Medium::Email);
    let (back_to, no_address) = (since.before(LOOKED_BACK), Reason::NoAddress);
    let parts: Vec<Part> =
        tx.all(&sql, &[&workspace, &person, &since, &back_to, &mail, &no_address], |row| {
            let (channel, after, suppressed, created_at, failed, left): (
                _,
                _,
                Option<Reason>,
                Time,
                i64,
                i64,
            ) = row.read()?;
            let is_undelivered = match suppressed {
                Some(reason) => reason == no_address && created_at >= since,
                None => failed > 0 && left == 0,
            };
            Ok(Part { channel, after, is_undelivered })
        })?;
    // The newest come first: as far back as nothing between was delivered.
    let mut found: Vec<(ChannelId, i64)> = Vec::new();
    let mut ended = None;
    for Part { channel, after, is_undelivered } in parts {
        if ended == Some(channel) {
            continue;
        }
        if !is_undelivered {
            ended = Some(channel);
            continue;
        }
        match found.last_mut() {
            Some((known, told)) if *known == channel => *told = after,
            _ => found.push((channel, after)),
        }
    }
    Ok(found)
}
