//! `portal.toml`: the same settings as keys and texts.

use std::io::ErrorKind;
use std::path::Path;

use toml::{Table, Value};

use super::error::Error;
use super::list::SETTINGS;

/// A file of settings.
#[derive(Default)]
pub(crate) struct File {
    pub(crate) name: String,
    values: Table,
}

impl File {
    /// The file at `path`; an empty one if it does not exist and `must_exist` is false.
    pub(crate) fn read(path: &Path, must_exist: bool) -> Result<File, Error> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => File::parse(&name, &text),
            Err(cause) if cause.kind() == ErrorKind::NotFound && !must_exist => Ok(File::default()),
            Err(cause) if must_exist => {
                Err(Error::value("--config", &name, &format!("a file that can be read: {cause}")))
            }
            Err(cause) => {
                Err(Error::new(&name, format!("expected is a file that can be read, or none: {cause}")))
            }
        }
    }

    pub(super) fn parse(name: &str, text: &str) -> Result<File, Error> {
        let values: Table = toml::from_str(text).map_err(|error: toml::de::Error| {
            let end = error.span().map_or(0, |span| span.start);
            let line = text.bytes().take(end).filter(|byte| *byte == b'\n').count() + 1;
            // The line may contain a password, so only the part of the message before anything quoted is repeated.
            let reason = error.message().split(['`', '"']).next().unwrap_or_default().trim();
            Error::new(name, format!("line {line} cannot be read: {reason}"))
        })?;
        if let Some(key) = values.keys().find(|key| SETTINGS.iter().all(|setting| setting.key() != **key)) {
            let expected = SETTINGS.map(|setting| setting.key()).join(", ");
            return Err(Error::new(name, format!("`{key}` is no setting; expected are {expected}")));
        }
        Ok(File { name: name.to_string(), values })
    }

    /// The value of a key, and what to call it in messages.
    pub(super) fn find(&self, key: &str) -> Result<Option<(String, String)>, Error> {
        let Some(value) = self.values.get(key) else { return Ok(None) };
        let name = format!("{key} in {}", self.name);
        let given = match value {
            Value::String(text) => return Ok(Some((name, text.clone()))),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Boolean(is_so) => is_so.to_string(),
            // Anything else may contain a password.
            _ => value.type_str().to_string(),
        };
        Err(Error::value(&name, &given, "a text in quotes"))
    }
}
