//! Every setting's word: what it is called, and what it is for.

/// A setting's word and its meaning. The word is the option (`--public-url`), the variable (`PORTAL_PUBLIC_URL`) and the
/// key in `portal.toml` (`public_url`).
pub(crate) struct Word {
    /// As `portal.toml` has it.
    pub(crate) key: &'static str,
    /// As the command line has it, without the dashes in front.
    pub(crate) option: &'static str,
    /// What stands for the value in the list of options.
    pub(crate) value: &'static str,
    /// For the list of options.
    pub(crate) meaning: &'static str,
}

/// Every setting.
pub(crate) const WORDS: [Word; 21] = [
    Word {
        key: "data",
        option: "data",
        value: "FOLDER",
        meaning: "Folder for the database, files and the outbox [default: ./data]",
    },
    Word {
        key: "listen",
        option: "listen",
        value: "ADDRESS",
        meaning: "Address to listen on; port 0 picks one [default: 127.0.0.1:8080]",
    },
    Word {
        key: "public_url",
        option: "public-url",
        value: "URL",
        meaning: "What links in mails begin with [default: from the address]",
    },
    Word {
        key: "database_url",
        option: "database-url",
        value: "URL",
        meaning: "postgres://… [default: SQLite in the data folder]",
    },
    Word {
        key: "mail",
        option: "mail",
        value: "WAY",
        meaning: "smtp://…, smtps://… or folder:… [default: the data folder's outbox]",
    },
    Word {
        key: "mail_from",
        option: "mail-from",
        value: "ADDRESS",
        meaning: "Sender of mails [default: notifications@ the public host]",
    },
    Word {
        key: "mail_connections",
        option: "mail-connections",
        value: "NUMBER",
        meaning: "Mails and texts sent at the same time [default: 8]",
    },
    Word {
        key: "dkim_key",
        option: "dkim-key",
        value: "FILE",
        meaning: "Private key (PEM) that mails are signed with [default: not signed]",
    },
    Word {
        key: "dkim_domain",
        option: "dkim-domain",
        value: "DOMAIN",
        meaning: "Domain that is signed for [default: the sender's]",
    },
    Word {
        key: "dkim_selector",
        option: "dkim-selector",
        value: "NAME",
        meaning: "Which of the domain's keys that is [default: portal]",
    },
    Word {
        key: "text",
        option: "text",
        value: "WAY",
        meaning: "twilio://… or folder:…, for text messages [default: the data folder's outbox]",
    },
    Word {
        key: "webhooks_private",
        option: "webhooks-private",
        value: "WHETHER",
        meaning: "Whether webhooks may lead to this machine and its network: refuse or allow [default: refuse]",
    },
    Word {
        key: "wait",
        option: "wait",
        value: "SPAN",
        meaning: "For trying out: this instead of every workspace's wait, such as 5s; for notices to come",
    },
    Word {
        key: "upload_limit",
        option: "upload-limit",
        value: "SIZE",
        meaning: "Most for one file; a workspace may set less [default: 100MB]",
    },
    Word {
        key: "storage_limit",
        option: "storage-limit",
        value: "SIZE",
        meaning: "Most for all files of a workspace [default: 100GB]",
    },
    Word {
        key: "blobs",
        option: "blobs",
        value: "PLACE",
        meaning: "Where files lie: folder:PATH or s3://KEY:SECRET@HOST/BUCKET [default: blobs in the data folder]",
    },
    Word {
        key: "scanner",
        option: "scanner",
        value: "PLACE",
        meaning: "clamd://HOST:PORT or clamd:/SOCKET: files are held back until it has looked at them [default: none]",
    },
    Word {
        key: "log",
        option: "log",
        value: "FILTER",
        meaning: "What is logged, such as info or info,store=debug [default: info; other commands than serve: warn]",
    },
    Word {
        key: "log_format",
        option: "log-format",
        value: "FORM",
        meaning: "text for people, json for machines [default: text]",
    },
    Word {
        key: "metrics",
        option: "metrics",
        value: "WHO",
        meaning: "Who may read /metrics: local or open [default: local]",
    },
    Word {
        key: "api_rate",
        option: "api-rate",
        value: "CALLS",
        meaning: "Calls that one API key may make in a minute [default: 60000]",
    },
];
