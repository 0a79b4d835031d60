//! Ids: a type for each noun, so that one cannot stand where another is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use store::{FromValue, Param, Time, Value};
use uuid::Uuid;

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
}

fn version_7(now: Time) -> Uuid {
    let milliseconds = u64::try_from(now.0).unwrap_or(0);
    let mut random = [0; 10];
    crate::secrets::fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}
