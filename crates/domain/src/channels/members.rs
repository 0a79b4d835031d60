//! Members of channels: they follow the subject (C3), and each carries a read position.
//!
//! The view `entitled` is the rule, the table `members` its image: [`follow`] brings the second in line with the
//! first, in the transaction of whatever changed. Unread is a subtraction (M7): the channel's newest position, less
//! the read position, less `skipped`, the messages in between that do not count (one's own and deleted ones).

use store::{Reader, Row, Time, Tx};
use uuid::Uuid;

use crate::channels::notification_marks;
use crate::kernel::access::{self, Actor, Role};
use crate::kernel::columns::columns;
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, PersonId, WorkspaceId};
use crate::kernel::journal::{self, Event};
use crate::kernel::name::Name;

/// Channels told one by one when somebody's access changes; beyond, that person looks anew.
const TOLD_ONE_BY_ONE: usize = 50;

/// Whose membership may have changed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    /// Everyone's in one channel.
    Channel(ChannelId),
    /// One person's in every channel.
    Person(PersonId),
}

columns! {
    /// A person in a channel.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Member {
        pub person: PersonId = "m.person",
        pub name: Name = "p.given_name, p.family_name, p.email",
        /// What they are in the workspace.
        pub role: Role = "p.role",
        /// Since when.
        pub joined_at: Time = "m.joined_at",
        /// Internal users: since when they have left by choice (C8).
        pub left_at: Option<Time> = "m.left_at",
        /// Since when they have muted the channel (C8).
        pub muted_at: Option<Time> = "m.muted_at",
        /// The newest message that they have had on screen.
        pub read_position: i64 = "m.read_position",
        /// When the read position last moved.
        pub read_at: Option<Time> = "m.read_at",
        /// When they last wrote here.
        pub spoke_at: Option<Time> = "m.spoke_at",
    }
}

/// Brings the members in line with who is entitled, and tells everybody concerned.
pub(crate) fn sync_members(tx: &mut Tx, workspace: WorkspaceId, scope: Scope) -> Result<()> {
    // Who no longer belongs, and who has to come.
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
    // By whole keys: else SQLite would walk through all members of the workspace to delete a person's.
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
    // What was written before somebody came is open to them but does not wait for them.
    let joining = format!(
        "INSERT INTO members (workspace, channel, person, joined_at, joined_position, read_position, told_position, skipped) \
         SELECT c.workspace, c.id, p.id, CAST($4 AS BIGINT), c.last_position, c.last_position, c.last_position, 0 \
         FROM channels c {joining} RETURNING channel, person"
    );
    // The id that `members` is cut down by, and the one that `readers` is.
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

/// The members of a channel that the one who asks may see: client users first, then by name.
///
/// # Errors
/// `NotFound`.
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

/// One member of a channel.
///
/// # Errors
/// `NotFound`.
pub fn find(reader: &Reader, actor: &Actor, channel: ChannelId, person: PersonId) -> Result<Member> {
    access::channel(reader, actor, channel)?;
    let sql =
        format!("SELECT {COLUMNS} FROM {TABLES} WHERE m.workspace = $1 AND m.channel = $2 AND m.person = $3");
    reader.first(&sql, &[&actor.workspace, &channel, &person], |row| row.read())?.ok_or(Error::NotFound)
}

/// The columns of [`Member`].
pub(crate) const COLUMNS: &str = Member::COLUMNS;

pub(crate) const TABLES: &str = "members m JOIN people p ON p.workspace = m.workspace AND p.id = m.person";

/// Whether somebody is in a channel and has not left it by choice.
pub fn is_in(reader: &Reader, actor: &Actor, channel: ChannelId) -> Result<bool> {
    let member = reader.first(
        "SELECT 1 FROM members WHERE workspace = $1 AND channel = $2 AND person = $3 AND left_at IS NULL",
        &[&actor.workspace, &channel, &actor.person],
        |_| Ok(()),
    )?;
    Ok(member.is_some())
}

/// Who is in a channel at present: client users first, then by name. Whoever calls this has seen to it that the one who
/// asks may see it.
pub fn present(reader: &Reader, workspace: WorkspaceId, channel: ChannelId) -> Result<Vec<PersonId>> {
    Ok(reader.all(
        "SELECT m.person FROM members m JOIN people p ON p.workspace = m.workspace AND p.id = m.person \
         WHERE m.workspace = $1 AND m.channel = $2 AND m.left_at IS NULL \
         ORDER BY CASE p.role WHEN 'client' THEN 0 ELSE 1 END, p.given_name, p.family_name, p.id",
        &[&workspace, &channel],
        |row| row.get(0),
    )?)
}

/// Moves the read position of the one who asks forward to `position` (M6). Going back or past the newest message
/// changes nothing beyond that; the answer is the position that holds now.
///
/// # Errors
/// `NotFound`.
pub fn read_up_to(tx: &mut Tx, actor: &Actor, channel: ChannelId, position: i64) -> Result<i64> {
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
    // What was skipped lies before the new position or after it: only where both are possible must be counted.
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
    journal::record(tx, actor.workspace, &Event::ChannelRead { channel, person: actor.person, position });
    Ok(position)
}

/// Where a message that the firm sent by itself is the first of a channel, it is no news to the firm: to its people it
/// counts as written before they came, open to them but waiting for none.
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

/// Takes the internal user who asks out of a channel (C8). They can still look at it and come back.
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

/// Puts an internal user who left a channel back into it: oneself or somebody else (C8). What was written in
/// between is open but does not wait.
///
/// # Errors
/// `NotFound`, also where that person has no access; `Forbidden` for client users.
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
