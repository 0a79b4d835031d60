//! `portal key create`: keys for programs that talk to `/v1`.

use clap::Args;
use domain::kernel::access::Role;
use domain::tenant::api_keys;

use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::{data, person};

#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The admin for whom the key speaks
    #[arg(long = "as", value_name = "EMAIL")]
    admin: String,
    /// What the key is for, as the list of keys shows it
    #[arg(long, default_value = "Made on the command line")]
    name: String,
    /// The workspace's host name, where several workspaces know the address
    #[arg(long)]
    host: Option<String>,
}

impl Create {
    /// Prints a new key, alone on a line.
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let store = data::open_existing(settings)?;
        let made = store.write(move |tx| {
            let actor = person::find(tx, &self.admin, self.host.as_deref())?;
            if actor.role != Role::Admin {
                return Err(Error::refused(format!("{} is no admin: keys speak as admins", self.admin)));
            }
            Ok(api_keys::create(tx, &actor.on_machine(), &self.name)?)
        });
        let made = made.await;
        store.close();
        println!("{}", made?.reveal());
        Ok(())
    }
}
