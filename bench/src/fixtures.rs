//! What the measurements need in the database: a firm, people who are signed in, channels with histories.

use domain::administration::clients::{self, ClientInput};
use domain::administration::set_up::{self, SetUp};
use domain::administration::team::{self, InternalInput};
use domain::channels::starting::{self, Subject};
use domain::files::blobs::ReceivedBlob;
use domain::files::uploads::{self, NewUpload, Purpose, StorageLimits};
use domain::identity::sessions;
use domain::kernel::access::{self, Actor, Role};
use domain::kernel::error::Error;
use domain::kernel::ids::{BlobId, ChannelId, MessageId};
use domain::messages::sending::{self, Draft};
use domain::tenant::api_keys;
use store::Store;

use crate::error::Result;

/// More than what is measured needs.
pub(crate) const ROOM: StorageLimits = StorageLimits { file_max: 1 << 40, workspace_max: 1 << 50 };
/// Messages written in one transaction.
const AT_ONCE: i64 = 5_000;

/// API keys of the admin.
pub(crate) const KEYS: usize = 4;
/// Open streams of each colleague.
const STREAMS_EACH: usize = 20;

#[derive(Clone)]
pub(crate) struct Office {
    pub(crate) jane: Actor,
    /// The cookie of the admin.
    pub(crate) cookie: String,
    /// [`KEYS`] API keys of the admin.
    pub(crate) keys: Vec<String>,
    /// A cookie for each stream of a colleague.
    pub(crate) more_cookies: Vec<String>,
    clients: u32,
}

/// Sets up a firm with an admin who is signed in and colleagues who are in every channel.
pub(crate) async fn furnish(store: &Store, colleagues: usize) -> Result<Office> {
    let set_up = SetUp {
        brand: "Harbor & Lee".to_string(),
        given_name: "Jane".to_string(),
        family_name: "Lee".to_string(),
        email: "jane@harborlee.example".to_string(),
    };
    let (jane, secret, keys, secrets) = store
        .write(move |tx| {
            let (workspace, person) = set_up::set_up(tx, None, &set_up)?;
            let jane = access::actor(tx, workspace, person)?.ok_or(Error::NotFound)?;
            let secret = sessions::start(tx, workspace, person, "bench")?;
            let mut keys = Vec::new();
            for _ in 0..KEYS {
                keys.push(api_keys::create(tx, &jane, "Bench")?.reveal().to_string());
            }
            let mut secrets = Vec::new();
            for number in 0..colleagues {
                let colleague = InternalInput {
                    given_name: format!("Tom {number}").into(),
                    family_name: "Harbor".to_string().into(),
                    email: format!("tom{number}@harborlee.example").into(),
                    role: Role::Staff.into(),
                    is_client_access_limited: false.into(),
                    company_access_list: Vec::new().into(),
                };
                let person = team::add_internal(tx, &jane, &colleague)?;
                secrets.push(sessions::start(tx, workspace, person, "bench")?.reveal().to_string());
            }
            Ok::<_, Error>((jane, secret.reveal().to_string(), keys, secrets))
        })
        .await?;
    let cookie = |secret: &String| format!("portal={secret}");
    let more_cookies =
        secrets.iter().flat_map(|secret| std::iter::repeat_n(cookie(secret), STREAMS_EACH)).collect();
    Ok(Office { jane, cookie: cookie(&secret), keys, more_cookies, clients: 0 })
}

impl Office {
    /// A new client user's channel with `count` messages in it.
    pub(crate) async fn channel(&mut self, store: &Store, count: i64) -> Result<ChannelId> {
        self.clients += 1;
        let (jane, number) = (self.jane, self.clients);
        let channel = store
            .write(move |tx| {
                let client = ClientInput {
                    given_name: "Maria".to_string().into(),
                    family_name: format!("Santos {number}").into(),
                    email: format!("maria{number}@santos.example").into(),
                    ..ClientInput::default()
                };
                let client = clients::add_client(tx, &jane, &client)?;
                starting::create(tx, &jane, &Subject::Client(client))
            })
            .await?;
        let mut written = 0;
        while written < count {
            let more = AT_ONCE.min(count - written);
            store
                .write(move |tx| {
                    for number in written..written + more {
                        let draft = Draft {
                            id: MessageId::new(tx.now()),
                            channel,
                            text: format!(
                                "Message {number}: could you send me the deed of the flat, please?"
                            ),
                            attachments: Vec::new(),
                            shown: None,
                        };
                        sending::send(tx, &jane, &draft)?;
                    }
                    Ok::<_, Error>(())
                })
                .await?;
            written += more;
        }
        Ok(channel)
    }

    /// Adds `count` files without bytes to the top folder of a channel.
    pub(crate) async fn files(&self, store: &Store, channel: ChannelId, count: usize) -> Result<()> {
        let jane = self.jane;
        let numbers: Vec<usize> = (0..count).collect();
        for some in numbers.chunks(1_000) {
            let some = some.to_vec();
            store
                .write(move |tx| {
                    for number in some {
                        let name = format!("Statement {number}.csv");
                        let purpose = Purpose::Folder(None);
                        let new = NewUpload { channel, purpose, name, size: Some(1_000), metadata: None };
                        let upload = uploads::begin(tx, &jane, &new, &ROOM)?;
                        let id = BlobId::new(tx.now());
                        let mut hash = [0; 32];
                        hash[..16].copy_from_slice(id.0.as_bytes());
                        let arrived = ReceivedBlob {
                            id,
                            hash,
                            size: 1_000,
                            // A kind without previews, because there are no bytes.
                            content_type: "text/csv".to_string(),
                            dimensions: None,
                            is_unchecked: false,
                        };
                        uploads::complete(tx, &jane, upload.id, &arrived, &ROOM)?;
                    }
                    Ok::<_, Error>(())
                })
                .await?;
        }
        Ok(())
    }
}
