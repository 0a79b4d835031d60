//! The audit log (R1): who changed people, access, settings or keys, and who viewed which export. The function that
//! performs an action appends its entry in the same transaction. Entries are never changed; admins read them.
//!
//! Entries refer to people and things by id, so they show current names, and not the erased address of someone deleted.
//! They include previous and new values where useful, but never a message's text and never a secret.

use serde::{Deserialize, Serialize};
use store::{Nullable, Param, Reader, Time, Tx};
use uuid::Uuid;

use crate::kernel::access::{self, Actor, Origin, Role};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{CompanyId, PersonId, ProjectId, RecordId, WorkspaceId};
use crate::kernel::name::Name;
use crate::kernel::words::words;

/// Characters kept of a value: enough to recognize it.
const VALUE_CHARACTERS: usize = 200;

words! {
    /// What was done. The first part of its word is its [`field`](AuditAction::field).
    #[derive(Hash)]
    pub enum AuditAction {
        PersonAdded = "people.added",
        /// Someone's name, address, number, companies, role or access changed.
        PersonChanged = "people.changed",
        /// Also for repeated invitations.
        PersonInvited = "people.invited",
        /// An invitation was withdrawn.
        PersonUninvited = "people.uninvited",
        /// Someone signed up (S14).
        PersonJoined = "people.joined",
        /// A client user invited a colleague.
        ColleagueInvited = "people.colleagueInvited",
        /// Someone lost access and was signed out everywhere.
        PersonDeactivated = "people.deactivated",
        /// Someone got their access back.
        PersonReactivated = "people.reactivated",
        /// A welcome message was written for a single client user.
        WelcomeWritten = "people.welcomeWritten",
        /// A sign-in link was created on the command line.
        LinkMade = "people.linkMade",
        PersonDeleted = "people.deleted",
        /// The company suggestion for someone who signed up was dismissed.
        BelongingDismissed = "people.belongingDismissed",
        /// A table of people and companies was imported (S15).
        TableImported = "people.imported",
        CompanyAdded = "companies.added",
        CompanyChanged = "companies.changed",
        /// An internal user was assigned to a company, or the assignment ended.
        CompanyAssigned = "companies.assigned",
        CompanyDeleted = "companies.deleted",
        ProjectAdded = "projects.added",
        ProjectChanged = "projects.changed",
        ProjectDeleted = "projects.deleted",
        /// A channel was created by hand.
        ChannelMade = "channels.made",
        /// Whether client users may change the files of a channel or folder was changed.
        FilesPermitted = "channels.filesPermitted",
        /// A channel was archived or restored.
        ChannelArchived = "channels.archived",
        /// The portal was set up.
        SetUp = "settings.setUp",
        SettingsChanged = "settings.changed",
        /// The welcome message or its sender was changed.
        WelcomeChanged = "settings.welcomeChanged",
        /// A webhook was created.
        WebhookMade = "keys.webhookMade",
        /// A webhook was switched on again.
        WebhookEnabled = "keys.webhookEnabled",
        WebhookDeleted = "keys.webhookDeleted",
        /// An API key was created.
        KeyMade = "keys.made",
        KeyRevoked = "keys.revoked",
        /// Consents to text messages were exported.
        ConsentsExported = "exports.consents",
        /// The list of early access entries was exported.
        EarlyAccessExported = "exports.earlyAccess",
        /// The audit log was exported.
        RecordsExported = "exports.records",
        /// All personal data of a client user was exported.
        PersonExported = "exports.person",
        /// An entry was removed from the early access list.
        EarlyAccessRemoved = "earlyAccess.removed",
    }
}

impl AuditAction {
    /// The area it belongs to, such as `people`.
    pub fn field(self) -> &'static str {
        self.word().split('.').next().unwrap_or("")
    }
}

/// A changed value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// As forms and the API name it.
    pub field: String,
    /// `None` if it was empty or must not be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Collects the changes of one action.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Vec<Change>);

impl Changes {
    pub(crate) fn none() -> Changes {
        Changes::default()
    }

    /// Adds a field if its value changed.
    pub(crate) fn field(mut self, field: &str, before: impl ToString, after: impl ToString) -> Changes {
        let (before, after) = (before.to_string(), after.to_string());
        if before != after {
            self.0.push(Change { field: field.to_string(), before: kept(&before), after: kept(&after) });
        }
        self
    }

    /// Adds a switch if it changed.
    pub(crate) fn switch(self, field: &str, before: bool, after: bool) -> Changes {
        let word = |is_on: bool| if is_on { "on" } else { "off" };
        self.field(field, word(before), word(after))
    }

    /// Adds a detail that has no previous value.
    pub(crate) fn note(self, field: &str, value: impl ToString) -> Changes {
        self.field(field, "", value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn to_json(&self) -> String {
        // Strings always serialize.
        serde_json::to_string(&self.0).unwrap_or_else(|_| "[]".to_string())
    }
}

/// The value to store: truncated if long, `None` if empty.
fn kept(value: &str) -> Option<String> {
    let mut characters = value.chars().filter(|character| *character != '\0');
    let mut kept: String = characters.by_ref().take(VALUE_CHARACTERS).collect();
    if characters.next().is_some() {
        kept.push('…');
    }
    (!kept.is_empty()).then_some(kept)
}

/// Logs what the actor does. Call it in the transaction of the action.
pub(crate) fn append(
    tx: &Tx,
    actor: &Actor,
    deed: AuditAction,
    about: Option<Uuid>,
    changes: Changes,
) -> Result<()> {
    insert(tx, actor.workspace, Some(actor.person), actor.via, deed, about, &changes)
}

/// Like [`append`], but logs nothing if nothing changed.
pub(crate) fn append_change(
    tx: &Tx,
    actor: &Actor,
    deed: AuditAction,
    about: Option<Uuid>,
    changes: Changes,
) -> Result<()> {
    if changes.is_empty() { Ok(()) } else { append(tx, actor, deed, about, changes) }
}

/// Logs what was done on the command line, where no person is known.
pub(crate) fn append_by_cli(
    tx: &Tx,
    workspace: WorkspaceId,
    deed: AuditAction,
    about: Option<Uuid>,
    changes: Changes,
) -> Result<()> {
    insert(tx, workspace, None, Origin::Cli, deed, about, &changes)
}

fn insert(
    tx: &Tx,
    workspace: WorkspaceId,
    person: Option<PersonId>,
    via: Origin,
    deed: AuditAction,
    about: Option<Uuid>,
    changes: &Changes,
) -> Result<()> {
    tx.run(
        "INSERT INTO records (workspace, id, at, person, via, deed, about, changes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            &workspace,
            &next(tx, workspace)?,
            &tx.now(),
            &person,
            &via.word(),
            &deed,
            &about,
            &changes.to_json(),
        ],
    )?;
    Ok(())
}

/// An id greater than all earlier ones, so entries of the same millisecond stay in order.
fn next(tx: &Tx, workspace: WorkspaceId) -> Result<RecordId> {
    let last: Option<Uuid> = tx.first(
        "SELECT id FROM records WHERE workspace = $1 ORDER BY id DESC LIMIT 1",
        &[&workspace],
        |row| row.get(0),
    )?;
    let id = RecordId::new(tx.now()).0;
    let after = last.map_or(id, |last| Uuid::from_u128(last.as_u128() + 1));
    Ok(RecordId(id.max(after)))
}

/// What an entry is about, under its current name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The workspace as a whole, or something without a name.
    Nothing,
    Person(PersonId, Name, Role),
    /// The name is empty for a placeholder.
    Company(CompanyId, String),
    Project(ProjectId, String),
}

impl About {
    fn of((id, Nullable(person), role, company, project): Names) -> About {
        match (id, person.zip(role), company, project) {
            (Some(id), Some((name, role)), _, _) => About::Person(PersonId(id), name, role),
            (Some(id), _, Some(name), _) => About::Company(CompanyId(id), name),
            (Some(id), _, _, Some(title)) => About::Project(ProjectId(id), title),
            _ => About::Nothing,
        }
    }
}

fn named((person, Nullable(name)): (Option<PersonId>, Nullable<Name>)) -> Option<(PersonId, Name)> {
    person.zip(name)
}

/// An id, and the name of the person, company or project that has it.
type Names = (Option<Uuid>, Nullable<Name>, Option<Role>, Option<String>, Option<String>);

columns! {
    /// An entry of the audit log.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Record {
        pub id: RecordId = "r.id",
        pub at: Time = "r.at",
        /// `None` if it was done on the command line.
        pub person: Option<(PersonId, Name)> = "r.person, w.given_name, w.family_name, w.email" => named,
        pub via: Origin = "r.via",
        /// The action's word, which may be unknown here if a newer version wrote it.
        pub deed: String = "r.deed",
        pub about: About = "r.about, p.given_name, p.family_name, p.email, p.role, k.name, j.title" => About::of,
        pub changes: Vec<Change> = "r.changes" => |changes: String| serde_json::from_str(&changes).unwrap_or_default(),
    }
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this field, for example `people`; empty for all.
    pub field: String,
    /// Only entries by or about this person.
    pub person: Option<PersonId>,
    pub since: Option<Time>,
    /// Exclusive.
    pub until: Option<Time>,
    /// Only entries older than this one.
    pub before: Option<RecordId>,
}

/// The newest matching entries, at most `most`.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn list(reader: &Reader, actor: &Actor, filter: &Filter, most: i64) -> Result<Vec<Record>> {
    access::admin(actor)?;
    let field = format!("{}%", filter.field.replace(['%', '_', '!'], ""));
    let before = filter.before.unwrap_or(RecordId(Uuid::max()));
    let (since, until) = (filter.since.unwrap_or(Time(i64::MIN)), filter.until.unwrap_or(Time(i64::MAX)));
    let mut params: Vec<&dyn Param> = vec![&actor.workspace, &before, &field, &since, &until, &most];
    let of_person = if let Some(person) = &filter.person {
        params.push(person);
        "AND (r.person = $7 OR r.about = $7)"
    } else {
        ""
    };
    let sql = format!(
        "SELECT {columns} FROM records r \
         LEFT JOIN people w ON w.workspace = r.workspace AND w.id = r.person \
         LEFT JOIN people p ON p.workspace = r.workspace AND p.id = r.about \
         LEFT JOIN companies k ON k.workspace = r.workspace AND k.id = r.about \
         LEFT JOIN projects j ON j.workspace = r.workspace AND j.id = r.about \
         WHERE r.workspace = $1 AND r.id < $2 AND r.deed LIKE $3 AND r.at >= $4 AND r.at < $5 {of_person} \
         ORDER BY r.id DESC LIMIT $6",
        columns = Record::COLUMNS
    );
    Ok(reader.all(&sql, &params, |row| row.read())?)
}

/// Logs that the actor views an export. Call it before showing any of it.
///
/// # Errors
/// `NotFound` for client users, `Forbidden` for staff.
pub fn note_export(tx: &mut Tx, actor: &Actor, deed: AuditAction, about: Option<PersonId>) -> Result<()> {
    access::admin(actor)?;
    if deed.field() != "exports" {
        return Err(Error::NotFound);
    }
    append(tx, actor, deed, about.map(|person| person.0), Changes::none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deed_is_known_by_its_word_and_no_two_share_one() {
        for deed in AuditAction::ALL {
            assert_eq!(AuditAction::from_word(deed.word()), Some(deed));
            assert!(!deed.field().is_empty() && deed.field() != deed.word(), "{}", deed.word());
        }
        assert_eq!(AuditAction::from_word("people.eaten"), None);
    }

    #[test]
    fn only_what_is_another_value_is_noted_and_long_ones_are_cut() {
        let long = "é".repeat(VALUE_CHARACTERS + 1);
        let changes = Changes::none()
            .field("same", 5, 5)
            .field("wait", 5, 10)
            .switch("hideText", false, true)
            .field("welcome", "", &long);
        let read: Vec<Change> = serde_json::from_str(&changes.to_json()).unwrap();
        let change = |field: &str, before: Option<&str>, after: Option<&str>| Change {
            field: field.to_string(),
            before: before.map(str::to_string),
            after: after.map(str::to_string),
        };
        let cut = format!("{}…", "é".repeat(VALUE_CHARACTERS));
        assert_eq!(
            read,
            [
                change("wait", Some("5"), Some("10")),
                change("hideText", Some("off"), Some("on")),
                change("welcome", None, Some(&cut)),
            ]
        );
    }
}
