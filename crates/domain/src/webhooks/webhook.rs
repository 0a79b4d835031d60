//! Webhooks: addresses that are called when something happens in the workspace (H1 to H6).
//!
//! Each follows the journal at its own position (`webhooks::calls`); calls are deliveries, like mails
//! (`notify::deliveries`). Signing and sending are done by `outbound`; objects are rendered by `web`.

use store::{Reader, Time, Tx};

use crate::directory::addressee::{self, Addressee};
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{PersonId, WebhookId, WorkspaceId};
use crate::kernel::journal::Event;
use crate::kernel::name::Name;
use crate::kernel::{limits, lock, random};
use crate::notify::delivery::Kind;
use crate::notify::{deliveries, webhook_deliveries};

/// Webhooks per workspace: far more than a firm has systems to call.
pub const WEBHOOKS_MAX: i64 = 20;
/// Maximum length of an address in characters.
pub const URL_CHARACTERS: usize = 2_000;
/// Length of a secret in bytes: Standard Webhooks asks for 24 to 64.
const SECRET_BYTES: usize = 32;
/// Maximum number of event names in a filter: more than there are different ones.
pub const WANTED_MAX: usize = 50;
/// The filter that matches every event.
const EVERYTHING: &str = "*";

/// The events that webhooks can receive.
pub const KINDS: [&str; 18] = [
    "client.created",
    "client.updated",
    "client.activated",
    "client.deleted",
    "company.created",
    "company.updated",
    "company.deleted",
    "project.created",
    "project.updated",
    "project.deleted",
    "messageChannel.created",
    "message.sent",
    "message.updated",
    "message.deleted",
    "fileChannel.created",
    "file.created",
    "notification.sent",
    "notification.failed",
];

/// The name under which webhooks receive an event; `None` if they do not receive it.
pub fn event_kind(event: &Event) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| *kind == event.kind())
}

/// The events that a webhook receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter(Vec<String>);

impl EventFilter {
    pub fn everything() -> EventFilter {
        EventFilter(vec![EVERYTHING.to_string()])
    }

    /// Takes one or more of [`KINDS`], groups (`client.*`) or everything (`*`). Duplicates are dropped, the order is kept.
    ///
    /// # Errors
    /// `Empty`, `TooMany`, and `NoChoice` for an unknown name.
    pub fn new(field: &'static str, words: &[String]) -> Result<EventFilter> {
        if words.len() > WANTED_MAX {
            return Err(Error::field(field, Problem::TooMany(WANTED_MAX)));
        }
        let is_known = |word: &str| {
            word == EVERYTHING || KINDS.contains(&word) || KINDS.iter().any(|kind| is_of_group(kind, word))
        };
        let mut wanted: Vec<String> = Vec::new();
        for word in words {
            if !is_known(word) {
                return Err(Error::field(field, Problem::NoChoice));
            }
            if !wanted.contains(word) {
                wanted.push(word.clone());
            }
        }
        if wanted.is_empty() { Err(Error::field(field, Problem::Empty)) } else { Ok(EventFilter(wanted)) }
    }

    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Whether the filter matches this kind of event.
    pub fn holds(&self, kind: &str) -> bool {
        self.0.iter().any(|word| word == EVERYTHING || word == kind || is_of_group(kind, word))
    }
}

/// Whether `word` is the group of this kind: `client.*` for `client.created`.
fn is_of_group(kind: &str, word: &str) -> bool {
    word.strip_suffix(".*").is_some_and(|noun| kind.split_once('.').is_some_and(|(of, _)| of == noun))
}

impl store::FromValue for EventFilter {
    fn from_value(value: store::Value<'_>) -> Option<EventFilter> {
        match value {
            store::Value::Text(words) => Some(EventFilter(words.split(' ').map(str::to_string).collect())),
            _ => None,
        }
    }
}

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Webhook {
        pub id: WebhookId = "w.id",
        pub url: String = "w.url",
        pub events: EventFilter = "w.events",
        /// The admin who created it.
        pub person: PersonId = "w.person",
        pub person_name: Name = "p.given_name, p.family_name, p.email",
        pub created_at: Time = "w.created_at",
        /// When it last accepted a call.
        pub taken_at: Option<Time> = "w.taken_at",
        pub disabled_at: Option<Time> = "w.disabled_at",
        pub disabled_reason: Option<String> = "w.disabled_reason",
    }
}

/// Creates a webhook, which receives what happens from now on. Returns it with the secret that signs its calls; the
/// secret cannot be read again.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff, `Field` for an invalid address, `Conflict` if there are already
/// [`WEBHOOKS_MAX`].
pub fn create(tx: &mut Tx, actor: &Actor, url: &str, events: &EventFilter) -> Result<(Webhook, Vec<u8>)> {
    access::admin(actor)?;
    let url = limits::validate_line("url", url, URL_CHARACTERS)?;
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(Error::field("url", Problem::NoLink));
    }
    // Two at once would both find a place.
    lock::lock_directory(tx, actor.workspace)?;
    let count: i64 = tx.one(
        "SELECT count(*) FROM webhooks WHERE workspace = $1 AND deleted_at IS NULL",
        &[&actor.workspace],
        |row| row.get(0),
    )?;
    if count >= WEBHOOKS_MAX {
        return Err(Error::Conflict(
            "There are too many webhooks. Please delete one that is no longer used.",
        ));
    }
    let mut secret = vec![0; SECRET_BYTES];
    random::fill(&mut secret);
    let (id, now, head) = (WebhookId::new(tx.now()), tx.now(), tx.journal_head(actor.workspace.0)?);
    let words = events.0.join(" ");
    tx.run(
        "INSERT INTO webhooks (workspace, id, url, events, secret, person, seq, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[&actor.workspace, &id, &url, &words, &secret, &actor.person, &head, &now],
    )?;
    audit_log::append(tx, actor, AuditAction::WebhookMade, None, Changes::none().note("url", url))?;
    Ok((find(tx, actor, id)?, secret))
}

const COLUMNS: &str = Webhook::COLUMNS;

/// At most `most` webhooks, newest first, created before `before` if given.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn list(reader: &Reader, actor: &Actor, before: Option<WebhookId>, most: i64) -> Result<Vec<Webhook>> {
    access::admin(actor)?;
    let before = before.unwrap_or(WebhookId(uuid::Uuid::max()));
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks w JOIN people p ON p.workspace = w.workspace AND p.id = w.person \
         WHERE w.workspace = $1 AND w.id < $2 AND w.deleted_at IS NULL ORDER BY w.id DESC LIMIT $3"
    );
    Ok(reader.all(&sql, &[&actor.workspace, &before, &most], |row| row.read())?)
}

/// # Errors
/// `NotFound`, also for client users; `Forbidden` for staff.
pub fn find(reader: &Reader, actor: &Actor, webhook: WebhookId) -> Result<Webhook> {
    access::admin(actor)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM webhooks w JOIN people p ON p.workspace = w.workspace AND p.id = w.person \
         WHERE w.workspace = $1 AND w.id = $2 AND w.deleted_at IS NULL"
    );
    reader.first(&sql, &[&actor.workspace, &webhook], |row| row.read())?.ok_or(Error::NotFound)
}

/// Deletes a webhook. It is not called again, not even for calls that are already waiting.
///
/// # Errors
/// `NotFound`, also for client users; `Forbidden` for staff.
pub fn delete(tx: &mut Tx, actor: &Actor, webhook: WebhookId) -> Result<()> {
    access::admin(actor)?;
    let deleted = tx.run(
        "UPDATE webhooks SET deleted_at = $3, secret = $4 WHERE workspace = $1 AND id = $2 AND deleted_at IS NULL",
        &[&actor.workspace, &webhook, &tx.now(), &[0_u8; 0].as_slice()],
    )?;
    if deleted == 0 {
        return Err(Error::NotFound);
    }
    audit_log::append(tx, actor, AuditAction::WebhookDeleted, None, Changes::none())
}

/// Switches a webhook on again, to receive what happens from now on. Does nothing if it is on.
///
/// # Errors
/// `NotFound`, also for client users; `Forbidden` for staff.
pub fn enable(tx: &mut Tx, actor: &Actor, webhook: WebhookId) -> Result<()> {
    let url = find(tx, actor, webhook)?.url;
    let enabled = tx.run(
        "UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL, seq = $3 \
         WHERE workspace = $1 AND id = $2 AND disabled_at IS NOT NULL",
        &[&actor.workspace, &webhook, &tx.journal_head(actor.workspace.0)?],
    )?;
    if enabled == 0 {
        return Ok(());
    }
    audit_log::append(tx, actor, AuditAction::WebhookEnabled, None, Changes::none().note("url", url))
}

/// Switches a failing webhook off, drops its waiting calls, and notifies the admins by mail (H5).
pub(crate) fn disable(tx: &mut Tx, workspace: WorkspaceId, webhook: WebhookId, reason: &str) -> Result<()> {
    let disabled = tx.run(
        "UPDATE webhooks SET disabled_at = $3, disabled_reason = $4 \
         WHERE workspace = $1 AND id = $2 AND disabled_at IS NULL AND deleted_at IS NULL",
        &[&workspace, &webhook, &tx.now(), &reason],
    )?;
    if disabled == 0 {
        return Ok(());
    }
    webhook_deliveries::drop_calls(tx, workspace, webhook)?;
    let admins: Vec<PersonId> = tx.all(
        "SELECT id FROM people WHERE workspace = $1 AND role = $2 AND deactivated_at IS NULL ORDER BY id",
        &[&workspace, &Role::Admin.word()],
        |row| row.get(0),
    )?;
    for admin in admins {
        deliveries::add(tx, workspace, Kind::WebhookOff(webhook), Some(admin))?;
    }
    Ok(())
}

/// The mail to an admin about a webhook that was switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedWebhookOff {
    pub to: Addressee,
    pub url: String,
    pub reason: String,
}

/// Composes that mail just before it is sent. Returns `None` if the webhook is on again or deleted, or if the person is
/// no longer an admin.
pub fn prepare_note(
    tx: &mut Tx,
    workspace: WorkspaceId,
    webhook: WebhookId,
    person: PersonId,
) -> Result<Option<PreparedWebhookOff>> {
    let off: Option<(String, Option<String>)> = tx.first(
        "SELECT w.url, w.disabled_reason FROM webhooks w JOIN people p ON p.workspace = w.workspace AND p.id = $3 \
         WHERE w.workspace = $1 AND w.id = $2 AND w.disabled_at IS NOT NULL AND w.deleted_at IS NULL AND p.role = $4",
        &[&workspace, &webhook, &person, &Role::Admin.word()],
        |row| row.read(),
    )?;
    let Some((url, reason)) = off else { return Ok(None) };
    let to = addressee::addressee(tx, workspace, person)?;
    Ok(to.map(|to| PreparedWebhookOff { to, url, reason: reason.unwrap_or_default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::ChannelId;

    fn words(list: &[&str]) -> Vec<String> {
        list.iter().map(|word| word.to_string()).collect()
    }

    #[test]
    fn h1_what_is_wanted_is_a_kind_a_group_or_everything() {
        let wanted =
            EventFilter::new("events", &words(&["message.sent", "client.*", "message.sent"])).unwrap();
        assert_eq!(wanted.words(), words(&["message.sent", "client.*"]));
        for (kind, is_wanted) in [
            ("message.sent", true),
            ("client.deleted", true),
            ("message.updated", false),
            ("clientele.created", false),
        ] {
            assert_eq!(wanted.holds(kind), is_wanted, "{kind}");
        }
        assert!(KINDS.iter().all(|kind| EventFilter::everything().holds(kind)));
        for wrong in [
            &["message"][..],
            &["message.*.*"],
            &[".*"],
            &["*.sent"],
            &["message.sent "],
            &["channel.read"],
            &[""],
            &[],
        ] {
            assert!(EventFilter::new("events", &words(wrong)).is_err(), "{wrong:?}");
        }
        assert!(EventFilter::new("events", &words(&["*"; WANTED_MAX])).is_ok());
        let too_many = EventFilter::new("events", &words(&["*"; WANTED_MAX + 1]));
        assert!(matches!(too_many, Err(Error::Field { problem: Problem::TooMany(WANTED_MAX), .. })));
    }

    #[test]
    fn h1_some_events_are_no_matter_of_webhooks() {
        let now = Time(1_767_603_600_000);
        let channel = ChannelId::new(now);
        assert_eq!(event_kind(&Event::ChannelCreated { channel }), Some("messageChannel.created"));
        assert_eq!(event_kind(&Event::FileChannelCreated { channel }), Some("fileChannel.created"));
        assert_eq!(event_kind(&Event::ChannelUpdated { channel }), None);
        assert_eq!(event_kind(&Event::AccessChanged { person: PersonId::new(now) }), None);
    }
}
