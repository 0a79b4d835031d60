//! Ids, one type per noun so that they cannot be confused.

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
            /// A new id that begins with the time `now` (UUID version 7, RFC 9562).
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
    /// One firm's portal.
    WorkspaceId;
    /// An internal user or a client user.
    PersonId;
    CompanyId;
    ProjectId;
    ChannelId;
    /// Created by the sender's device (M2).
    MessageId;
    /// A signed-in browser.
    SessionId;
    /// A request to sign in.
    SignInId;
    /// An API key.
    KeyId;
    /// A mail or text to be sent.
    DeliveryId;
    /// A digest of missed messages for one person.
    DigestId;
    /// A request for a fresh reply link.
    FreshLinkId;
    /// An answer to whether texts may be sent.
    ConsentId;
    /// A file, folder or external link.
    FileId;
    UploadId;
    BlobId;
    WebhookId;
    /// A webhook call.
    CallId;
    /// An in-product notification; derived from its person and message.
    NotificationId;
    /// An entry of the audit log.
    RecordId;
    /// An early access entry.
    EntryId;
    /// An imported table.
    ImportId;
    /// The company that someone named when signing up (S14).
    RequestId;
}

thread_local! {
    /// The millisecond of this thread's last id, and the counter within it.
    static LAST: Cell<(u64, u16)> = const { Cell::new((0, 0)) };
}

fn version_7(now: Time) -> Uuid {
    let milliseconds = u64::try_from(now.0).unwrap_or(0);
    let mut random = [0; 10];
    random::fill(&mut random);
    // Ids that one thread creates in the same millisecond count up in the 12 bits after the time (RFC 9562, 6.2,
    // method 1), so lists by id are in order of creation. The counter starts at random in its lower half.
    let start = u16::from_be_bytes([random[0] & 0x07, random[1]]);
    let (last, count) = LAST.get();
    let count = if last == milliseconds && count < 0xfff { count + 1 } else { start };
    LAST.set((milliseconds, count));
    random[..2].copy_from_slice(&count.to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

/// Makes ids independent of those this thread created before.
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
        // A clock that is set back gives earlier ids, but never the same ones again.
        assert!(PersonId::new(Time(now.0 - 1)) < ids[0]);
    }
}
