//! Addresses that do not accept mail (N12): when they are marked, and when the mark is cleared.
//!
//! A mail server refuses a mail ([`record_bounce`]) or a bounce report arrives later ([`returned`]). From then on no
//! digests are sent there; a sign-in code, which people ask for themselves, is still tried. The mark is cleared when
//! the address changes, when somebody tries it again, or when a code or link from a mail is used. Whatever was not
//! delivered meanwhile and is still unread is then decided about again, so nothing is missed.

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

/// Bounce reports arrive within days; mail sent longer before the address was marked counts as delivered.
const LOOKED_BACK: Duration = Duration::from_secs(30 * 24 * 3600);

/// Addresses tried again in one transaction; the rest waits for the next call.
const TRIED_AT_ONCE: i64 = 1_000;

/// The mark of an address that does not accept mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounce {
    pub at: Time,
    /// In the words of the server that refused it.
    pub reason: String,
}

/// The mark of a person's address, or `None` if it accepts mail.
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

/// Marks a person's address as not accepting mail. Does nothing if the person has another address by now.
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

/// A bounce report: a mail was not delivered, as reported to its sender afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Without angle brackets.
    pub message_id: String,
    pub addresses: Vec<String>,
    /// Whether the address accepts no mail at all, rather than only not this one.
    pub is_about_address: bool,
    /// In the words of the report.
    pub reason: String,
}

/// Processes a bounce report. It only counts if it names a mail that was sent, by an id that no outsider
/// knows; so nobody can get an address marked. Returns the delivery, or `None` if it names none.
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

/// The delivery of a Message-ID, `KIND.ID@HOST`.
fn named(reader: &Reader, message_id: &str) -> Result<Option<Delivery>> {
    let local = message_id.split('@').next().unwrap_or_default();
    let Some((kind, id)) = local.split_once('.') else { return Ok(None) };
    let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
    // Join through the workspaces: every index begins with their id.
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

/// Tries a person's address again.
///
/// # Errors
/// `Forbidden` for staff, if the person is a colleague.
pub fn try_again(tx: &mut Tx, actor: &Actor, person: PersonId) -> Result<()> {
    team::manageable(tx, actor, person)?;
    clear_bounce(tx, actor.workspace, person, tx.now())
}

/// People whose address does not accept mail, the most recently marked first; admins only.
pub fn list(reader: &Reader, actor: &Actor, most: i64) -> Result<Vec<(PersonId, Name, Role)>> {
    access::admin(actor)?;
    Ok(reader.all(
        "SELECT id, given_name, family_name, email, role FROM people WHERE workspace = $1 \
         AND bounced_at IS NOT NULL AND deactivated_at IS NULL ORDER BY bounced_at DESC, id LIMIT $2",
        &[&actor.workspace, &most],
        |row| row.read(),
    )?)
}

/// Tries all marked addresses again, for failures that were not the recipients' fault; admins only.
pub fn try_all_again(tx: &mut Tx, actor: &Actor) -> Result<()> {
    for (person, _, _) in list(tx, actor, TRIED_AT_ONCE)? {
        clear_bounce(tx, actor.workspace, person, tx.now())?;
    }
    Ok(())
}

/// Tries the requester's own address again.
pub fn try_mine_again(tx: &mut Tx, actor: &Actor) -> Result<()> {
    clear_bounce(tx, actor.workspace, actor.person, tx.now())
}

/// Clears the mark after a change of address.
pub(crate) fn address_changed(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    clear_bounce(tx, workspace, person, tx.now())
}

/// Clears the mark after a mail arrived: its code or link was used. The person is here right now, so
/// unread messages may wait their usual time again.
pub(crate) fn mail_arrived(tx: &mut Tx, workspace: WorkspaceId, person: PersonId) -> Result<()> {
    let wait = settings::messaging(tx, workspace)?.wait();
    clear_bounce(tx, workspace, person, tx.now().after(wait))
}

/// Clears the mark and decides again, at `decide_at`, about what it kept from being delivered.
fn clear_bounce(tx: &mut Tx, workspace: WorkspaceId, person: PersonId, decide_at: Time) -> Result<()> {
    let Some(Bounce { at, .. }) = of_person(tx, workspace, person)? else { return Ok(()) };
    tx.run(
        "UPDATE people SET bounced_at = NULL, bounce_reason = NULL WHERE workspace = $1 AND id = $2",
        &[&workspace, &person],
    )?;
    // First, for its lock: a worker deciding about this person right now has written what is read below.
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

/// For each channel, the position up to which the person was really notified: nothing unread after it was
/// delivered since their address stopped accepting mail.
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
    // Undelivered: suppressed for lack of an address, or the mail failed and no other delivery of the digest left.
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
    // Newest first: go back as long as no digest in between was delivered.
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
