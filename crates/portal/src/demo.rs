//! `portal demo`: a furnished portal to look around in, in a temporary folder or in one that was named.
//!
//! Its people did everything in it through the rules of the product, at simulated times of the last days (`furnish`); after
//! that the system's clock is used. Its database, files and outbox are always in its folder: nothing ever reaches a real
//! database or a real mailbox.

mod conversations;
mod firm;
mod furnish;

#[cfg(test)]
pub(crate) use furnish::furnish;

use std::time::Duration;

use domain::directory::person;
use domain::identity::sign_in_links::{self, LinkKind};
use domain::kernel::error;
use domain::tenant::workspaces;
use outbound::blobs::{self, Blobs};
use outbound::mail::{Folder, Mailer};
use outbound::text::{self, Texter};
use store::Store;
use tempfile::TempDir;

use crate::data::{self, Data};
use crate::error::{Error, Result};
use crate::leftovers;
use crate::settings::{PublicUrl, Settings};
use crate::sign_in_link;
use crate::start::{self, Portal};

/// The demonstration's wait, short enough for a visitor to see a mail being sent.
const WAIT: Duration = Duration::from_secs(30);
/// The file that tells a demonstration's folder from that of a real portal.
const MARK: &str = "demo";

/// `portal demo`. Without a named folder it creates a temporary one and removes it when it stops.
pub(crate) async fn run(mut settings: Settings, is_data_given: bool) -> Result<()> {
    let temporary = if is_data_given { None } else { Some(temporary_folder()?) };
    if let Some(folder) = &temporary {
        settings.data = folder.path().to_path_buf();
    }
    let outbox = settings.data.join("outbox");
    settings.database = store::Setting::Sqlite(settings.data.join("portal.db"));
    settings.mail = Mailer::from(Folder::new(&outbox));
    settings.text = Texter::Folder(text::Folder::new(&outbox));
    settings.mail_from = None;
    settings.wait.get_or_insert(WAIT);
    settings.blobs = Blobs::Folder(blobs::Folder::new(settings.data.join("blobs")));
    let (folder, lock) = start::lock_data(&settings)?;
    prepare(&settings).await?;

    let store = data::open(&settings.database)?;
    let portal = Portal::open(settings, store, folder, lock).await?;
    let mut lines = addresses(portal.store(), &portal.public_url()).await?;
    lines.push(format!("Outgoing mail can be read in {}", outbox.display()));
    if temporary.is_some() {
        lines.push("All of it is gone when this stops; to keep it, name a folder with --data".to_string());
    }
    portal.announce(&lines)?;
    portal.run().await
}

fn temporary_folder() -> Result<TempDir> {
    leftovers::sweep_demonstrations(|folder| Data::at(folder).lock().is_ok());
    tempfile::Builder::new()
        .prefix(leftovers::DEMONSTRATION)
        .tempdir()
        .map_err(Error::machine("cannot make a temporary folder"))
}

/// Furnishes an empty folder, and leaves a furnished one as it is.
async fn prepare(settings: &Settings) -> Result<()> {
    let folder = &settings.data;
    let mark = folder.join(MARK);
    let store = data::open(&settings.database)?;
    let is_set_up = store.read(workspaces::any).await;
    store.close();
    match (is_set_up?, mark.exists()) {
        (true, true) => Ok(()),
        (true, false) => Err(Error::refused(format!(
            "{} holds a portal that is no demonstration, and it is left as it is: give --data another folder",
            folder.display()
        ))),
        (false, _) => {
            furnish::furnish(&settings.database, Some(&settings.blobs)).await?;
            std::fs::write(&mark, "This folder holds a demonstration.\n")
                .map_err(Error::machine(format!("cannot write {}", mark.display())))
        }
    }
}

/// One line for each kind of person: kind, email address, and a link that signs them in.
async fn addresses(store: &Store, public_url: &PublicUrl) -> Result<Vec<String>> {
    let public_url = public_url.clone();
    let lines = store.write(move |tx| {
        let mut lines = Vec::new();
        for workspace in workspaces::all(tx)? {
            for (kind, email) in firm::VISITED {
                // A visitor may have renamed or deactivated them.
                let Some(person) = person::by_email(tx, workspace.id, email)? else { continue };
                match sign_in_links::create_link(tx, workspace.id, person.id, LinkKind::Demo) {
                    Ok(secret) => {
                        let address = sign_in_link::address(tx, workspace.id, &public_url, &secret)?;
                        lines.push(format!("{kind} {email} {address}"));
                    }
                    Err(error::Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(lines)
    });
    Ok(lines.await?)
}
