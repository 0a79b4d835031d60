//! Full-text search over one's own channels (M8). A message matches if it has every word, at least as a prefix.
//!
//! On PostgreSQL the database maintains the index (`search_expression`). On SQLite it is FTS5, which flushes its buffer at every
//! savepoint: indexed one by one, the words of a message cost more than the message itself. So sending only
//! assigns a row number, in the same transaction, and [`catch_up`] indexes many messages at once: when idle,
//! and before a search. Both indexes contain each message's workspace and channel as extra words, so the cost
//! of a search depends on the matches in one's own channels, not on what others have written.
//!
//! Case and accents are ignored. Tokenization differs in one respect: in scripts without spaces, SQLite takes
//! everything between punctuation as one word, PostgreSQL follows its locale.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;

use store::{Reader, TextIndex, TextQuery, Time, Tx};
use uuid::Uuid;

use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{ChannelId, WorkspaceId};
use crate::messages::message::{self, Message};
use crate::messages::search_expression;

/// Messages indexed per transaction. Larger batches block other writers longer; smaller ones make FTS5 merge
/// segments more often.
const AT_ONCE: i64 = 1_000;
/// Messages that may wait to be indexed, since a search waits for them. Beyond this, sending indexes too.
const WAITING_MAX: i64 = 20_000;
/// With more channels than this, a search walks the newest messages of the workspace instead of naming each channel.
const CHANNELS_NAMED: usize = 250;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub message: Message,
    /// Pass it as `before` to get older results.
    pub cursor: Cursor,
}

/// A position in the order of results. As text: `at.channel.position`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The sort key of the engine: the index's row number, or the time.
    at: i64,
    /// Breaks ties at the same time.
    channel: ChannelId,
    position: i64,
}

impl Cursor {
    const NEWEST: Cursor = Cursor { at: i64::MAX, channel: ChannelId(Uuid::nil()), position: 0 };
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at, self.channel, self.position)
    }
}

impl FromStr for Cursor {
    type Err = Error;
    fn from_str(text: &str) -> Result<Cursor> {
        let read = |text: &str| {
            let mut parts = text.splitn(3, '.');
            let at = parts.next()?.parse().ok()?;
            Some(Cursor { at, channel: parts.next()?.parse().ok()?, position: parts.next()?.parse().ok()? })
        };
        read(text).ok_or_else(|| Error::field("before", Problem::Unknown))
    }
}

/// Messages in the requester's channels that have all the words, newest first; an API client searches all
/// channels. Words in quotes must be adjacent. A query without words finds nothing; no query is an error.
pub fn messages(
    reader: &Reader,
    actor: &Actor,
    words: &str,
    channel: Option<ChannelId>,
    before: Option<Cursor>,
    most: i64,
) -> Result<Vec<Found>> {
    let places = match channel {
        Some(channel) => {
            access::channel(reader, actor, channel)?;
            vec![channel_word(channel)]
        }
        None => own_places(reader, actor)?,
    };
    let Some(words) = TextQuery::of(words).filter(|_| !places.is_empty()) else { return Ok(Vec::new()) };
    let before = before.unwrap_or(Cursor::NEWEST);
    let mut found = Vec::new();
    for (channel, position, at) in places_of(reader, actor, &words, &places, before, most)? {
        if let Some(message) = message::at(reader, actor.workspace, channel, position)? {
            found.push(Found { message, cursor: Cursor { at, channel, position } });
        }
    }
    Ok(found)
}

fn channel_word(channel: ChannelId) -> String {
    format!("c{}", channel.0.simple())
}

/// The index words to search in: one for each channel, or the workspace's if there are too many or all are open.
fn own_places(reader: &Reader, actor: &Actor) -> Result<Vec<String>> {
    let everywhere = || vec![format!("w{}", actor.workspace.0.simple())];
    if actor.is_api_client() {
        return Ok(everywhere());
    }
    let own = reader.all(
        "SELECT channel FROM members WHERE workspace = $1 AND person = $2 LIMIT $3",
        &[&actor.workspace, &actor.person, &(CHANNELS_NAMED as i64 + 1)],
        |row| row.get(0).map(channel_word),
    )?;
    let many = own.len() > CHANNELS_NAMED;
    Ok(if many { everywhere() } else { own })
}

/// Channel, position and sort key of each match. Membership is checked again, whatever the index says.
fn places_of(
    reader: &Reader,
    actor: &Actor,
    words: &TextQuery,
    places: &[String],
    before: Cursor,
    most: i64,
) -> Result<Vec<(ChannelId, i64, i64)>> {
    let row = |row: &store::Row<'_>| row.read();
    // An API client may see every channel; joining `people` only checks that its person exists.
    let seen = if actor.is_api_client() {
        "people s ON s.workspace = m.workspace AND s.id = $2"
    } else {
        "members s ON s.workspace = m.workspace AND s.channel = m.channel AND s.person = $2"
    };
    let found = match reader.text_index() {
        // `CROSS JOIN` fixes the join order: walk the index from its newest row until there are enough.
        TextIndex::Table => reader.all(
            &format!(
                "SELECT m.channel, m.position, w.rowid FROM message_words w \
                 CROSS JOIN messages m ON m.search_row = w.rowid CROSS JOIN {seen} \
                 WHERE w.message_words MATCH $3 AND w.rowid < $4 AND m.workspace = $1 ORDER BY w.rowid DESC LIMIT $5"
            ),
            &[&actor.workspace, &actor.person, &words.fts5(places), &before.at, &most],
            row,
        )?,
        TextIndex::Expression => {
            let before = (before.channel, before.position, before.at);
            search_expression::newest(reader, actor, seen, (words, places), before, most)?
        }
    };
    Ok(found)
}

/// The subquery for [`add`]'s `newest`, to embed in a larger statement: it runs with every message sent.
pub(crate) fn newest_row(index: TextIndex) -> &'static str {
    match index {
        TextIndex::Table => "SELECT max(search_row) FROM messages WHERE search_row IS NOT NULL",
        TextIndex::Expression => "SELECT CAST(NULL AS BIGINT)",
    }
}

/// The row number for a message about to be sent, if the index is a separate table. `newest` is the last assigned.
pub(crate) fn add(tx: &Tx, newest: Option<i64>) -> Result<Option<i64>> {
    if tx.text_index() != TextIndex::Table {
        return Ok(None);
    }
    let row = newest.unwrap_or(0) + 1;
    // Indexes twice as fast as messages arrive.
    if row % (AT_ONCE / 2) == 0 && row - newest_indexed(tx)? > WAITING_MAX {
        catch_up(tx)?;
    }
    Ok(Some(row))
}

/// Replaces the indexed text of a message. Returns its row number, as [`add`] does.
pub(crate) fn replace(tx: &Tx, workspace: WorkspaceId, message: &Message, text: &str) -> Result<Option<i64>> {
    if tx.text_index() != TextIndex::Table {
        return Ok(None);
    }
    let row: Option<i64> = tx.one(
        "SELECT search_row FROM messages WHERE workspace = $1 AND channel = $2 AND position = $3",
        &[&workspace, &message.channel, &message.position],
        |row| row.get(0),
    )?;
    // A message that is not indexed yet will be indexed with its new text.
    if let Some(row) = row
        && row <= newest_indexed(tx)?
    {
        tx.run(
            "INSERT OR REPLACE INTO message_words (rowid, place, text) \
             SELECT $4, 'w' || lower(hex(workspace)) || ' c' || lower(hex(channel)), $5 FROM messages \
             WHERE workspace = $1 AND channel = $2 AND position = $3",
            &[&workspace, &message.channel, &message.position, &row, &text],
        )?;
    }
    Ok(row)
}

/// Removes a message from the index. Must run before its row number is cleared.
pub(crate) fn remove(tx: &Tx, workspace: WorkspaceId, message: &Message) -> Result<()> {
    if tx.text_index() == TextIndex::Table {
        tx.run(
            "DELETE FROM message_words WHERE rowid = (SELECT search_row FROM messages \
             WHERE workspace = $1 AND channel = $2 AND position = $3)",
            &[&workspace, &message.channel, &message.position],
        )?;
    }
    Ok(())
}

/// Indexes the oldest messages that are not indexed yet, up to `AT_ONCE` of them. Returns true if more are left.
/// Costs next to nothing if there are none, or if the database maintains the index.
pub fn catch_up(tx: &Tx) -> Result<bool> {
    if waiting(tx)? == 0 {
        return Ok(false);
    }
    tx.run(
        "INSERT INTO message_words (rowid, place, text) \
         SELECT search_row, 'w' || lower(hex(workspace)) || ' c' || lower(hex(channel)), text \
         FROM messages WHERE search_row > $1 ORDER BY search_row LIMIT $2",
        &[&newest_indexed(tx)?, &AT_ONCE],
    )?;
    Ok(waiting(tx)? > 0)
}

/// Whether there is a full batch for [`catch_up`].
pub fn is_behind(reader: &Reader) -> Result<bool> {
    Ok(waiting(reader)? >= AT_ONCE)
}

/// The number of messages that are not indexed yet.
fn waiting(reader: &Reader) -> Result<i64> {
    match reader.text_index() {
        TextIndex::Table => Ok((newest_numbered(reader)? - newest_indexed(reader)?).max(0)),
        TextIndex::Expression => Ok(0),
    }
}

/// Row numbers rise and are indexed in order, so everything above this one is not indexed yet.
fn newest_indexed(reader: &Reader) -> Result<i64> {
    let newest =
        reader.first("SELECT rowid FROM message_words ORDER BY rowid DESC LIMIT 1", &[], |row| row.get(0))?;
    Ok(newest.unwrap_or(0))
}

fn newest_numbered(reader: &Reader) -> Result<i64> {
    let newest: Option<i64> = reader.one(newest_row(reader.text_index()), &[], |row| row.get(0))?;
    Ok(newest.unwrap_or(0))
}

/// Rebuilds the index after a restore. Memory is bounded by the number of channels.
pub fn rebuild(tx: &Tx) -> Result<()> {
    match tx.text_index() {
        TextIndex::Table => {
            tx.run("INSERT INTO message_words (message_words) VALUES ('delete-all')", &[])?;
            number(tx)?;
            while catch_up(tx)? {}
        }
        // Without figures PostgreSQL sorts all messages to find the newest.
        TextIndex::Expression => {
            tx.run("ANALYZE messages", &[])?;
        }
    }
    Ok(())
}

/// A message without a row number, ordered by time, oldest first.
type Unnumbered = Reverse<(Time, WorkspaceId, ChannelId, i64)>;

/// Assigns the missing row numbers in order of time. Each channel is already in order, so this is a k-way merge.
fn number(tx: &Tx) -> Result<()> {
    let channels: Vec<(WorkspaceId, ChannelId)> =
        tx.all("SELECT workspace, id FROM channels", &[], |row| row.read())?;
    let mut waiting = BinaryHeap::new();
    for (workspace, channel) in channels {
        waiting.extend(next_unnumbered(tx, workspace, channel, 0)?);
    }
    let mut row = newest_numbered(tx)?;
    while let Some(Reverse((_, workspace, channel, position))) = waiting.pop() {
        row += 1;
        tx.run(
            "UPDATE messages SET search_row = $4 WHERE workspace = $1 AND channel = $2 AND position = $3",
            &[&workspace, &channel, &position, &row],
        )?;
        waiting.extend(next_unnumbered(tx, workspace, channel, position)?);
    }
    Ok(())
}

fn next_unnumbered(
    tx: &Tx,
    workspace: WorkspaceId,
    channel: ChannelId,
    after: i64,
) -> Result<Option<Unnumbered>> {
    Ok(tx.first(
        "SELECT sent_at, position FROM messages WHERE workspace = $1 AND channel = $2 AND position > $3 \
         AND search_row IS NULL AND deleted_at IS NULL ORDER BY position LIMIT 1",
        &[&workspace, &channel, &after],
        |row| Ok(Reverse((row.get(0)?, workspace, channel, row.get(1)?))),
    )?)
}
