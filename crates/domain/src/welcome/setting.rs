//! The setting of the welcome message (W1 to W4), which client users find in their channel at their first sign-in.
//!
//! `welcome::greeting` sends it within the first sign-in, so two devices that sign in at the same instant cause only one.
//! Until then only a text for one particular client user is stored; previews are computed by the same rules as the
//! message itself, which is an ordinary message from the sender. Relies on `welcome::template` for the text.

use store::{Reader, Time, Tx};

use crate::directory::addressee::{self, Addressee};
use crate::directory::person;
use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{PersonId, WorkspaceId};
use crate::kernel::lock;
use crate::kernel::name::Name;
use crate::notify::deliveries;
use crate::notify::delivery::Kind;
use crate::welcome::template::parse;

/// The text until an admin writes another (W4).
const FIRST_TEXT: &str = "Hello {{client.givenName}},\n\n\
     welcome to {{brand.name}}! This is our direct line to each other. Write here whenever something comes up, from your \
     phone or your computer; nothing gets lost in a mailbox. When we answer while you are away, you get an email.\n\n\
     {{sender.givenName}}";

/// The settings of the welcome message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    pub enabled: bool,
    /// The text with its merge fields.
    pub text: String,
    /// The chosen sender; if `None`, the first admin signs.
    pub chosen: Option<PersonId>,
}

pub fn setting(reader: &Reader, workspace: WorkspaceId) -> Result<Welcome> {
    let found = reader.first(
        "SELECT welcome_off_at, welcome_text, welcome_sender FROM workspaces WHERE id = $1",
        &[&workspace],
        |row| {
            let (off_at, text, chosen): (Option<Time>, Option<String>, _) = row.read()?;
            let text = text.unwrap_or_else(|| FIRST_TEXT.to_string());
            Ok(Welcome { enabled: off_at.is_none(), text, chosen })
        },
    )?;
    found.ok_or(Error::NotFound)
}

/// Changes by an admin; `None` leaves a value unchanged.
#[derive(Clone, Debug, Default)]
pub struct WelcomeChange {
    pub enabled: Option<bool>,
    pub text: Option<String>,
    /// An active internal user.
    pub sender: Option<PersonId>,
}

/// Changes how client users are welcomed; affects those who have not signed in yet (W4).
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff; `Field` `welcome.text` as [`parse`] returns it, and
/// `welcome.senderId` for anybody who is not an active internal user.
pub fn change(tx: &mut Tx, actor: &Actor, change: &WelcomeChange) -> Result<()> {
    access::admin(actor)?;
    lock::lock_directory(tx, actor.workspace)?;
    let text = change.text.as_ref().map(|text| parse("welcome.text", text)).transpose()?;
    if let Some(sender) = change.sender {
        let known = access::actor(tx, actor.workspace, sender)?;
        if !known.is_some_and(|known| known.role.is_internal()) {
            return Err(Error::field("welcome.senderId", Problem::Unknown));
        }
    }
    let before = setting(tx, actor.workspace)?;
    let signed = signer(tx, actor.workspace)?.map(|(_, name)| name.full()).unwrap_or_default();
    let now = tx.now();
    tx.run(
        "UPDATE workspaces SET updated_at = $2, \
         welcome_off_at = CASE CAST($3 AS BIGINT) WHEN 1 THEN NULL WHEN 0 THEN coalesce(welcome_off_at, $2) ELSE welcome_off_at END, \
         welcome_text = coalesce($4, welcome_text), welcome_sender = coalesce($5, welcome_sender) WHERE id = $1",
        &[
            &actor.workspace,
            &now,
            &change.enabled.map(i64::from),
            &text.map(|text| text.text()),
            &change.sender,
        ],
    )?;
    let after = setting(tx, actor.workspace)?;
    let signs = signer(tx, actor.workspace)?.map(|(_, name)| name.full()).unwrap_or_default();
    let changes = Changes::none()
        .switch("welcome", before.enabled, after.enabled)
        .field("welcomeText", before.text, after.text)
        .field("welcomeSender", signed, signs);
    audit_log::append_change(tx, actor, AuditAction::WelcomeChanged, None, changes)
}

/// The current sender: the chosen one, or the first admin if nobody was chosen or the chosen one is deactivated.
pub fn signer(reader: &Reader, workspace: WorkspaceId) -> Result<Option<(PersonId, Name)>> {
    Ok(reader.first(
        "SELECT p.id, p.given_name, p.family_name, p.email FROM people p JOIN workspaces w ON w.id = p.workspace \
         WHERE p.workspace = $1 AND p.deactivated_at IS NULL \
         AND (p.role = 'admin' OR (p.id = w.welcome_sender AND p.role <> 'client')) \
         ORDER BY CASE WHEN p.id = w.welcome_sender THEN 0 ELSE 1 END, p.created_at, p.id LIMIT 1",
        &[&workspace],
        |row| row.read(),
    )?)
}

/// The name of the chosen sender if they are deactivated: an admin signs instead until another sender is chosen.
pub fn missing(reader: &Reader, workspace: WorkspaceId) -> Result<Option<Name>> {
    Ok(reader.first(
        "SELECT p.given_name, p.family_name, p.email FROM people p JOIN workspaces w ON w.id = p.workspace \
         WHERE p.workspace = $1 AND p.id = w.welcome_sender AND p.deactivated_at IS NOT NULL",
        &[&workspace],
        |row| row.read(),
    )?)
}

/// Notifies the admins that the sender of the welcome message was deactivated.
pub(crate) fn notify_signer_missing(tx: &mut Tx, workspace: WorkspaceId, signed: PersonId) -> Result<()> {
    if !setting(tx, workspace)?.enabled {
        return Ok(());
    }
    let admins: Vec<PersonId> = tx.all(
        "SELECT id FROM people WHERE workspace = $1 AND role = 'admin' AND deactivated_at IS NULL ORDER BY id",
        &[&workspace],
        |row| row.get(0),
    )?;
    for admin in admins {
        deliveries::add(tx, workspace, Kind::PreparedSignerMissing(signed), Some(admin))?;
    }
    Ok(())
}

/// The mail to an admin when the sender of the welcome message was deactivated.
#[derive(Clone, Debug)]
pub struct PreparedSignerMissing {
    pub to: Addressee,
    /// The former sender.
    pub before: Name,
    /// The current sender.
    pub now: Name,
}

/// Composes that mail just before it is sent. Returns `None` if it no longer applies.
pub fn prepare_missing(
    tx: &mut Tx,
    workspace: WorkspaceId,
    admin: PersonId,
    before: PersonId,
) -> Result<Option<PreparedSignerMissing>> {
    let is_admin = access::actor(tx, workspace, admin)?.is_some_and(|actor| access::admin(&actor).is_ok());
    let Some(to) = addressee::addressee(tx, workspace, admin)?.filter(|_| is_admin) else { return Ok(None) };
    let Some((now, name)) = signer(tx, workspace)?.filter(|(now, _)| *now != before) else { return Ok(None) };
    let chosen = setting(tx, workspace)?.chosen;
    if chosen.is_some_and(|chosen| chosen == now) {
        // Another sender was chosen in the meantime.
        return Ok(None);
    }
    let before = person::display_name(tx, workspace, before)?;
    Ok(before.map(|before| PreparedSignerMissing { to, before, now: name }))
}
