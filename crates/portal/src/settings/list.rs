//! The settings: what each is called, and what it is for.

/// One setting. Its option (`--public-url`) also names the variable (`PORTAL_PUBLIC_URL`) and the key in `portal.toml`
/// (`public_url`).
pub(crate) struct Setting {
    pub(crate) option: &'static str,
    /// Stands for the value in the help.
    pub(crate) value: &'static str,
    pub(crate) help: &'static str,
}

impl Setting {
    pub(super) fn key(&self) -> String {
        self.option.replace('-', "_")
    }

    pub(super) fn variable(&self) -> String {
        format!("PORTAL_{}", self.key().to_uppercase())
    }
}

const fn setting(option: &'static str, value: &'static str, help: &'static str) -> Setting {
    Setting { option, value, help }
}

pub(crate) const SETTINGS: [Setting; 23] = [
    setting("data", "FOLDER", "Folder for the database, files and the outbox [default: ./data]"),
    setting("listen", "ADDRESS", "Address to listen on; port 0 picks one [default: 127.0.0.1:8080]"),
    setting("public-url", "URL", "What links in mails begin with [default: from the address]"),
    setting("database-url", "URL", "postgres://… [default: SQLite in the data folder]"),
    setting("database-pool", "NUMBER", "Connections to PostgreSQL, from 3 on [default: 16]"),
    setting(
        "database-timeout",
        "SPAN",
        "Longest wait for a connection to PostgreSQL, a lock or a statement [default: 10s]",
    ),
    setting("mail", "WAY", "smtp://…, smtps://… or folder:… [default: the data folder's outbox]"),
    setting("mail-from", "ADDRESS", "Sender of mails [default: notifications@ the public host]"),
    setting("mail-connections", "NUMBER", "Mails and texts sent at the same time [default: 8]"),
    setting("dkim-key", "FILE", "Private key (PEM) that mails are signed with [default: not signed]"),
    setting("dkim-domain", "DOMAIN", "Domain that is signed for [default: the sender's]"),
    setting("dkim-selector", "NAME", "Which of the domain's keys that is [default: portal]"),
    setting("text", "WAY", "twilio://… or folder:…, for text messages [default: the data folder's outbox]"),
    setting(
        "webhooks-private",
        "WHETHER",
        "Whether webhooks may lead to this machine and its network: refuse or allow [default: refuse]",
    ),
    setting(
        "wait",
        "SPAN",
        "For trying out: this instead of every workspace's wait, such as 5s; for notices to come",
    ),
    setting("upload-limit", "SIZE", "Most for one file; a workspace may set less [default: 100MB]"),
    setting("storage-limit", "SIZE", "Most for all files of a workspace [default: 100GB]"),
    setting(
        "blobs",
        "PLACE",
        "Where files lie: folder:PATH or s3://KEY:SECRET@HOST/BUCKET [default: blobs in the data folder]",
    ),
    setting(
        "scanner",
        "PLACE",
        "clamd://HOST:PORT or clamd:/SOCKET: files are held back until it has looked at them [default: none]",
    ),
    setting(
        "log",
        "FILTER",
        "What is logged, such as info or info,store=debug [default: info; other commands than serve: warn]",
    ),
    setting("log-format", "FORM", "text for people, json for machines [default: text]"),
    setting("metrics", "WHO", "Who may read /metrics: local or open [default: local]"),
    setting("api-rate", "CALLS", "Calls that one API key may make in a minute [default: 60000]"),
];
