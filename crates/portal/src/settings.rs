//! Settings: what the portal is told about its surroundings, by options, the environment or `portal.toml`.
//!
//! [`SETTINGS`] lists them all, and [`Sources`] says which source wins. An invalid value stops the start with
//! its name, what was given and what is expected; what may be a password is never repeated.

mod dkim;
mod error;
mod file;
mod forms;
mod list;
mod sources;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use domain::files::uploads::StorageLimits;
use outbound::blobs::Blobs;
use outbound::mail::Mailer;
use outbound::scanner::Scanner;
use outbound::text::Texter;
use outbound::webhooks::{Caller, Reach};

pub(crate) use error::Error;
pub(crate) use file::File;
pub(crate) use forms::PublicUrl;
pub(crate) use list::SETTINGS;
pub(crate) use sources::Sources;

/// The default limit of one API key, a minute: a twentieth of what one machine can do.
const API_RATE: u32 = 60_000;
/// The default limit of one file, in bytes.
const UPLOAD_LIMIT: i64 = 100_000_000;
/// The default limit of all files of a workspace, in bytes.
const STORAGE_LIMIT: i64 = 100_000_000_000;

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The settings, each checked. Without `Debug`: some contain passwords.
pub(crate) struct Settings {
    pub(crate) data: PathBuf,
    /// Port 0 picks one.
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) database: store::Setting,
    pub(crate) mail: Mailer,
    /// Mails and texts sent at the same time.
    pub(crate) mail_connections: usize,
    pub(crate) text: Texter,
    pub(crate) webhooks: Caller,
    pub(crate) mail_from: Option<String>,
    /// Replaces the wait of every workspace.
    pub(crate) wait: Option<Duration>,
    pub(crate) blobs: Blobs,
    pub(crate) room: StorageLimits,
    pub(crate) scanner: Option<Scanner>,
    /// A tracing filter.
    pub(crate) log: Option<String>,
    pub(crate) log_format: LogFormat,
    /// Whether other machines may read `/metrics`.
    pub(crate) metrics_open: bool,
    /// Calls that one API key may make in a minute.
    pub(crate) api_rate: u32,
}

impl Settings {
    /// Reads and checks all of them; the error is the first that is invalid.
    pub(crate) fn read(sources: &Sources<'_>) -> Result<Settings, Error> {
        let data =
            sources.read("data", "a folder", forms::folder)?.unwrap_or_else(|| PathBuf::from("./data"));
        let listen = sources
            .read("listen", "an IP address and a port, such as 127.0.0.1:8080", |text| text.parse().ok())?
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)));
        let public_url = sources.parse("public-url", PublicUrl::from_setting)?;
        let connections = sources
            .read("database-pool", "a number from 3 to 1000", forms::pool)?
            .unwrap_or(store::Setting::CONNECTIONS);
        let timeout = sources
            .read("database-timeout", "a span from 1s to 10m, such as 10s", forms::timeout)?
            .unwrap_or(store::Setting::TIMEOUT);
        let database = sources
            .read_secret("database-url", "postgres://USER:PASSWORD@HOST[:PORT]/DATABASE", forms::database)?
            .map_or_else(
                || store::Setting::Sqlite(data.join("portal.db")),
                |address| store::Setting::Postgres { address, connections, timeout },
            );
        let mail = sources
            .parse("mail", Mailer::from_setting)?
            .unwrap_or_else(|| Mailer::from(outbound::mail::Folder::new(data.join("outbox"))));
        let mail_from =
            sources.read("mail-from", "an email address, such as notifications@portal.example", |text| {
                outbound::mail::is_address(text).then(|| text.to_string())
            })?;
        let mail = match dkim::read(sources, mail_from.as_deref(), public_url.as_ref())? {
            Some(dkim) => mail.signed(dkim),
            None => mail,
        };
        let mail_connections = sources
            .read("mail-connections", "a number from 1 to 64", forms::connections)?
            .unwrap_or(workers::DELIVERIES_AT_ONCE);
        let text = sources
            .parse("text", Texter::from_setting)?
            .unwrap_or_else(|| Texter::Folder(outbound::text::Folder::new(data.join("outbox"))));
        let reach = sources
            .choose("webhooks-private", [("refuse", Reach::Internet), ("allow", Reach::Anywhere)])?
            .unwrap_or(Reach::Internet);
        let wait = sources.read(
            "wait",
            "a span of more than nothing, at most a day, such as 5s or 2m",
            forms::wait,
        )?;
        let blobs = sources
            .parse("blobs", |text| Blobs::from_setting(text, &data.join("blobs")))?
            .unwrap_or_else(|| Blobs::Folder(outbound::blobs::Folder::new(data.join("blobs"))));
        let scanner = sources.parse("scanner", Scanner::from_setting)?;
        let size = |option| sources.read(option, "a size such as 100MB", forms::size);
        let room = StorageLimits {
            file_max: size("upload-limit")?.unwrap_or(UPLOAD_LIMIT),
            workspace_max: size("storage-limit")?.unwrap_or(STORAGE_LIMIT),
        };
        let log = sources.read(
            "log",
            "a level (error, warn, info, debug, trace, off), or some such as info,store=debug",
            |text| forms::is_log_filter(text).then(|| text.to_string()),
        )?;
        let log_format = sources
            .choose("log-format", [("text", LogFormat::Text), ("json", LogFormat::Json)])?
            .unwrap_or(LogFormat::Text);
        let api_rate = sources
            .read("api-rate", "a number of calls, at least 1", |text| {
                text.parse().ok().filter(|calls| *calls > 0)
            })?
            .unwrap_or(API_RATE);
        let metrics_open = sources.choose("metrics", [("local", false), ("open", true)])?.unwrap_or(false);
        Ok(Settings {
            data,
            listen,
            public_url,
            database,
            mail,
            mail_connections,
            text,
            webhooks: Caller::new(reach),
            mail_from,
            wait,
            blobs,
            room,
            scanner,
            log,
            log_format,
            metrics_open,
            api_rate,
        })
    }

    /// What links begin with if the portal listens on `address`.
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
