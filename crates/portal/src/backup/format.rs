//! The format of a backup file: a gzipped tar.
//!
//! First [`META`] ([`Meta`]). Then, for each table of [`TABLES`] in that order, one or more entries
//! `tables/NAME/NUMBER.jsonl`: a line with the names of the columns, then one line a row, see [`Cell`](super::Cell). Then
//! `blobs/WORKSPACE/ID` with the bytes of each file, whose size and hash are in its row. Last [`END`] ([`End`]).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hexadecimal;

/// The number of this format; a changed format has a new number.
pub(crate) const FORMAT: i64 = 1;
/// The folder of the entries with the bytes of files.
pub(crate) const BLOBS: &str = "blobs/";

/// The first entry.
pub(crate) const META: &str = "meta.json";
/// The last entry.
pub(crate) const END: &str = "end.json";

/// Every table, those that others refer to first. Left out are `migrations`, which a database maintains itself
/// (the backup has the newest in its [`Meta`]), and the search index, which is built again from the messages.
pub(crate) const TABLES: &[&str] = &[
    "clock_seen",
    "workspaces",
    "former_hosts",
    "brand_pictures",
    "people",
    "welcomes",
    "companies",
    "company_clients",
    "company_assignments",
    "projects",
    "project_people",
    "channels",
    "group_people",
    "members",
    "messages",
    "mentions",
    "blobs",
    "dropped_blobs",
    "previews",
    "files",
    "attachments",
    "uploads",
    "sessions",
    "sign_ins",
    "sign_in_links",
    "keys",
    "tries",
    "deliveries",
    "read_moves",
    "departures",
    "waiting",
    "due",
    "digests",
    "digest_parts",
    "reply_links",
    "fresh_links",
    "unsubscribe_links",
    "phones",
    "stopped_numbers",
    "consents",
    "webhooks",
    "webhook_calls",
    "webhook_tries",
    "notifications",
    "first_answers",
    "newcomers",
    "company_requests",
    "imports",
    "import_lines",
    "records",
    "early_access",
    "journal_heads",
    "journal",
];

/// The first entry.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// Always [`Meta::KIND`].
    pub(crate) kind: String,
    pub(crate) format: i64,
    /// The newest migration of the database.
    pub(crate) migration: i64,
    /// The moment of the snapshot, in milliseconds since 1970 UTC.
    pub(crate) at: i64,
    pub(crate) tables: Vec<String>,
}

impl Meta {
    /// Tells a backup from other archives.
    pub(crate) const KIND: &'static str = "portal backup";
}

/// The last entry: without it, the file is cut off.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// Number of rows by table.
    pub(crate) rows: BTreeMap<String, u64>,
    /// SHA-256 in hexadecimal, of the entries of each table one after the other, and of [`META`]. Older backups have none.
    #[serde(default)]
    pub(crate) hashes: BTreeMap<String, String>,
}

/// The hashes of [`End`], being made.
#[derive(Debug, Default)]
pub(crate) struct Hashes(BTreeMap<String, Sha256>);

impl Hashes {
    pub(crate) fn of(&mut self, name: &str) -> &mut Sha256 {
        self.0.entry(name.to_string()).or_default()
    }

    pub(crate) fn finish(self) -> BTreeMap<String, String> {
        self.0.into_iter().map(|(name, hash)| (name, hexadecimal::text(&hash.finalize()))).collect()
    }
}
