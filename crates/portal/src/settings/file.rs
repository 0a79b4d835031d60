//! `portal.toml`: the same settings as keys and texts.

use std::path::Path;

use super::{Error, WORDS};

/// What a file of settings holds: keys and values.
#[derive(Default)]
pub(crate) struct File {
    name: String,
    values: Vec<(String, toml::Value)>,
}

impl File {
    /// The file at `path`; nothing where it is not there and `must_exist` is false.
    pub(crate) fn read(path: &Path, must_exist: bool) -> Result<File, Error> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => File::parse(&name, &text),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound && !must_exist => Ok(File::default()),
            Err(cause) if must_exist => Err(Error::Config { file: name, cause }),
            Err(cause) => Err(Error::File { file: name, cause }),
        }
    }

    pub(super) fn parse(name: &str, text: &str) -> Result<File, Error> {
        let table: toml::Table = toml::from_str(text).map_err(|error: toml::de::Error| {
            let end = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(end).filter(|byte| *byte == b'\n').count() + 1;
            // Of the reader's own words, only the part before anything that it quotes.
            let reason = error.message().split(['`', '"']).next().unwrap_or_default().trim().to_string();
            Error::Form { file: name.to_string(), line, reason }
        })?;
        if let Some(key) = table.keys().find(|key| WORDS.iter().all(|word| word.key != key.as_str())) {
            return Err(Error::Unknown { file: name.to_string(), key: key.clone() });
        }
        Ok(File { name: name.to_string(), values: table.into_iter().collect() })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<&toml::Value> {
        self.values.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}
