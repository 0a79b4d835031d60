//! Ids: a type for each noun, so that one cannot stand where another is meant.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use store::{FromValue, Param, Time, Value};
use uuid::Uuid;

use crate::kernel::random;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id whose first bits are the time `now` (UUID version 7, RFC 9562).
            pub fn new(now: Time) -> $name {
                $name(version_7(now))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<$name, uuid::Error> {
                Uuid::parse_str(text).map($name)
            }
        }

        impl Param for $name {
            fn value(&self) -> Value<'_> {
                Value::Id(self.0)
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value<'_>) -> Option<$name> {
                Uuid::from_value(value).map($name)
            }
        }
    )*};
}

ids! {
    /// A workspace: one firm's portal.
    WorkspaceId;
    /// A person: an internal user or a client user.
    PersonId;
    /// A client company.
    CompanyId;
    /// A project.
    ProjectId;
    /// A channel.
    ChannelId;
    /// A message; made by its sender's device (M2).
    MessageId;
    /// A signed-in browser.
    SessionId;
    /// Somebody's request to sign in.
    SignInId;
    /// A program's key.
    KeyId;
    /// Something that has to be sent.
    DeliveryId;
    /// What a person is sent about messages that they have missed.
    DigestId;
    /// Somebody's request for a fresh reply link.
    FreshLinkId;
    /// What somebody answered to whether texts may be sent.
    ConsentId;
    /// A file, a folder or a link to outside.
    FileId;
    /// Bytes on their way in.
    UploadId;
    /// Bytes in the store of blobs.
    BlobId;
    /// An address of a program's that is called when something happens.
    WebhookId;
    /// What a program is told.
    CallId;
    /// An in-product notification; made from its person and message.
    NotificationId;
    /// What is kept about something that somebody did.
    RecordId;
    /// Somebody who asked for early access.
    EntryId;
    /// A table that somebody handed in.
    ImportId;
    /// Somebody says that a client user belongs to a company.
    RequestId;
}

thread_local! {
    /// The millisecond of this thread's last id, and its count in it.
    static LAST: Cell<(u64, u16)> = const { Cell::new((0, 0)) };
}

fn version_7(now: Time) -> Uuid {
    let milliseconds = u64::try_from(now.0).unwrap_or(0);
    let mut random = [0; 10];
    random::fill(&mut random);
    // What one thread makes in the same millisecond counts up in the 12 bits behind the time (RFC 9562, 6.2, method 1), so
    // that lists by id stand in the order in which things were made. The count begins in the lower half by chance.
    let start = u16::from_be_bytes([random[0] & 0x07, random[1]]);
    let (last, count) = LAST.get();
    let count = if last == milliseconds && count < 0xfff { count + 1 } else { start };
    LAST.set((milliseconds, count));
    random[..2].copy_from_slice(&count.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

/// For simulations: what this thread made before has no influence on what it makes from now on.
#[cfg(feature = "simulated")]
pub(crate) fn forget_last() {
    LAST.set((0, 0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_in_the_same_millisecond_count_up() {
        let now = Time(1_767_603_600_000);
        let ids: Vec<PersonId> = (0..2_000).map(|_| PersonId::new(now)).collect();
        assert!(ids.is_sorted() && ids.windows(2).all(|two| two[0] != two[1]));
        assert!(ids.iter().all(|id| id.0.get_version_num() == 7));
        assert!(PersonId::new(Time(now.0 + 1)) > ids[1_999]);
        // A clock that is set back makes earlier ids, never the same ones again.
        assert!(PersonId::new(Time(now.0 - 1)) < ids[0]);
    }
}
