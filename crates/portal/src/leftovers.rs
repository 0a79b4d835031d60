//! Temporary files that a killed process leaves behind. They are removed when they are older than a day: nothing writes one for
//! so long without touching it.

use std::env;
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::Duration;

use outbound::documents;
use outbound::folder::{is_unfinished, remove_old};
use outbound::mail;
use outbound::text::Texter;

use crate::settings::Settings;

const AFTER: Duration = Duration::from_secs(24 * 3600);
/// A backup being written, in the folder where it will be.
pub(crate) const BACKUP: &str = ".backup-";
/// The address being written, in the data folder.
pub(crate) const ADDRESS: &str = ".address-";

/// The folder of a demonstration that is gone when it stops.
pub(crate) const DEMONSTRATION: &str = "portal-demo-";

/// Removes what earlier processes left. The store of blobs is looked through by its own worker.
pub(crate) fn sweep(settings: &Settings) {
    sweep_folder(&settings.data, |name| is_temporary(name, BACKUP) || is_temporary(name, ADDRESS));
    if let mail::Medium::Folder(outbox) = settings.mail.way() {
        sweep_folder(outbox.path(), is_unfinished);
    }
    if let Texter::Folder(outbox) = &settings.text {
        sweep_folder(outbox.path(), is_unfinished);
    }
    sweep_folder(&env::temp_dir(), |name| is_temporary(name, documents::PREFIX));
}

/// Removes backups that were never finished from the folder of the next one.
pub(crate) fn sweep_backups(folder: &Path) {
    sweep_folder(folder, |name| is_temporary(name, BACKUP));
}

/// Removes the folders of demonstrations that were killed: old ones that nobody serves.
pub(crate) fn sweep_demonstrations(is_free: impl Fn(&Path) -> bool) {
    for entry in env::temp_dir().read_dir().into_iter().flatten().flatten() {
        let is_named = entry.file_name().to_str().is_some_and(|name| is_temporary(name, DEMONSTRATION));
        // The entry itself: a link is not followed.
        let is_old = entry.metadata().is_ok_and(|data| data.is_dir() && is_older(&data));
        if is_named && is_old && is_free(&entry.path()) {
            // What belongs to somebody else stays.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_older(data: &Metadata) -> bool {
    data.modified().ok().and_then(|at| at.elapsed().ok()).is_some_and(|age| age >= AFTER)
}

fn sweep_folder(folder: &Path, is_named: impl Fn(&str) -> bool) {
    match remove_old(folder, AFTER, is_named) {
        Ok(0) => {}
        Ok(count) => {
            tracing::info!(count, folder = %folder.display(), "temporary files of a killed process removed")
        }
        Err(error) => {
            tracing::warn!(%error, folder = %folder.display(), "temporary files cannot be looked for")
        }
    }
}

/// Whether `tempfile` gives such names: the prefix and six letters or digits.
fn is_temporary(name: &str, prefix: &str) -> bool {
    let random = name.strip_prefix(prefix).unwrap_or_default();
    random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_file_is_known_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = tempfile::NamedTempFile::with_prefix_in(BACKUP, folder.path()).unwrap();
        assert!(is_temporary(file.path().file_name().unwrap().to_str().unwrap(), BACKUP));
        for other in [".backup-of-monday", ".backup-", "portal.backup", ".backup-../../x"] {
            assert!(!is_temporary(other, BACKUP), "{other}");
        }
    }
}
