//! Channels: one conversation about exactly one subject (C1), with a title that is always derived (C2).

use constcat::concat;
use store::{Columns, FromRow, Reader, Time, Tx};
use uuid::Uuid;

use crate::channels::members::{self, Scope};
use crate::channels::unread_count::UNREAD;
use crate::kernel::access::{self, Actor};
use crate::kernel::audit_log::{self, AuditAction, Changes};
use crate::kernel::columns::{columns, count};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, CompanyId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::name::Name;
use crate::kernel::words::words;

words! {
    pub enum Kind {
        /// A client user.
        Client = "client",
        Company = "company",
        Project = "project",
        /// Client users of one company (C9).
        Group = "group",
    }
}

columns! {
    /// A channel as one person sees it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Channel {
        pub id: ChannelId = "c.id",
        pub kind: Kind = "c.kind",
        /// The subject's id; for a group, one derived from its company and first people.
        pub subject: Uuid = "c.subject",
        /// For groups only.
        pub company: Option<CompanyId> = "c.company",
        /// As the actor sees it: derived, never stored (C2).
        pub title: String => String::new(),
        /// The position of the newest message; 0 before the first.
        pub last_position: i64 = "c.last_position",
        pub last_message_at: Option<Time> = "c.last_message_at",
        /// Set while the channel is archived (C8).
        pub archived_at: Option<Time> = "c.archived_at",
        pub created_at: Time = "c.created_at",
        /// The last change other than messages.
        pub updated_at: Time = "c.updated_at",
        /// The actor's read position.
        pub read_position: i64 = "coalesce(m.read_position, c.last_position)",
        /// The actor's number of unread messages (M7).
        pub unread: i64 = concat!("coalesce(", UNREAD, ", 0)"),
        /// Set while the actor mutes it.
        pub muted_at: Option<Time> = "m.muted_at",
        /// Set if the actor left it by choice.
        pub left_at: Option<Time> = "m.left_at",
    }
}

/// The name of the subject: a person, company or project.
const SUBJECT: &str = "s.given_name, s.family_name, s.email, k.name, j.title";

/// The title that internal users see (C2), from the columns of [`SUBJECT`]. Groups get theirs from [`group_title`].
fn title(columns: &mut Columns<'_>, kind: Kind) -> store::Result<String> {
    let (mut person, mut company, mut project) =
        (columns.skip(Name::WIDTH), columns.skip(1), columns.skip(1));
    match kind {
        Kind::Client => Ok(person.next::<Name>()?.full()),
        Kind::Company => company.next(),
        Kind::Project => project.next(),
        Kind::Group => Ok(String::new()),
    }
}

/// A channel from [`COLUMNS`]. Client users see the brand as the title of their own channel.
pub(crate) fn read(columns: &mut Columns<'_>, actor: &Actor) -> store::Result<Channel> {
    let mut channel: Channel = columns.next()?;
    let (mut subject, mut brand) = (columns.skip(count(SUBJECT)), columns.skip(1));
    let is_own = channel.kind == Kind::Client && channel.subject == actor.person.0;
    channel.title = if is_own { brand.next()? } else { title(&mut subject, channel.kind)? };
    Ok(channel)
}

/// The columns for [`read`], of the channel `c` and the actor's member row `m`, if there is one.
pub(crate) const COLUMNS: &str = constcat::concat!(Channel::COLUMNS, ", ", SUBJECT, ", w.brand_name");

/// The tables of [`COLUMNS`], and the condition for the actor to see a channel: `$1` is the workspace, `$2` the
/// person.
pub(crate) fn seen(actor: &Actor) -> (String, &'static str) {
    let (tables, condition) = if actor.is_api_client() {
        (
            "channels c LEFT JOIN members m ON m.workspace = c.workspace AND m.channel = c.id AND m.person = $2",
            "c.workspace = $1",
        )
    } else {
        (
            "members m JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel",
            "m.workspace = $1 AND m.person = $2",
        )
    };
    // Only the table that has the subject's id finds it.
    let tables = format!(
        "{tables} JOIN workspaces w ON w.id = c.workspace \
         LEFT JOIN people s ON s.workspace = c.workspace AND s.id = c.subject \
         LEFT JOIN companies k ON k.workspace = c.workspace AND k.id = c.subject \
         LEFT JOIN projects j ON j.workspace = c.workspace AND j.id = c.subject"
    );
    (tables, condition)
}

/// A group's title: its client users' names (C9).
pub(crate) fn group_title(reader: &Reader, workspace: WorkspaceId, channel: ChannelId) -> Result<String> {
    let names = reader.all(
        "SELECT p.given_name, p.family_name, p.email FROM members m \
         JOIN people p ON p.workspace = m.workspace AND p.id = m.person AND p.role = 'client' \
         WHERE m.workspace = $1 AND m.channel = $2 ORDER BY p.given_name, p.family_name, p.id",
        &[&workspace, &channel],
        |row| Ok(row.read::<Name>()?.full()),
    )?;
    Ok(if names.is_empty() { "Empty group".to_string() } else { names.join(", ") })
}

/// A channel that the actor may see.
pub fn find(reader: &Reader, actor: &Actor, channel: ChannelId) -> Result<Channel> {
    let (tables, condition) = seen(actor);
    let sql = format!("SELECT {COLUMNS} FROM {tables} WHERE c.workspace = $1 AND {condition} AND c.id = $3");
    let found = reader
        .first(&sql, &[&actor.workspace, &actor.person, &channel], |row| read(&mut row.columns(), actor))?;
    let mut found = found.ok_or(Error::NotFound)?;
    if found.kind == Kind::Group {
        found.title = group_title(reader, actor.workspace, channel)?;
    }
    Ok(found)
}

/// A channel for events, with the title that internal users see. A client user's page keeps the brand as the title of
/// their own channel (C2).
pub fn for_events(
    reader: &Reader,
    workspace: WorkspaceId,
    channel: ChannelId,
) -> Result<Option<ChannelSnapshot>> {
    let told = reader.first(
        constcat::concat!(
            "SELECT c.kind, c.archived_at, ",
            SUBJECT,
            " FROM channels c LEFT JOIN people s ON s.workspace = c.workspace AND s.id = c.subject \
             LEFT JOIN companies k ON k.workspace = c.workspace AND k.id = c.subject \
             LEFT JOIN projects j ON j.workspace = c.workspace AND j.id = c.subject WHERE c.workspace = $1 \
             AND c.id = $2"
        ),
        &[&workspace, &channel],
        |row| {
            let mut columns = row.columns();
            let (kind, archived_at) = columns.next()?;
            Ok(ChannelSnapshot { kind, title: title(&mut columns, kind)?, archived_at })
        },
    )?;
    let Some(mut told) = told else { return Ok(None) };
    if told.kind == Kind::Group {
        told.title = group_title(reader, workspace, channel)?;
    }
    Ok(Some(told))
}

/// What open pages receive about a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSnapshot {
    pub kind: Kind,
    pub title: String,
    pub archived_at: Option<Time>,
}

/// All channels of which the actor is a member, for live updates.
pub fn ids_of(reader: &Reader, actor: &Actor) -> Result<Vec<ChannelId>> {
    Ok(reader.all(
        "SELECT channel FROM members WHERE workspace = $1 AND person = $2",
        &[&actor.workspace, &actor.person],
        |row| row.get(0),
    )?)
}

pub fn of_subject(reader: &Reader, workspace: WorkspaceId, subject: Uuid) -> Result<Option<ChannelId>> {
    Ok(reader.first(
        "SELECT id FROM channels WHERE workspace = $1 AND subject = $2",
        &[&workspace, &subject],
        |row| row.get(0),
    )?)
}

/// Publishes the new title of a subject's channel (C2). A person's new name also changes the titles of their groups.
pub(crate) fn renamed(tx: &mut Tx, workspace: WorkspaceId, subject: Uuid) -> Result<()> {
    let channels: Vec<ChannelId> = tx.all(
        "SELECT id FROM channels WHERE workspace = $1 AND subject = $2 \
         UNION SELECT g.channel FROM group_people g WHERE g.workspace = $1 AND g.person = $2",
        &[&workspace, &subject],
        |row| row.get(0),
    )?;
    for channel in channels {
        journal::record(tx, workspace, &Event::ChannelUpdated { channel });
    }
    Ok(())
}

/// Archives or restores a channel (C8); a new message also restores it.
///
/// # Errors
/// `NotFound`; `Forbidden` for everyone but admins.
pub fn archive(tx: &mut Tx, actor: &Actor, channel: ChannelId, archived: bool) -> Result<()> {
    access::channel(tx, actor, channel)?;
    access::admin(actor).map_err(|_| Error::Forbidden)?;
    let at = archived.then(|| tx.now());
    let before = find(tx, actor, channel)?;
    let changes = Changes::none().switch("archived", before.archived_at.is_some(), archived);
    audit_log::append_change(tx, actor, AuditAction::ChannelArchived, Some(before.subject), changes)?;
    tx.run(
        "UPDATE channels SET archived_at = $3, updated_at = $4 WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &channel, &at, &tx.now()],
    )?;
    journal::record(tx, actor.workspace, &Event::ChannelUpdated { channel });
    Ok(())
}

/// Archives the channel of a subject that is being deleted, and removes members who lost access.
pub(crate) fn archive_with_subject(tx: &mut Tx, workspace: WorkspaceId, subject: Uuid) -> Result<()> {
    match of_subject(tx, workspace, subject)? {
        Some(channel) => archive_one(tx, workspace, channel),
        None => Ok(()),
    }
}

/// Does the same for a company's channel and its groups (C9).
pub(crate) fn archive_with_company(tx: &mut Tx, workspace: WorkspaceId, company: CompanyId) -> Result<()> {
    let channels: Vec<ChannelId> = tx.all(
        "SELECT id FROM channels WHERE workspace = $1 AND (subject = $2 OR company = $2) ORDER BY id",
        &[&workspace, &company],
        |row| row.get(0),
    )?;
    channels.into_iter().try_for_each(|channel| archive_one(tx, workspace, channel))
}

fn archive_one(tx: &mut Tx, workspace: WorkspaceId, channel: ChannelId) -> Result<()> {
    tx.run(
        "UPDATE channels SET archived_at = coalesce(archived_at, $3), updated_at = $3 WHERE workspace = $1 AND id = $2",
        &[&workspace, &channel, &tx.now()],
    )?;
    members::sync_members(tx, workspace, Scope::Channel(channel))?;
    journal::record(tx, workspace, &Event::ChannelUpdated { channel });
    Ok(())
}
