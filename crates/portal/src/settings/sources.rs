//! Where settings come from, and which source wins.

use std::ffi::OsString;
use std::fmt::Display;

use super::error::Error;
use super::file::File;
use super::forms;
use super::list::SETTINGS;

/// An option wins over the environment, and that over the file. The environment is not left to clap: it would show values
/// in the help, repeat wrong ones though they may contain a password, and take an empty variable for a value.
pub(crate) struct Sources<'a> {
    /// The value of an option.
    pub(crate) option: &'a dyn Fn(&str) -> Option<String>,
    /// The value of an environment variable.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<OsString>,
    pub(crate) file: File,
}

/// A value, and what to call it in messages.
pub(super) struct Given {
    pub(super) name: String,
    pub(super) text: String,
}

impl Sources<'_> {
    /// The value from the source that wins. An empty variable counts as unset.
    pub(super) fn find(&self, option: &str) -> Result<Option<Given>, Error> {
        let setting = SETTINGS.iter().find(|setting| setting.option == option).expect("it is in the list");
        if let Some(text) = (self.option)(option) {
            return Ok(Some(Given { name: format!("--{option}"), text }));
        }
        let name = setting.variable();
        if let Some(value) = (self.variable)(&name).filter(|value| !value.is_empty()) {
            return match value.into_string() {
                Ok(text) => Ok(Some(Given { name, text })),
                Err(_) => Err(Error::value(&name, "…", "UTF-8")),
            };
        }
        Ok(self.file.find(&setting.key())?.map(|(name, text)| Given { name, text }))
    }

    /// The value of a setting whose parser says itself what was given and what is expected.
    pub(super) fn parse<T, E: Display>(
        &self,
        option: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Error> {
        let Some(Given { name, text }) = self.find(option)? else { return Ok(None) };
        parse(&text).map(Some).map_err(|reason| Error::new(&name, reason))
    }

    pub(super) fn read<T>(
        &self,
        option: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(Given { name, text }) = self.find(option)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| Error::value(&name, &text, expected))
    }

    /// As [`Sources::read`], for a value that may contain a password.
    pub(super) fn read_secret<T>(
        &self,
        option: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(Given { name, text }) = self.find(option)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| Error::value(&name, &forms::without_secrets(&text), expected))
    }

    /// One of two words.
    pub(super) fn choose<T: Copy>(
        &self,
        option: &str,
        [one, other]: [(&str, T); 2],
    ) -> Result<Option<T>, Error> {
        self.read(option, &format!("{} or {}", one.0, other.0), |text| {
            [one, other].into_iter().find(|(word, _)| *word == text).map(|(_, value)| value)
        })
    }
}
