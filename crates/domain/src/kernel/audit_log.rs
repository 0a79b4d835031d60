//! Records: who changed what about people, access, settings and keys, and who looked at which export. Each is written in
//! the transaction of the deed by the function that does it, and is only ever added to; admins read them.
//!
//! A record names people and things by their ids, so that it shows them as they are called now, and nothing of those who
//! were deleted. Values before and after stand beside it where they say something; never a message's text, never a secret.

use serde::{Deserialize, Serialize};
use store::{Nullable, Param, Reader, Time, Tx};
use uuid::Uuid;

use crate::kernel::access::{self, Actor, Origin, Role};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{CompanyId, PersonId, ProjectId, RecordId, WorkspaceId};
use crate::kernel::name::Name;
use crate::kernel::words::words;

/// Characters kept of a value: enough to recognise it.
const VALUE_CHARACTERS: usize = 200;

words! {
    /// What was done. The first part of its word is its [`Field`].
    #[derive(Hash)]
    pub enum AuditAction {
        PersonAdded = "people.added",
        /// Name, address, number, companies, role or access of somebody were changed.
        PersonChanged = "people.changed",
        /// Somebody was invited, for the first time or again.
        PersonInvited = "people.invited",
        /// An invitation was taken back.
        PersonUninvited = "people.uninvited",
        /// Somebody signed up by themselves.
        PersonJoined = "people.joined",
        /// A client user invited a colleague.
        ColleagueInvited = "people.colleagueInvited",
        /// Somebody's access was taken away; they were signed out everywhere.
        PersonDeactivated = "people.deactivated",
        /// Somebody was given their access back.
        PersonReactivated = "people.reactivated",
        /// A welcome message was written for one client user alone.
        WelcomeWritten = "people.welcomeWritten",
        /// A link that signs somebody in was made on the machine.
        LinkMade = "people.linkMade",
        PersonDeleted = "people.deleted",
        /// Where somebody who signed up might work was looked at, and left as it was.
        BelongingDismissed = "people.belongingDismissed",
        /// A table of people and companies was taken in.
        TableImported = "people.imported",
        CompanyAdded = "companies.added",
        /// A company was renamed or otherwise changed.
        CompanyChanged = "companies.changed",
        /// An internal user was assigned to a company, or no longer is.
        CompanyAssigned = "companies.assigned",
        CompanyDeleted = "companies.deleted",
        ProjectAdded = "projects.added",
        ProjectChanged = "projects.changed",
        ProjectDeleted = "projects.deleted",
        /// A channel was made by hand.
        ChannelMade = "channels.made",
        /// Whether client users may change the files of a channel, or of a folder in it, was changed.
        FilesPermitted = "channels.filesPermitted",
        /// A channel was put away or brought back.
        ChannelArchived = "channels.archived",
        /// The portal was set up.
        SetUp = "settings.setUp",
        SettingsChanged = "settings.changed",
        /// What client users are welcomed with, or who signs it, was changed.
        WelcomeChanged = "settings.welcomeChanged",
        /// A program is called from now on.
        WebhookMade = "keys.webhookMade",
        /// A program that was called no more is called again.
        WebhookEnabled = "keys.webhookEnabled",
        /// A program is called no more.
        WebhookDeleted = "keys.webhookDeleted",
        /// A program was given a key.
        KeyMade = "keys.made",
        KeyRevoked = "keys.revoked",
        /// What people answered to texts was exported.
        ConsentsExported = "exports.consents",
        /// Who asked for early access was exported.
        EarlyAccessExported = "exports.earlyAccess",
        /// These records were exported.
        RecordsExported = "exports.records",
        /// All about one client user was exported.
        PersonExported = "exports.person",
        /// Somebody who asked for early access was removed from the list.
        EarlyAccessRemoved = "earlyAccess.removed",
    }
}

impl AuditAction {
    /// What it is about.
    pub fn field(self) -> &'static str {
        self.word().split('.').next().unwrap_or("")
    }
}

/// A value that is another one now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which, as forms and the API name it.
    pub field: String,
    /// What it was; nothing where there was none, or it is not to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The changes of one deed while they are put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Vec<Change>);

impl Changes {
    pub(crate) fn none() -> Changes {
        Changes::default()
    }

    /// A field that may be another one now; where it is not, nothing is noted.
    pub(crate) fn field(mut self, field: &str, before: impl ToString, after: impl ToString) -> Changes {
        let (before, after) = (before.to_string(), after.to_string());
        if before != after {
            self.0.push(Change { field: field.to_string(), before: kept(&before), after: kept(&after) });
        }
        self
    }

    /// A switch that may be another way now.
    pub(crate) fn switch(self, field: &str, before: bool, after: bool) -> Changes {
        let word = |is_on: bool| if is_on { "on" } else { "off" };
        self.field(field, word(before), word(after))
    }

    /// A value that says more about the deed.
    pub(crate) fn note(self, field: &str, value: impl ToString) -> Changes {
        self.field(field, "", value)
    }

    /// Whether nothing is another one.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn to_json(&self) -> String {
        // Texts always have a JSON form.
        serde_json::to_string(&self.0).unwrap_or_else(|_| "[]".to_string())
    }
}

/// A value as it is kept: cut where it is long, nothing where it is empty.
fn kept(value: &str) -> Option<String> {
    let mut characters = value.chars().filter(|character| *character != '\0');
    let mut kept: String = characters.by_ref().take(VALUE_CHARACTERS).collect();
    if characters.next().is_some() {
        kept.push('…');
    }
    (!kept.is_empty()).then_some(kept)
}

/// Keeps what the one who asks has done, in the transaction in which they do it.
pub(crate) fn append(
    tx: &Tx,
    actor: &Actor,
    deed: AuditAction,
    about: Option<Uuid>,
    changes: Changes,
) -> Result<()> {
    insert(tx, actor.workspace, Some(actor.person), actor.via, deed, about, &changes)
}

/// Keeps a change, unless nothing is another one.
pub(crate) fn append_change(
    tx: &Tx,
    actor: &Actor,
    deed: AuditAction,
    about: Option<Uuid>,
    changes: Changes,
) -> Result<()> {
    if changes.is_empty() { Ok(()) } else { append(tx, actor, deed, about, changes) }
}

/// Keeps what was done on the machine, by whoever runs the portal.
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

/// An id after every earlier one's, so that what was done in the same millisecond stays in its order.
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

/// Whom or what a record is about, as it is called now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// The workspace as a whole, or something that has no name of its own.
    Nothing,
    Person(PersonId, Name, Role),
    /// A company; its name is empty where it is a placeholder.
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

/// An id, and what the person, company or project of that id is called.
type Names = (Option<Uuid>, Nullable<Name>, Option<Role>, Option<String>, Option<String>);

columns! {
    /// One record.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Record {
        pub id: RecordId = "r.id",
        /// When it was done.
        pub at: Time = "r.at",
        /// Who did it; nobody where it was done on the machine.
        pub person: Option<(PersonId, Name)> = "r.person, w.given_name, w.family_name, w.email" => named,
        /// How.
        pub via: Origin = "r.via",
        /// What was done, as its word; a newer program may have written one that is unknown here.
        pub deed: String = "r.deed",
        /// To whom or what.
        pub about: About = "r.about, p.given_name, p.family_name, p.email, p.role, k.name, j.title" => About::of,
        /// What is another value now.
        pub changes: Vec<Change> = "r.changes" => |changes: String| serde_json::from_str(&changes).unwrap_or_default(),
    }
}

/// Which records are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those of this field, for instance `people`; empty for all.
    pub field: String,
    /// Only those by or about this person.
    pub person: Option<PersonId>,
    /// Only those since this time.
    pub since: Option<Time>,
    /// Only those before this time.
    pub until: Option<Time>,
    /// Only those before this one.
    pub before: Option<RecordId>,
}

/// The newest records that fit, at most `most`.
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

/// Notes that the one who asks has an export before them. It is written before anything of it is shown.
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
