//! How many messages a member has not read: a subtraction, whatever the channel's length (M7). Which messages never count is
//! settled when positions are written, in `members` and `messages::sending`.

use constcat::concat;
use store::Reader;

use crate::kernel::access::Actor;
use crate::kernel::error::Result;

/// The unread messages of member `m` in channel `c`.
pub(crate) const UNREAD: &str = "c.last_position - m.read_position - m.skipped";

/// The actor's unread messages in all channels they have neither muted nor left.
pub fn of_person(reader: &Reader, actor: &Actor) -> Result<i64> {
    const SUM: &str = concat!("CAST(coalesce(sum(", UNREAD, "), 0) AS BIGINT)");
    Ok(reader.one(
        &format!(
            "SELECT {SUM} FROM members m JOIN channels c ON c.workspace = m.workspace AND c.id = m.channel \
             WHERE m.workspace = $1 AND m.person = $2 AND m.muted_at IS NULL AND m.left_at IS NULL"
        ),
        &[&actor.workspace, &actor.person],
        |row| row.get(0),
    )?)
}
