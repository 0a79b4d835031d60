//! `portal workspace`: several firms in one installation, told apart by their host names.

use clap::{Args, Subcommand};
use domain::administration::set_up::{self, SetUp};
use domain::identity::sign_in_links::{self, LinkKind};
use domain::tenant::workspaces;

use crate::error::{Error, Result};
use crate::init::{in_options, split};
use crate::settings::Settings;
use crate::{data, sign_in_link};

#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// Add another firm's portal, which answers a host name of its own; print an address that signs its first admin in
    Add(Add),
    /// Print the workspaces of this installation, one a line: where its portal is, and what the firm is called
    List,
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The host name that leads to it, such as portal.firm.example
    #[arg(long)]
    host: String,
    /// What the firm is called
    #[arg(long)]
    brand: String,
    /// The first admin's name, such as "Jane Lee"
    #[arg(long)]
    admin_name: String,
    /// The first admin's email address
    #[arg(long)]
    admin_email: String,
}

impl WorkspaceCommand {
    /// Works while the portal runs.
    pub(crate) async fn run(self, settings: &Settings) -> Result<()> {
        match self {
            WorkspaceCommand::Add(add) => add.run(settings).await,
            WorkspaceCommand::List => list(settings).await,
        }
    }
}

impl Add {
    async fn run(self, settings: &Settings) -> Result<()> {
        let store = data::open_existing(settings)?;
        let public_url = data::public_url(settings);
        let (given_name, family_name) = split(&self.admin_name);
        let given = SetUp {
            brand: self.brand.clone(),
            given_name: given_name.to_string(),
            family_name: family_name.to_string(),
            email: self.admin_email.clone(),
        };
        let added = store.write(move |tx| {
            if !workspaces::any(tx)? {
                return Err(Error::refused(
                    "this portal is not set up yet: run `portal init` for its first workspace",
                ));
            }
            let (workspace, admin) = set_up::add_with_admin(tx, &self.host, &given).map_err(in_options)?;
            let secret = sign_in_links::create_link(tx, workspace, admin, LinkKind::Command)?;
            Ok(sign_in_link::address(tx, workspace, &public_url, &secret)?)
        });
        let added = added.await;
        store.close();
        println!("{} has a portal of its own. Sign in with:\n{}", self.brand.trim(), added?);
        Ok(())
    }
}

async fn list(settings: &Settings) -> Result<()> {
    let store = data::open_existing(settings)?;
    let found = store.read(workspaces::all).await;
    store.close();
    let public_url = data::public_url(settings);
    for workspace in found? {
        let address = workspaces::address(public_url.as_str(), workspace.host.as_deref());
        println!("{address} {}", workspace.brand_name);
    }
    Ok(())
}
