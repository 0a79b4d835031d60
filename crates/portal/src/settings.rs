//! Settings: what the portal is told about its surroundings, from options, the environment or `portal.toml`.
//!
//! One table ([`WORDS`]) names them all. An option goes before the environment, that before the file, that before the
//! default. A value that cannot be taken stops the start and says which, what was given and what is expected; what may
//! hold a password is never repeated. Relies on `settings::forms` for how each value is written.

mod dkim;
mod file;
pub(crate) mod forms;
mod words;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use domain::uploads::Room;
use outbound::blobs::Blobs;
use outbound::mail::Mailer;
use outbound::scanner::Scanner;
use outbound::text::Texter;
use outbound::webhooks::{Caller, Reach};
use toml::Value;

pub(crate) use file::File;
pub(crate) use forms::PublicUrl;
pub(crate) use words::WORDS;

/// What a program may ask for where nothing is said: a twentieth of what one machine does, for one key.
const API_RATE: u32 = 60_000;
/// Bytes of one file, where nothing else is set.
const UPLOAD_LIMIT: i64 = 100_000_000;
/// Bytes of all files of a workspace, where nothing else is set.
const STORAGE_LIMIT: i64 = 100_000_000_000;

/// `PORTAL_PUBLIC_URL`.
fn variable(key: &str) -> String {
    format!("PORTAL_{}", key.to_uppercase())
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The settings, each checked. Without `Debug`: some hold passwords.
pub(crate) struct Settings {
    /// Folder for database and outbox.
    pub(crate) data: PathBuf,
    /// Where to listen; port 0 picks one.
    pub(crate) listen: SocketAddr,
    /// What links begin with, where it was given.
    pub(crate) public_url: Option<PublicUrl>,
    /// Where the database is.
    pub(crate) database: store::Setting,
    /// The way that mail takes, and what it is signed with.
    pub(crate) mail: Mailer,
    /// Mails and texts sent at the same time.
    pub(crate) mail_connections: usize,
    /// The way that text messages take.
    pub(crate) text: Texter,
    /// The way that webhooks take.
    pub(crate) webhooks: Caller,
    /// The sender's address, where it was given.
    pub(crate) mail_from: Option<String>,
    /// Instead of every workspace's wait.
    pub(crate) wait: Option<Duration>,
    /// Where the bytes of files lie.
    pub(crate) blobs: Blobs,
    /// How much may come in.
    pub(crate) room: Room,
    /// What looks at files before anybody gets them.
    pub(crate) scanner: Option<Scanner>,
    /// The tracing filter, where it was given.
    pub(crate) log: Option<String>,
    /// How the log is written.
    pub(crate) log_format: LogFormat,
    /// Whether others than this machine may read `/metrics`.
    pub(crate) metrics_open: bool,
    /// Calls that one API key may make in a minute.
    pub(crate) api_rate: u32,
}

/// Settings that cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A value of the wrong form.
    #[error("{name}: given was `{given}`; expected is {expected}")]
    Value {
        /// The option, the variable, or the key and its file.
        name: String,
        /// What was given, without what may be a password.
        given: String,
        /// What would be taken.
        expected: String,
    },
    /// A way for mail that is none; it says itself what was given and what is expected.
    #[error("{name}: {cause}")]
    Mail {
        /// As above.
        name: String,
        /// What is wrong with it.
        cause: outbound::mail::SettingError,
    },
    /// Mails cannot be signed so.
    #[error("{name}: {reason}; expected is {expected}")]
    Dkim {
        /// As above.
        name: String,
        /// What is wrong with it.
        reason: String,
        /// What would be taken.
        expected: &'static str,
    },
    /// As above, for the place of files.
    #[error("{name}: {cause}")]
    Blobs {
        /// As above.
        name: String,
        /// What is wrong with it.
        cause: outbound::blobs::SettingError,
    },
    /// As above, for the scanner of files.
    #[error("{name}: {cause}")]
    Scanner {
        /// As above.
        name: String,
        /// What is wrong with it.
        cause: outbound::scanner::SettingError,
    },
    /// As above, for text messages.
    #[error("{name}: {cause}")]
    Text {
        /// As above.
        name: String,
        /// What is wrong with it.
        cause: outbound::text::SettingError,
    },
    /// A key in the file that stands for nothing.
    #[error("{file}: `{key}` is no setting; expected are {}", keys())]
    Unknown {
        /// The file.
        file: String,
        /// The key.
        key: String,
    },
    /// A file that is not TOML. The line itself is not shown: it may hold a password.
    #[error("{file}: line {line} cannot be read: {reason}")]
    Form {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What the reader of TOML says.
        reason: String,
    },
    /// A file that was asked for and cannot be read.
    #[error("--config: given was `{file}`; expected is a file that can be read: {cause}")]
    Config {
        /// The file.
        file: String,
        /// Why.
        cause: std::io::Error,
    },
    /// A file that was not asked for, is there and cannot be read.
    #[error("{file}: expected is a file that can be read, or none: {cause}")]
    File {
        /// The file.
        file: String,
        /// Why.
        cause: std::io::Error,
    },
}

fn keys() -> String {
    WORDS.iter().map(|word| word.key).collect::<Vec<_>>().join(", ")
}

/// Where settings come from.
pub(crate) struct Sources<'a> {
    /// The value of an option, by its setting's key.
    pub(crate) option: &'a dyn Fn(&str) -> Option<String>,
    /// The value of a variable of the environment.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<OsString>,
    /// What `portal.toml` holds.
    pub(crate) file: File,
}

/// A value and where it was given.
struct Given {
    name: String,
    text: String,
}

impl Given {
    fn refuse(self, expected: &str) -> Error {
        Error::Value { name: self.name, given: self.text, expected: expected.to_string() }
    }

    /// As [`Given::refuse`], for a value that may hold a password.
    fn refuse_secret(self, expected: &str) -> Error {
        Error::Value {
            name: self.name,
            given: forms::without_secrets(&self.text),
            expected: expected.to_string(),
        }
    }
}

impl Sources<'_> {
    /// The value that holds for a setting. An empty variable counts as none.
    fn find(&self, key: &'static str) -> Result<Option<Given>, Error> {
        if let Some(text) = (self.option)(key) {
            return Ok(Some(Given { name: format!("--{}", key.replace('_', "-")), text }));
        }
        let name = variable(key);
        match (self.variable)(&name).map(OsString::into_string) {
            Some(Ok(text)) if text.is_empty() => {}
            Some(Ok(text)) => return Ok(Some(Given { name, text })),
            Some(Err(_)) => {
                return Err(Error::Value { name, given: "…".to_string(), expected: "UTF-8".to_string() });
            }
            None => {}
        }
        let Some(value) = self.file.value(key) else { return Ok(None) };
        let name = format!("{key} in {}", self.file.name());
        match value.as_str() {
            Some(text) => Ok(Some(Given { name, text: text.to_string() })),
            None => Err(Error::Value {
                name,
                // What may hold a password is not repeated.
                given: match value {
                    Value::Integer(number) => number.to_string(),
                    Value::Float(number) => number.to_string(),
                    Value::Boolean(is_so) => is_so.to_string(),
                    _ => value.type_str().to_string(),
                },
                expected: "a text in quotes".to_string(),
            }),
        }
    }

    /// The value of a setting as `form` reads it.
    fn read<T>(
        &self,
        key: &'static str,
        expected: &str,
        form: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(given) = self.find(key)? else { return Ok(None) };
        match form(&given.text) {
            Some(value) => Ok(Some(value)),
            None => Err(given.refuse(expected)),
        }
    }

    /// As [`Sources::read`], for a value that may hold a password.
    fn read_secret<T>(
        &self,
        key: &'static str,
        expected: &str,
        form: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Error> {
        let Some(given) = self.find(key)? else { return Ok(None) };
        match form(&given.text) {
            Some(value) => Ok(Some(value)),
            None => Err(given.refuse_secret(expected)),
        }
    }
}

fn public_url(given: Given) -> Result<PublicUrl, Error> {
    const EXPECTED: &str = "http:// or https:// and a host, such as https://portal.example";
    match PublicUrl::parse(&given.text) {
        Some(url) => Ok(url),
        None if given.text.contains('@') => Err(given.refuse_secret(EXPECTED)),
        None => Err(given.refuse(EXPECTED)),
    }
}

impl Settings {
    /// Reads and checks all of them.
    ///
    /// # Errors
    /// The first that cannot be taken.
    pub(crate) fn read(sources: &Sources<'_>) -> Result<Settings, Error> {
        let data =
            sources.read("data", "a folder", forms::folder)?.unwrap_or_else(|| PathBuf::from("./data"));
        let listen = sources
            .read("listen", "an IP address and a port, such as 127.0.0.1:8080", |text| text.parse().ok())?
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        let public_url = match sources.find("public_url")? {
            Some(given) => Some(public_url(given)?),
            None => None,
        };
        let database = sources
            .read_secret("database_url", "postgres://USER:PASSWORD@HOST[:PORT]/DATABASE", forms::database)?
            .unwrap_or_else(|| store::Setting::Sqlite(data.join("portal.db")));
        let mail = match sources.find("mail")? {
            Some(given) => {
                Mailer::from_setting(&given.text).map_err(|cause| Error::Mail { name: given.name, cause })?
            }
            None => Mailer::from(outbound::mail::Folder::new(data.join("outbox"))),
        };
        let mail_from =
            sources.read("mail_from", "an email address, such as notifications@portal.example", |text| {
                outbound::mail::is_address(text).then(|| text.to_string())
            })?;
        let mail = match dkim::read(sources, mail_from.as_deref(), public_url.as_ref())? {
            Some(dkim) => mail.signed(dkim),
            None => mail,
        };
        let mail_connections = sources
            .read("mail_connections", "a number from 1 to 64", forms::connections)?
            .unwrap_or(workers::DELIVERIES_AT_ONCE);
        let text = match sources.find("text")? {
            Some(given) => {
                Texter::from_setting(&given.text).map_err(|cause| Error::Text { name: given.name, cause })?
            }
            None => Texter::Folder(outbound::text::Folder::new(data.join("outbox"))),
        };
        let reach = sources.read("webhooks_private", "refuse or allow", |text| match text {
            "refuse" => Some(Reach::Internet),
            "allow" => Some(Reach::Anywhere),
            _ => None,
        })?;
        let wait = sources.read(
            "wait",
            "a span of more than nothing, at most a day, such as 5s or 2m",
            forms::wait,
        )?;
        let blobs = match sources.find("blobs")? {
            Some(given) => Blobs::from_setting(&given.text, &data.join("blobs"))
                .map_err(|cause| Error::Blobs { name: given.name, cause })?,
            None => Blobs::Folder(outbound::blobs::Folder::new(data.join("blobs"))),
        };
        let scanner = match sources.find("scanner")? {
            Some(given) => Some(
                Scanner::from_setting(&given.text)
                    .map_err(|cause| Error::Scanner { name: given.name, cause })?,
            ),
            None => None,
        };
        let bytes = |key: &'static str, default: i64| -> Result<i64, Error> {
            let given = sources.read(key, "a size such as 100MB", |text| {
                forms::size(text).and_then(|size| i64::try_from(size).ok())
            })?;
            Ok(given.unwrap_or(default))
        };
        let room = Room {
            file_max: bytes("upload_limit", UPLOAD_LIMIT)?,
            workspace_max: bytes("storage_limit", STORAGE_LIMIT)?,
        };
        let log = sources.read(
            "log",
            "a level (error, warn, info, debug, trace, off), or some such as info,store=debug",
            |text| forms::is_log_filter(text).then(|| text.to_string()),
        )?;
        let log_format = sources.read("log_format", "text or json", |text| match text {
            "text" => Some(LogFormat::Text),
            "json" => Some(LogFormat::Json),
            _ => None,
        })?;
        let api_rate = sources.read("api_rate", "a number of calls, at least 1", |text| {
            text.parse().ok().filter(|calls| *calls > 0)
        })?;
        let metrics_open = sources.read("metrics", "local or open", |text| match text {
            "local" => Some(false),
            "open" => Some(true),
            _ => None,
        })?;
        Ok(Settings {
            data,
            listen,
            public_url,
            database,
            mail,
            mail_connections,
            text,
            webhooks: Caller::new(reach.unwrap_or(Reach::Internet)),
            mail_from,
            wait,
            blobs,
            room,
            scanner,
            log,
            log_format: log_format.unwrap_or(LogFormat::Text),
            metrics_open: metrics_open.unwrap_or(false),
            api_rate: api_rate.unwrap_or(API_RATE),
        })
    }

    /// What links begin with where the portal listens on `address`.
    pub(crate) fn public_url_at(&self, address: SocketAddr) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::of(address))
    }

    /// The sender's address of a portal with this public address.
    pub(crate) fn sender(&self, public_url: &PublicUrl) -> String {
        self.mail_from.clone().unwrap_or_else(|| format!("notifications@{}", public_url.mail_host()))
    }
}

#[cfg(test)]
mod tests;
