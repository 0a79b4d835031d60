//! The data folder: accessible to its owner only and served by one program at a time, whose address it records.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use store::{Clock, Store};

use crate::error::{DISK_FAILED, Error, Result};
use crate::leftovers;
use crate::settings::{PublicUrl, Settings};

#[derive(Clone, Debug)]
pub(crate) struct Data(PathBuf);

/// Keeps other programs from serving the same folder until it is dropped. The operating system releases it when the program
/// ends, however it ends.
pub(crate) struct Lock {
    _file: File,
}

impl Data {
    /// The folder at `path`, created if it does not exist.
    pub(crate) fn create(path: &Path) -> Result<Data> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let failed = || Error::machine(format!("cannot make the data folder {}", path.display()));
        let is_new = !path.exists();
        builder.create(path).map_err(failed())?;
        if is_new {
            // A power cut must not forget its name.
            let above = path.parent().filter(|above| !above.as_os_str().is_empty());
            let above = File::open(above.unwrap_or(Path::new("."))).and_then(|above| above.sync_all());
            above.map_err(failed())?;
        }
        Ok(Data(path.to_path_buf()))
    }

    /// The folder at `path`, which may not exist.
    pub(crate) fn at(path: &Path) -> Data {
        Data(path.to_path_buf())
    }

    /// Fails if another program serves this folder.
    pub(crate) fn lock(&self) -> Result<Lock> {
        let path = self.0.join("serve.lock");
        let failed = || Error::machine(format!("cannot lock {}", path.display()));
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed())?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::Error(cause)) => Err(failed()(cause)),
            Err(TryLockError::WouldBlock) => {
                let place = self.address().map(|url| format!(" at {url}")).unwrap_or_default();
                Err(Error::refused(format!(
                    "the data folder {} is being served already{place}: stop that portal first, or give --data another folder",
                    self.0.display()
                )))
            }
        }
    }

    /// Records the address of the running portal for other commands.
    pub(crate) fn set_address(&self, url: &PublicUrl) -> Result<()> {
        let write = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::with_prefix_in(leftovers::ADDRESS, &self.0)?;
            writeln!(file, "{url}")?;
            file.persist(self.address_file())?;
            Ok(())
        };
        write().map_err(Error::machine(format!("cannot write {}", self.address_file().display())))
    }

    /// The address of the running portal, if it is known.
    pub(crate) fn address(&self) -> Option<PublicUrl> {
        PublicUrl::parse(fs::read_to_string(self.address_file()).ok()?.trim())
    }

    /// Removes the address when the portal stops.
    pub(crate) fn clear_address(&self) {
        // If it is left behind, as after a crash, the next start overwrites it.
        let _ = fs::remove_file(self.address_file());
    }

    fn address_file(&self) -> PathBuf {
        self.0.join("address")
    }
}

/// Opens the database, creating it if it does not exist, and applies all migrations. If its disk fails, the program ends
/// at once: no destructor may write or flush anything any more.
pub(crate) fn open(setting: &store::Setting) -> Result<Store> {
    let store = Store::open(setting, Clock::System, domain::MIGRATIONS)?;
    store.on_disk_failure(|error| {
        eprintln!("portal: {error}");
        std::process::exit(DISK_FAILED.into());
    });
    Ok(store)
}

/// Opens a database that must exist: commands other than `serve` and `init` create none.
pub(crate) fn open_existing(settings: &Settings) -> Result<Store> {
    if let store::Setting::Sqlite(file) = &settings.database
        && !file.exists()
    {
        return Err(Error::refused(format!(
            "there is no portal in {}: begin with `portal serve` or `portal init`, or give --data its folder",
            settings.data.display()
        )));
    }
    open(&settings.database)
}

/// What links begin with: as set, else the address of the running portal, else the address to listen on.
pub(crate) fn public_url(settings: &Settings) -> PublicUrl {
    if settings.public_url.is_none()
        && let Some(url) = Data::at(&settings.data).address()
    {
        return url;
    }
    settings.public_url_at(settings.listen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made_for_its_owner_alone_and_served_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/data");
        let data = Data::create(&path).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        }
        let lock = data.lock().unwrap();
        data.set_address(&PublicUrl::parse("https://portal.example").unwrap()).unwrap();
        let refused = Data::create(&path).unwrap().lock().err().expect("a refusal").to_string();
        assert!(refused.contains("being served already at https://portal.example"), "{refused}");
        drop(lock);
        assert!(data.lock().is_ok());
    }

    #[test]
    fn the_address_is_there_while_the_portal_runs() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::create(folder.path()).unwrap();
        assert_eq!(data.address(), None);
        let url = PublicUrl::parse("http://127.0.0.1:4711").unwrap();
        data.set_address(&url).unwrap();
        assert_eq!(data.address(), Some(url));
        data.clear_address();
        assert_eq!(data.address(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
