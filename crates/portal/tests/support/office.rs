//! A small firm to write in.

use std::path::Path;

use domain::administration::clients::{self, ClientInput};
use domain::administration::set_up::{self, SetUp};
use domain::channels::starting::{self, Subject};
use domain::identity::sessions;
use domain::kernel::access;
use domain::kernel::error::Error;
use domain::kernel::ids::ChannelId;
use store::{Clock, Setting, Store};

pub(crate) fn open(data: &Path, clock: Clock) -> Store {
    Store::open(&Setting::Sqlite(data.join("portal.db")), clock, domain::MIGRATIONS).expect("the database")
}

/// A firm, a client user's channel, and the cookie of the admin.
pub(crate) async fn furnish(data: &Path) -> (ChannelId, String) {
    let store = open(data, Clock::System);
    let furnished = store
        .write(|tx| {
            let set_up = SetUp {
                brand: "Brand".to_string(),
                given_name: "Ada".to_string(),
                family_name: String::new(),
                email: "ada@firm.example".to_string(),
            };
            let (workspace, person) = set_up::set_up(tx, None, &set_up)?;
            let ada = access::actor(tx, workspace, person)?.ok_or(Error::NotFound)?;
            let maria = ClientInput {
                given_name: "Maria".to_string().into(),
                email: "maria@client.example".to_string().into(),
                ..ClientInput::default()
            };
            let maria = clients::add_client(tx, &ada, &maria)?;
            let channel = starting::create(tx, &ada, &Subject::Client(maria))?;
            let secret = sessions::start(tx, workspace, person, "test")?;
            Ok::<_, Error>((channel, format!("cookie: portal={}", secret.reveal())))
        })
        .await
        .expect("a furnished office");
    store.close();
    furnished
}
