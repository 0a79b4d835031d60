//! The data folder: open to its owner alone, served by one program at a time, with the address where that one answers.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use store::{Clock, Store};

use crate::error::{Error, Result};
use crate::settings::{PublicUrl, Settings};

/// The data folder.
#[derive(Clone, Debug)]
pub(crate) struct Data(PathBuf);

/// Keeps other programs from serving the same folder until it is dropped. The system takes it back when the program
/// ends, however it ends.
pub(crate) struct Lock {
    _file: File,
}

impl Data {
    /// The folder at `path`, made where it is not there.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub(crate) fn make(path: &Path) -> Result<Data> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(path)
            .map_err(Error::machine(format!("cannot make the data folder {}", path.display())))?;
        Ok(Data(path.to_path_buf()))
    }

    /// The folder at `path`, which may not be there.
    pub(crate) fn at(path: &Path) -> Data {
        Data(path.to_path_buf())
    }

    /// Takes the right to serve this folder.
    ///
    /// # Errors
    /// Where another program has it.
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

    /// Says to commands beside the running portal where it is reached.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(crate) fn set_address(&self, url: &PublicUrl) -> Result<()> {
        let write = || -> io::Result<()> {
            let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
            writeln!(file, "{url}")?;
            file.persist(self.address_file())?;
            Ok(())
        };
        write().map_err(Error::machine(format!("cannot write {}", self.address_file().display())))
    }

    /// Where the running portal is reached, as far as is known.
    pub(crate) fn address(&self) -> Option<PublicUrl> {
        PublicUrl::parse(fs::read_to_string(self.address_file()).ok()?.trim())
    }

    /// Forgets the address: the portal stops.
    pub(crate) fn clear_address(&self) {
        // Left behind, it says no more than it does after a crash; the next start writes it anew.
        let _ = fs::remove_file(self.address_file());
    }

    fn address_file(&self) -> PathBuf {
        self.0.join("address")
    }
}

/// Opens the database, which is made where it is not there, and brings it to the newest migration.
///
/// # Errors
/// Where it cannot be.
pub(crate) fn open(setting: &store::Setting) -> Result<Store> {
    Ok(Store::open(setting, Clock::System, domain::MIGRATIONS)?)
}

/// Opens a database that is there already: a command that finds nothing makes nothing.
///
/// # Errors
/// Where it is not there, or cannot be opened.
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

/// What links of the portal begin with: as set, else where the running portal says that it is, else by the address to
/// listen on.
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
        let data = Data::make(&path).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        }
        let lock = data.lock().unwrap();
        data.set_address(&PublicUrl::parse("https://portal.example").unwrap()).unwrap();
        let refused = Data::make(&path).unwrap().lock().err().expect("a refusal").to_string();
        assert!(refused.contains("being served already at https://portal.example"), "{refused}");
        drop(lock);
        assert!(data.lock().is_ok());
    }

    #[test]
    fn the_address_is_there_while_the_portal_runs() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::make(folder.path()).unwrap();
        assert_eq!(data.address(), None);
        let url = PublicUrl::parse("http://127.0.0.1:4711").unwrap();
        data.set_address(&url).unwrap();
        assert_eq!(data.address(), Some(url));
        data.clear_address();
        assert_eq!(data.address(), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
