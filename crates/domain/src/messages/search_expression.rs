//! Search where the index is on an expression (PostgreSQL).
//!
//! The index returns its matches in no order, so sorting them costs as much as there are, and the words of a message are
//! costly to compute, so walking the newest messages costs as much as the word is rare. Left to itself the planner takes the
//! wrong one when it has no figures of a word. So rare words are answered from the index and common ones by a bounded walk;
//! only what is common, but not lately, has all its matches sorted.

use store::{Reader, TextQuery};

use crate::kernel::access::Actor;
use crate::kernel::error::Result;
use crate::kernel::ids::ChannelId;

/// Matches that are quickly sorted.
const FEW: i64 = 2_000;
/// The newest messages, whose words are computed to look for common ones.
const NEWEST: i64 = 1_500;
/// Newest first. Channel and position only break ties.
const ORDER: &str = "ORDER BY sent_at DESC, channel DESC, position DESC";
const BEFORE: &str = "(sent_at, channel, position) < ($5, $6, $7)";
const IS_MATCH: &str = "message_words(workspace, channel, text) @@ \
     (CAST(CAST($3 AS TEXT) AS TSQUERY) && to_tsquery('simple', without_accents($4)))";

/// Where a match is, and when it was sent.
pub(super) type Place = (ChannelId, i64, i64);

/// The newest matches in `places` before `before`, at most `most`. `seen` joins what the requester may see (`s`) to `m`.
pub(super) fn newest(
    reader: &Reader,
    actor: &Actor,
    seen: &str,
    (words, places): (&TextQuery, &[String]),
    (channel, position, at): Place,
    most: i64,
) -> Result<Vec<Place>> {
    let (words, places) = (words.tsquery(), TextQuery::places_tsquery(places));
    let find = |sql: &str, bound: i64| -> Result<Vec<Option<Place>>> {
        Ok(reader.all(
            sql,
            &[&actor.workspace, &actor.person, &places, &words, &at, &channel, &position, &most, &bound],
            |row| row.read().map(|store::Nullable(place)| place),
        )?)
    };
    let mut found = find(&among_few(seen), FEW)?;
    // A row of nothing says that there are more.
    if found.first() == Some(&None) {
        found = find(&among_many(seen), NEWEST)?;
    }
    Ok(found.into_iter().flatten().collect())
}

/// The matches if there are at most `$9`; otherwise a row of nothing.
fn among_few(seen: &str) -> String {
    format!(
        "WITH hits AS MATERIALIZED \
         (SELECT workspace, channel, position, sent_at FROM messages WHERE {IS_MATCH} LIMIT $9 + 1), \
         are_many AS MATERIALIZED (SELECT count(*) > $9 AS is_so FROM hits), \
         found AS (SELECT m.channel, m.position, m.sent_at FROM hits m JOIN {seen} \
         WHERE m.workspace = $1 AND NOT (SELECT is_so FROM are_many)) \
         (SELECT channel, position, sent_at FROM found WHERE {BEFORE} {ORDER} LIMIT $8) \
         UNION ALL SELECT NULL, NULL, NULL FROM are_many WHERE is_so"
    )
}

/// The matches among the newest `$9` messages if these are enough; otherwise those among all.
fn among_many(seen: &str) -> String {
    format!(
        "WITH newest AS MATERIALIZED (SELECT m.channel, m.position, m.sent_at FROM \
         (SELECT workspace, channel, position, sent_at, text FROM messages \
         WHERE workspace = $1 AND {BEFORE} {ORDER} LIMIT $9) m JOIN {seen} \
         WHERE {is_match} ORDER BY m.sent_at DESC, m.channel DESC, m.position DESC LIMIT $8), \
         are_enough AS MATERIALIZED (SELECT count(*) >= $8 AS is_so FROM newest), \
         hits AS MATERIALIZED (SELECT workspace, channel, position, sent_at FROM messages WHERE {IS_MATCH}), \
         found AS (SELECT * FROM newest WHERE (SELECT is_so FROM are_enough) \
         UNION ALL SELECT m.channel, m.position, m.sent_at FROM hits m JOIN {seen} \
         WHERE m.workspace = $1 AND NOT (SELECT is_so FROM are_enough)) \
         SELECT channel, position, sent_at FROM found WHERE {BEFORE} {ORDER} LIMIT $8",
        is_match = IS_MATCH.replace("workspace, channel, text", "m.workspace, m.channel, m.text"),
    )
}
