//! Members of channels: they follow the subject (C3), and each has a read position.
//!
//! The view `readers` says who should be a member; [`sync_members`] updates the table `members` accordingly, in the
//! transaction of the change. The unread count is a subtraction (M7): the channel's newest position, minus the read
//! position, minus `skipped`, the messages in between that do not count (one's own and deleted ones).

use store::{Reader, Row, Time, Tx};
use uuid::Uuid;

use crate::channels::notification_marks;
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::lock;
use crate::kernel::name::Name;

/// If someone's access changes in more channels than this, a single event tells their pages to reload.
const TOLD_ONE_BY_ONE: usize = 50;

/// Whose membership may have changed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    /// Everybody's in one channel.
    Channel(ChannelId),
    /// One person's in every channel.
    Person(PersonId),
}

columns! {
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Member {
        pub person: PersonId = "m.person",
        pub name: Name = "p.given_name, p.family_name, p.email",
        pub role: Role = "p.role",
        pub joined_at: Time = "m.joined_at",
        /// Set for internal users who left by choice (C8).
        pub left_at: Option<Time> = "m.left_at",
        /// Set while they mute the channel (C8).
        pub muted_at: Option<Time> = "m.muted_at",
        /// The newest message they have read (M6).
        pub read_position: i64 = "m.read_position",
        /// When the read position last moved.
        pub read_at: Option<Time> = "m.read_at",
        /// When they last wrote here.
        pub spoke_at: Option<Time> = "m.spoke_at",
    }
}

/// Adds and removes members according to `readers`, and publishes the changes.
pub(crate) fn sync_members(tx: &mut Tx, workspace: WorkspaceId, scope: Scope) -> Result<()> {
    // Selects who loses access, and who gains it.
    let (leaving, joining) = match scope {
        Scope::Channel(_) => (
            "m.channel = $2 AND m.person NOT IN (SELECT r.person FROM readers r WHERE r.workspace = $1 AND r.subject = $3)",
            "JOIN people p ON p.workspace = c.workspace AND p.id IN (SELECT r.person FROM readers r \
             WHERE r.workspace = $1 AND r.subject = $3) \
             WHERE c.workspace = $1 AND c.id = $2 \
             AND p.id NOT IN (SELECT m.person FROM members m WHERE m.workspace = $1 AND m.channel = $2)",
        ),
        Scope::Person(_) => (
            "m.person = $2 AND m.channel NOT IN (SELECT c.id FROM channels c \
             WHERE c.workspace = $1 AND c.subject IN (SELECT r.subject FROM readers r \
             WHERE r.workspace = $1 AND r.person = $3))",
            "JOIN people p ON p.workspace = c.workspace AND p.id = $2 \
             WHERE c.workspace = $1 AND c.subject IN (SELECT r.subject FROM readers r \
             WHERE r.workspace = $1 AND r.person = $3) \
             AND c.id NOT IN (SELECT m.channel FROM members m WHERE m.workspace = $1 AND m.person = $2)",
        ),
    };
    // By whole keys: otherwise SQLite would scan all members of the workspace to delete one person's.
    let leaving = format!(
        "SELECT m.workspace, m.channel, m.person FROM members m WHERE m.workspace = $1 AND {leaving}"
    );
    let departing = format!(
        "INSERT INTO departures (workspace, channel, person, joined_position, left_position, left_at, reason) \
         SELECT workspace, channel, person, joined_position, (SELECT c.last_position FROM channels c \
         WHERE c.workspace = members.workspace AND c.id = members.channel), CAST($4 AS BIGINT), 'lostAccess' FROM members \
         WHERE left_at IS NULL AND (workspace, channel, person) IN ({leaving}) ON CONFLICT DO NOTHING"
    );
    let leaving = format!(
        "DELETE FROM members WHERE (workspace, channel, person) IN ({leaving}) RETURNING channel, person"
    );
    // Messages from before someone joined are open to them but do not count as unread.
    let joining = format!(
        "INSERT INTO members (workspace, channel, person, joined_at, joined_position, read_position, told_position, skipped) \
         SELECT c.workspace, c.id, p.id, CAST($4 AS BIGINT), c.last_position, c.last_position, c.last_position, 0 \
         FROM channels c {joining} RETURNING channel, person"
    );
    // The ids that restrict `members` and `readers`.
    let (id, other) = match scope {
        Scope::Channel(channel) => (channel.0, subject_of(tx, workspace, channel)?),
        Scope::Person(person) => (person.0, person.0),
    };
    let pair = |row: &Row<'_>| row.read::<(ChannelId, PersonId)>();
    tx.run(&departing, &[&workspace, &id, &other, &tx.now()])?;
    let left = tx.all(&leaving, &[&workspace, &id, &other], pair)?;
    let joined = tx.all(&joining, &[&workspace, &id, &other, &tx.now()], pair)?;
    publish_changes(tx, workspace, scope, &joined, &left);
    Ok(())
}

fn subject_of(tx: &Tx, workspace: WorkspaceId, channel: ChannelId) -> Result<Uuid> {
    let subject = tx.first(
        "SELECT subject FROM channels WHERE workspace = $1 AND id = $2",
        &[&workspace, &channel],
        |row| row.get(0),
    )?;
    subject.ok_or(Error::NotFound)
}

fn publish_changes(
    tx: &mut Tx,
    workspace: WorkspaceId,
    scope: Scope,
    joined: &[(ChannelId, PersonId)],
    left: &[(ChannelId, PersonId)],
) {
    let of = |pairs: &[(ChannelId, PersonId)], channel| {
        pairs.iter().filter(|pair| pair.0 == channel).map(|pair| pair.1).collect::<Vec<_>>()
    };
    let mut channels: Vec<ChannelId> = joined.iter().chain(left).map(|pair| pair.0).collect();
    channels.sort_unstable();
    channels.dedup();
    if channels.len() > TOLD_ONE_BY_ONE
        && let Scope::Person(person) = scope
    {
        return journal::record(tx, workspace, &Event::AccessChanged { person });
    }
    for channel in channels {
        let event = Event::MembersChanged { channel, joined: of(joined, channel), left: of(left, channel) };
        journal::record(tx, workspace, &event);
    }
}

/// The members of a channel that the actor may see: client users first, then by name.
pub fn of_channel(reader: &Reader, actor: &Actor, channel: ChannelId) -> Result<Vec<Member>> {
    access::channel(reader, actor, channel)?;
    all(reader, actor.workspace, channel)
}

pub(crate) fn all(reader: &Reader, workspace: WorkspaceId, channel: ChannelId) -> Result<Vec<Member>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE m.workspace = $1 AND m.channel = $2 \
         ORDER BY CASE p.role WHEN 'client' THEN 0 ELSE 1 END, p.given_name, p.family_name, p.id"
    );
    Ok(reader.all(&sql, &[&workspace, &channel], |row| row.read())?)
}

pub fn find(reader: &Reader, actor: &Actor, channel: ChannelId, person: PersonId) -> Result<Member> {
    access::channel(reader, actor, channel)?;
    let sql =
        format!("SELECT {COLUMNS} FROM {TABLES} WHERE m.workspace = $1 AND m.channel = $2 AND m.person = $3");
    reader.first(&sql, &[&actor.workspace, &channel, &person], |row| row.read())?.ok_or(Error::NotFound)
}

pub(crate) const COLUMNS: &str = Member::COLUMNS;

pub(crate) const TABLES: &str = "members m JOIN people p ON p.workspace = m.workspace AND p.id = m.person";

/// Whether the actor is in a channel and has not left it by choice.
pub fn is_in(reader: &Reader, actor: &Actor, channel: ChannelId) -> Result<bool> {
    let member = reader.first(
        "SELECT 1 FROM members WHERE workspace = $1 AND channel = $2 AND person = $3 AND left_at IS NULL",
        &[&actor.workspace, &channel, &actor.person],
        |_| Ok(()),
    )?;
    Ok(member.is_some())
}

/// The people in a channel who have not left it: client users first, then by name. The caller must have checked read
/// access.
pub fn present(reader: &Reader, workspace: WorkspaceId, channel: ChannelId) -> Result<Vec<PersonId>> {
    Ok(reader.all(
        "SELECT m.person FROM members m JOIN people p ON p.workspace = m.workspace AND p.id = m.person \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.left_at IS NULL \
         ORDER BY CASE p.role WHEN 'client' THEN 0 ELSE 1 END, p.given_name, p.family_name, p.id",
        &[&workspace, &channel],
        |row| row.get(0),
    )?)
}

/// Moves the actor's read position forward to `position` (M6), at most to the newest message, never back. Returns the
/// resulting position.
pub fn read_up_to(tx: &mut Tx, actor: &Actor, channel: ChannelId, position: i64) -> Result<i64> {
    lock::lock_member(tx, actor.workspace, channel, actor.person)?;
    let (read, skipped, newest): (i64, i64, i64) = tx
        .first(
            "SELECT m.read_position, m.skipped, c.last_position FROM members m \
             JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel \
             WHERE m.workspace = $1 AND m.channel = $2 AND m.person = $3",
            &[&actor.workspace, &channel, &actor.person],
            |row| row.read(),
        )?
        .ok_or(Error::NotFound)?;
    let position = position.min(newest);
    if position <= read {
        return Ok(read);
    }
    // Skipped messages may be on either side of the new position; counting is needed only if both are possible.
    let skipped = if skipped == 0 || position == newest {
        0
    } else {
        tx.one(
            "SELECT count(*) FROM messages WHERE workspace = $1 AND channel = $2 AND position > $3 \
             AND (author = $4 OR deleted_at IS NOT NULL)",
            &[&actor.workspace, &channel, &position, &actor.person],
            |row| row.get(0),
        )?
    };
    notification_marks::end_read(tx, actor.workspace, channel, actor.person, position)?;
    tx.run(
        "UPDATE members SET read_position = $4, skipped = $5, read_at = $6 \
         WHERE workspace = $1 AND channel = $2 AND person = $3",
        &[&actor.workspace, &channel, &actor.person, &position, &skipped, &tx.now()],
    )?;
    tx.run(
        "INSERT INTO read_moves (workspace, channel, person, position, at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT DO NOTHING",
        &[&actor.workspace, &channel, &actor.person, &position, &tx.now()],
    )?;
    let event = Event::ChannelRead { channel, person: actor.person, position, after: Some(read) };
    journal::record(tx, actor.workspace, &event);
    Ok(position)
}

/// If an automatic message is the first of its channel, it is no news to the firm (W1): for internal users it counts
/// as written before they joined, open to them but not unread.
pub(crate) fn mark_nothing_new(
    tx: &mut Tx,
    workspace: WorkspaceId,
    channel: ChannelId,
    position: i64,
) -> Result<()> {
    if position != 1 {
        return Ok(());
    }
    tx.run(
        "UPDATE members SET joined_position = 1, read_position = 1, told_position = 1, skipped = 0 \
         WHERE workspace = $1 AND channel = $2 \
         AND person IN (SELECT p.id FROM people p WHERE p.workspace = $1 AND p.role <> 'client')",
        &[&workspace, &channel],
    )?;
    Ok(())
}

/// Lets an internal user leave a channel (C8). They can still look at it and come back.
///
/// # Errors
/// `NotFound`; `Forbidden` for client users.
pub fn leave(tx: &mut Tx, actor: &Actor, channel: ChannelId) -> Result<()> {
    own_choice(tx, actor, channel)?;
    tx.run(
        "INSERT INTO departures (workspace, channel, person, joined_position, left_position, left_at, reason) \
         SELECT m.workspace, m.channel, m.person, m.joined_position, c.last_position, CAST($4 AS BIGINT), 'left' \
         FROM members m JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.person = $3 AND m.left_at IS NULL ON CONFLICT DO NOTHING",
        &[&actor.workspace, &channel, &actor.person, &tx.now()],
    )?;
    tx.run(
        "UPDATE members SET left_at = $4 WHERE workspace = $1 AND channel = $2 AND person = $3 AND left_at IS NULL",
        &[&actor.workspace, &channel, &actor.person, &tx.now()],
    )?;
    changed(tx, actor, channel);
    Ok(())
}

/// Adds back an internal user who left a channel: oneself or somebody else (C8). Messages from the time in between
/// are open but not unread.
///
/// # Errors
/// `NotFound`, also if that person has no access; `Forbidden` for client users.
pub fn add(tx: &mut Tx, actor: &Actor, channel: ChannelId, person: PersonId) -> Result<()> {
    own_choice(tx, actor, channel)?;
    let back = |column: &str| {
        format!(
            "{column} = CASE WHEN left_at IS NULL THEN {column} ELSE (SELECT c.last_position FROM channels c \
             WHERE c.workspace = members.workspace AND c.id = members.channel) END"
        )
    };
    let sql = format!(
        "UPDATE members SET joined_at = CASE WHEN left_at IS NULL THEN joined_at ELSE $4 END, \
         skipped = CASE WHEN left_at IS NULL THEN skipped ELSE 0 END, {}, {}, {}, left_at = NULL \
         WHERE workspace = $1 AND channel = $2 AND person = $3",
        back("joined_position"),
        back("read_position"),
        back("told_position"),
    );
    let known = tx.run(&sql, &[&actor.workspace, &channel, &person, &tx.now()])?;
    if known == 0 {
        return Err(Error::NotFound);
    }
    changed(tx, actor, channel);
    Ok(())
}

pub(crate) fn own_choice(tx: &Tx, actor: &Actor, channel: ChannelId) -> Result<()> {
    access::channel(tx, actor, channel)?;
    if actor.role.is_internal() { Ok(()) } else { Err(Error::Forbidden) }
}

fn changed(tx: &mut Tx, actor: &Actor, channel: ChannelId) {
    let event = Event::MembersChanged { channel, joined: Vec::new(), left: Vec::new() };
    journal::record(tx, actor.workspace, &event);
}
