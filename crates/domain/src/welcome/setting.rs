//! The welcome message (W1 to W4): what a client user finds in their channel when they sign in for the first time.
//!
//! [`greet`] runs within the first sign-in, so two devices at the same instant are one: whoever waits for the other finds
//! the message there. Before that nothing is kept but a text written for one client user alone; what will be sent is
//! worked out when somebody looks ([`foreseen`]), by the same rules. The message itself is one like any other, from the
//! one who signs. Relies on `template` for the text and on `messages` for the sending.

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

/// What new client users read where nobody has written anything else (W4).
const FIRST_TEXT: &str = "Hello {{client.givenName}},\n\n\
     welcome to {{brand.name}}! This is our direct line to each other. Write here whenever something comes up, from your \
     phone or your computer; nothing gets lost in a mailbox. When we answer while you are away, you get an email.\n\n\
     {{sender.givenName}}";

/// How client users are welcomed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    pub enabled: bool,
    /// What they read, with its merge fields.
    pub text: String,
    /// Who was chosen to sign; nobody yet: the first admin does.
    pub chosen: Option<PersonId>,
}

/// How client users of a workspace are welcomed.
///
/// # Errors
/// `NotFound` where there is no such workspace.
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

/// What an admin changes; nothing for what stays.
#[derive(Clone, Debug, Default)]
pub struct WelcomeChange {
    /// Whether client users are welcomed.
    pub enabled: Option<bool>,
    /// What they read.
    pub text: Option<String>,
    /// Who signs: an active internal user.
    pub sender: Option<PersonId>,
}

/// Changes how client users are welcomed, for those who have not signed in yet (W4).
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff; `Field`: `welcome.text` as [`parse`] refuses it, `welcome.senderId` for somebody
/// who is not an active internal user.
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

/// Who signs at present: the one who was chosen, else the first admin, of those who can sign in.
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

/// The one who was chosen to sign and can no longer sign in: an admin signs instead, until another is chosen.
pub fn missing(reader: &Reader, workspace: WorkspaceId) -> Result<Option<Name>> {
    Ok(reader.first(
        "SELECT p.given_name, p.family_name, p.email FROM people p JOIN workspaces w ON w.id = p.workspace \
         WHERE p.workspace = $1 AND p.id = w.welcome_sender AND p.deactivated_at IS NOT NULL",
        &[&workspace],
        |row| row.read(),
    )?)
}

/// Tells the admins that somebody who has just been deactivated no longer signs the welcome message.
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

/// What admins are told when the one who signs the welcome message is deactivated.
#[derive(Clone, Debug)]
pub struct PreparedSignerMissing {
    /// To whom it goes.
    pub to: Addressee,
    /// Who signed.
    pub before: Name,
    /// Who signs now.
    pub now: Name,
}

/// Puts that together, just before it is sent. Nothing where it is no longer so.
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
        // Somebody chose another meanwhile.
        return Ok(None);
    }
    let before = person::display_name(tx, workspace, before)?;
    Ok(before.map(|before| PreparedSignerMissing { to, before, now: name }))
}
