//! `portal sign-in-link`: the command line can always sign somebody in (S4).

use clap::Args;
use domain::identity::sign_in_links::{self, LinkKind};
use domain::kernel::error;
use domain::kernel::ids::WorkspaceId;
use domain::kernel::secrets::Secret;
use domain::tenant::workspaces;
use store::Reader;

use crate::error::{Error, Result};
use crate::settings::{PublicUrl, Settings};
use crate::{data, person};

#[derive(Debug, Args)]
pub(crate) struct SignInLink {
    /// The person's email address
    email: String,
    /// The workspace's host name, where several workspaces know the address
    #[arg(long)]
    host: Option<String>,
}

impl SignInLink {
    /// Prints a one-time link that signs the person in.
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        let store = data::open_existing(settings)?;
        let public_url = data::public_url(settings);
        let made = store.write(move |tx| {
            let actor = person::find(tx, &self.email, self.host.as_deref())?;
            let secret = sign_in_links::create_link(tx, actor.workspace, actor.person, LinkKind::Command)?;
            Ok::<_, Error>(address(tx, actor.workspace, &public_url, &secret)?)
        });
        let made = made.await;
        store.close();
        println!("{}", made?);
        Ok(())
    }
}

pub(crate) fn address(
    reader: &Reader,
    workspace: WorkspaceId,
    public_url: &PublicUrl,
    secret: &Secret,
) -> error::Result<String> {
    let portal = workspaces::address_of(reader, workspace, public_url.as_str())?;
    Ok(format!("{portal}/sign-in/link/{}", secret.reveal()))
}
