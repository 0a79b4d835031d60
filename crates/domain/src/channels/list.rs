//! Lists of channels: for pages with the newest message or file, for API clients by creation.

use store::{Nullable, Reader, Time};
use uuid::Uuid;

use crate::channels::channel::{COLUMNS, Channel, Kind, group_title, read, seen};
use crate::channels::unread_count::UNREAD;
use crate::kernel::access::Actor;
use crate::kernel::columns::columns;
use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, CompanyId, PersonId};
use crate::kernel::limits;
use crate::kernel::name::Name;
use crate::kernel::where_builder::WhereBuilder;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub channel: Channel,
    pub last: Option<Last>,
}

columns! {
    /// A channel's newest message, as the list shows it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Last {
        pub author: PersonId = "l.author",
        pub author_name: Name = "a.given_name, a.family_name, a.email",
        /// Empty if the message was deleted.
        pub text: String = "l.text",
        pub deleted_at: Option<Time> = "l.deleted_at",
        /// The number of files.
        pub attachments: i64 = "l.attachments",
        pub first_attachment: Option<String> = "CASE WHEN l.attachments > 0 THEN (SELECT t.name FROM attachments t \
            WHERE t.workspace = l.workspace AND t.message = l.id AND t.place = 0) END",
    }
}

#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only channels with unread messages.
    pub unread: bool,
    pub kind: Option<Kind>,
    /// Text in the title; empty for all.
    pub title: String,
    /// Archived channels instead of the others.
    pub archived: bool,
}

/// The actor's channels, newest message first.
pub fn list(reader: &Reader, actor: &Actor, filter: &Filter, most: i64) -> Result<Vec<Listed>> {
    let wanted = wanted(filter);
    let (tables, _) = seen(actor);
    let sql = format!(
        "SELECT {COLUMNS}, {last} FROM {tables} \
         LEFT JOIN messages l ON l.workspace = c.workspace AND l.channel = c.id AND l.position = c.last_position \
         LEFT JOIN people a ON a.workspace = l.workspace AND a.id = l.author \
         WHERE {wanted} ORDER BY coalesce(c.last_message_at, c.created_at) DESC, c.id DESC LIMIT $3",
        last = Last::COLUMNS
    );
    // Titles are derived, so they are filtered after the query, which then has to return all channels.
    let all = if filter.title.is_empty() { most } else { i64::MAX };
    let mut found = reader.all(&sql, &[&actor.workspace, &actor.person, &all], |row| {
        let mut columns = row.columns();
        let channel = read(&mut columns, actor)?;
        let Nullable(last) = columns.next()?;
        Ok(Listed { channel, last })
    })?;
    entitle(reader, actor, filter, most, &mut found, |listed| &mut listed.channel)?;
    Ok(found)
}

/// The condition for a filter without its title, for the channel `c` and the member `m`.
fn wanted(filter: &Filter) -> String {
    let mut wanted = String::from("m.workspace = $1 AND m.person = $2");
    wanted.push_str(if filter.archived {
        " AND c.archived_at IS NOT NULL"
    } else {
        " AND c.archived_at IS NULL"
    });
    if filter.unread {
        wanted.push_str(&format!(" AND {UNREAD} > 0"));
    }
    if let Some(kind) = filter.kind {
        // A literal from our own code, not user input.
        wanted.push_str(&format!(" AND c.kind = '{}'", kind.word()));
    }
    wanted
}

/// Sets the titles of groups, and drops channels whose title does not match; at most `most` remain.
fn entitle<T>(
    reader: &Reader,
    actor: &Actor,
    filter: &Filter,
    most: i64,
    found: &mut Vec<T>,
    channel: impl Fn(&mut T) -> &mut Channel,
) -> Result<()> {
    for found in found.iter_mut() {
        let channel = channel(found);
        if channel.kind == Kind::Group {
            channel.title = group_title(reader, actor.workspace, channel.id)?;
        }
    }
    let title = limits::normalize(filter.title.trim());
    if !title.is_empty() {
        found.retain_mut(|found| limits::normalize(&channel(found).title).contains(&title));
        found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    }
    Ok(())
}

/// A channel in the list of file channels, with its newest entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    pub channel: Channel,
    /// When anything in its files last changed.
    pub changed_at: Option<Time>,
    pub newest: Option<NewestEntry>,
}

columns! {
    /// A file channel's newest entry, as the list shows it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct NewestEntry {
        pub name: String = "e.name",
        pub creator: PersonId = "e.creator",
        pub creator_name: Name = "a.given_name, a.family_name, a.email",
    }
}

/// The actor's file channels, last changed first (F6). They are the channels themselves (F7).
pub fn with_files(reader: &Reader, actor: &Actor, filter: &Filter, most: i64) -> Result<Vec<Filed>> {
    let wanted = wanted(filter);
    let (tables, _) = seen(actor);
    let sql = format!(
        "SELECT {COLUMNS}, c.files_changed_at, {newest} FROM {tables} \
         LEFT JOIN files e ON e.workspace = c.workspace AND e.id = (SELECT f.id FROM files f \
         WHERE f.workspace = c.workspace AND f.channel = c.id AND f.deleted_at IS NULL ORDER BY f.id DESC LIMIT 1) \
         LEFT JOIN people a ON a.workspace = e.workspace AND a.id = e.creator \
         WHERE {wanted} ORDER BY coalesce(c.files_changed_at, c.created_at) DESC, c.id DESC LIMIT $3",
        newest = NewestEntry::COLUMNS
    );
    let all = if filter.title.is_empty() { most } else { i64::MAX };
    let mut found = reader.all(&sql, &[&actor.workspace, &actor.person, &all], |row| {
        let mut columns = row.columns();
        let channel = read(&mut columns, actor)?;
        let (changed_at, Nullable(newest)) = columns.next()?;
        Ok(Filed { channel, changed_at, newest })
    })?;
    entitle(reader, actor, filter, most, &mut found, |filed| &mut filed.channel)?;
    Ok(found)
}

/// Restricts an API client's list of channels; `None` for no restriction.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub kind: Option<Kind>,
    /// The subject's id or, for groups, the company's.
    pub entity: Option<Uuid>,
    /// The channel of this client user.
    pub client: Option<PersonId>,
    /// The company's channel and its groups.
    pub company: Option<CompanyId>,
    /// Channels that this person is in.
    pub member: Option<PersonId>,
    /// Only those created before this one.
    pub before: Option<ChannelId>,
}

/// The channels that the actor sees, archived ones included, last created first. Ids never change, so a list read
/// page by page includes each channel once.
pub fn newest(reader: &Reader, actor: &Actor, search: &Search, most: i64) -> Result<Vec<Channel>> {
    let (tables, condition) = seen(actor);
    let kind = search.kind.map(|kind| kind.word().to_string());
    let mut wanted = WhereBuilder::new(condition, &[&actor.workspace, &actor.person]);
    wanted.and_if("c.kind = ?", &kind);
    wanted.and_if("(c.subject = ? OR c.company = ?)", &search.entity);
    wanted.and_if("c.kind = 'client' AND c.subject = ?", &search.client);
    wanted.and_if("(c.kind = 'company' AND c.subject = ? OR c.company = ?)", &search.company);
    wanted.and_if(
        "EXISTS (SELECT 1 FROM members o WHERE o.workspace = c.workspace AND o.channel = c.id AND o.person = ? \
         AND o.left_at IS NULL)",
        &search.member,
    );
    wanted.and_if("c.id < ?", &search.before);
    let most = wanted.bind(&most);
    let sql = format!(
        "SELECT {COLUMNS} FROM {tables} WHERE c.workspace = $1 AND {} ORDER BY c.id DESC LIMIT {most}",
        wanted.sql()
    );
    let mut found = reader.all(&sql, wanted.params(), |row| read(&mut row.columns(), actor))?;
    for channel in found.iter_mut().filter(|channel| channel.kind == Kind::Group) {
        channel.title = group_title(reader, actor.workspace, channel.id)?;
    }
    Ok(found)
}
