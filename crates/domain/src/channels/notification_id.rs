//! Ids of notifications, derived from person and message: a notification that is not stored still has a stable id,
//! and can be found by it.
//!
//! The first half is that of the message's id, which is indexed; the second is a hash of both. Message ids are UUIDs
//! of version 7, so these are too.

use sha2::{Digest, Sha256};
use store::Reader;
use uuid::Uuid;

use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, MessageId, NotificationId, PersonId, WorkspaceId};

/// How many messages with the same first half are examined. By chance there is never a second, but devices create the
/// ids.
const ALIKE_MAX: i64 = 100;

pub(crate) fn of(person: PersonId, message: MessageId) -> NotificationId {
    let mut hash = Sha256::new();
    hash.update(b"notification");
    hash.update(person.0.as_bytes());
    hash.update(message.0.as_bytes());
    let hash = hash.finalize();
    let mut bytes = *message.0.as_bytes();
    bytes[8..].copy_from_slice(&hash[..8]);
    // The variant of RFC 9562, 4.1.
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    NotificationId(Uuid::from_bytes(bytes))
}

/// The recipients and channels for which a notification of this id may exist; mostly one or none.
pub(crate) fn candidates(
    reader: &Reader,
    workspace: WorkspaceId,
    id: NotificationId,
) -> Result<Vec<(PersonId, ChannelId)>> {
    let (mut first, mut last) = (*id.0.as_bytes(), *id.0.as_bytes());
    first[8..].fill(0);
    last[8..].fill(0xff);
    let messages: Vec<(MessageId, ChannelId)> = reader.all(
        "SELECT id, channel FROM messages WHERE workspace = $1 AND id >= $2 AND id <= $3 ORDER BY id LIMIT $4",
        &[&workspace, &Uuid::from_bytes(first), &Uuid::from_bytes(last), &ALIKE_MAX],
        |row| row.read(),
    )?;
    let mut found = Vec::new();
    for (message, channel) in messages {
        let members: Vec<PersonId> = reader.all(
            "SELECT person FROM members WHERE workspace = $1 AND channel = $2",
            &[&workspace, &channel],
            |row| row.get(0),
        )?;
        found.extend(
            members.into_iter().filter(|person| of(*person, message) == id).map(|person| (person, channel)),
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use store::Time;

    proptest! {
        #[test]
        fn n15_an_id_is_a_uuid_of_version_7_and_nobody_elses(now in 0_i64..4_102_444_800_000) {
            let (message, other) = (MessageId::new(Time(now)), MessageId::new(Time(now)));
            let (one, two) = (PersonId::new(Time(now)), PersonId::new(Time(now)));
            let id = of(one, message);
            prop_assert_eq!(id, of(one, message));
            prop_assert!(id != of(two, message) && id != of(one, other));
            prop_assert_eq!(id.0.get_version_num(), 7);
            prop_assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        }
    }
}
