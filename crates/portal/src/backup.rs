//! Backup: the whole database as of one moment, while the portal runs, in one file that knows no engine.
//!
//! The file is a gzipped tar: `meta.json` ([`Meta`]), then for each table of [`TABLES`], in that order, one or more
//! entries `tables/NAME/NUMBER.jsonl` (a line with the columns' names, then one line a row, see [`Cell`]), then the bytes of
//! files (`bytes`), then `end.json` ([`End`]). All of it is read from one snapshot. It appears under its name only when it is whole and on disk, and
//! never takes the place of another. [`restore`](crate::restore) is the way back.

mod bytes;
mod cell;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use outbound::blobs::Blobs;
use serde::{Deserialize, Serialize};
use store::{Reader, Row, Store};
use tempfile::NamedTempFile;

pub(crate) use bytes::{Cabinet, Count};
pub(crate) use cell::Cell;

use crate::error::{Error, Result};

/// The form described above; a new form has a new number.
pub(crate) const FORMAT: i64 = 1;

/// Every table, those that others refer to first. Left out are `migrations`, which a database keeps about itself
/// (the backup says the newest in its [`Meta`]), and the words for searching, which are made again from the messages.
pub(crate) const TABLES: &[&str] = &[
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

/// After so many bytes of rows an entry is written, so that no table has to fit into memory.
const ENTRY_BYTES: usize = 1 << 20;

/// What a backup says of itself, first of all.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// What the file is: [`Meta::KIND`].
    pub(crate) kind: String,
    /// Its form: [`FORMAT`].
    pub(crate) format: i64,
    /// The newest migration of the database that it was made from.
    pub(crate) migration: i64,
    /// The moment that it shows: milliseconds since 1970 UTC.
    pub(crate) at: i64,
    /// Its tables, in order.
    pub(crate) tables: Vec<String>,
}

impl Meta {
    /// Tells a backup from other archives.
    pub(crate) const KIND: &'static str = "portal backup";
}

/// What a whole backup ends with.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    /// How many rows each table has.
    pub(crate) rows: BTreeMap<String, u64>,
}

/// Writes a backup to `path`.
///
/// # Errors
/// Where something of that name is there already, or the database or the disk fails; then nothing is left behind.
pub(crate) async fn write(store: &Store, blobs: &Arc<Blobs>, path: &Path) -> Result<(End, Count)> {
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let path = path.to_path_buf();
    let cabinet = Cabinet::of(blobs);
    store.read_long(move |reader| whole(reader, &cabinet, &path)).await
}

/// `portal backup FILE`.
///
/// # Errors
/// As [`write`].
pub(crate) async fn run(settings: crate::settings::Settings, path: &Path) -> Result<()> {
    let store = crate::data::open_existing(&settings)?;
    let written = write(&store, &Arc::new(settings.blobs), path).await;
    store.close();
    let (end, files) = written?;
    let rows: u64 = end.rows.values().sum();
    println!("Wrote {} ({rows} rows, {} files)", path.display(), files.written);
    if files.missing > 0 {
        eprintln!(
            "portal: the bytes of {} files are missing from the store and from the backup",
            files.missing
        );
    }
    Ok(())
}

fn exists(path: &Path) -> Error {
    Error::refused(format!("{} is there already and is left as it is: give another name", path.display()))
}

fn whole(reader: &Reader, cabinet: &Cabinet, path: &Path) -> Result<(End, Count)> {
    let failed = |cause| Error::machine(format!("cannot write {}", path.display()))(cause);
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let file = NamedTempFile::with_prefix_in(".backup-", &folder).map_err(failed)?;
    let mut archive = Archive::new(file, reader.now().0);

    let migration = reader.one("SELECT coalesce(max(number), 0) FROM migrations", &[], |row| row.get(0))?;
    let tables = TABLES.iter().map(ToString::to_string).collect();
    let meta = Meta { kind: Meta::KIND.to_string(), format: FORMAT, migration, at: reader.now().0, tables };
    archive.json("meta.json", &meta).map_err(failed)?;
    let mut end = End { rows: BTreeMap::new() };
    for table in TABLES {
        end.rows.insert(table.to_string(), write_table(reader, &mut archive, table)?.map_err(failed)?);
    }
    let files = cabinet.write(reader, &mut archive)?.map_err(failed)?;
    archive.json("end.json", &end).map_err(failed)?;

    let file = archive.finish().map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist_noclobber(path).map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => failed(error.error),
    })?;
    // The name itself is on disk only when the folder is.
    #[cfg(unix)]
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok((end, files))
}

/// Writes all rows of a table and says how many. The outer error is the database's, the inner one the disk's.
fn write_table(reader: &Reader, archive: &mut Archive, table: &str) -> store::Result<io::Result<u64>> {
    let all = format!("SELECT * FROM {table}");
    let mut writing = match Rows::begin(archive, table, &reader.columns(&all)?) {
        Ok(writing) => writing,
        Err(error) => return Ok(Err(error)),
    };
    let mut failed = None;
    reader.visit(&all, &[], &mut |row| {
        failed = writing.add(row)?.err();
        Ok(failed.is_none())
    })?;
    Ok(match failed {
        None => writing.end(),
        Some(error) => Err(error),
    })
}

/// The rows of one table on their way into the archive.
struct Rows<'a> {
    archive: &'a mut Archive,
    table: &'a str,
    width: usize,
    head: Vec<u8>,
    entry: Vec<u8>,
    entries: u32,
    count: u64,
}

impl<'a> Rows<'a> {
    fn begin(archive: &'a mut Archive, table: &'a str, columns: &[String]) -> io::Result<Rows<'a>> {
        let mut head = serde_json::to_vec(columns)?;
        head.push(b'\n');
        let entry = head.clone();
        Ok(Rows { archive, table, width: columns.len(), head, entry, entries: 0, count: 0 })
    }

    fn add(&mut self, row: &Row<'_>) -> store::Result<io::Result<()>> {
        let cells =
            (0..self.width).map(|index| row.value(index).map(Cell::of)).collect::<store::Result<Vec<_>>>()?;
        self.count += 1;
        Ok(self.put(&cells))
    }

    fn put(&mut self, cells: &[Cell]) -> io::Result<()> {
        serde_json::to_writer(&mut self.entry, cells)?;
        self.entry.push(b'\n');
        if self.entry.len() >= ENTRY_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.entries += 1;
        let name = format!("tables/{}/{:06}.jsonl", self.table, self.entries);
        self.archive.entry(&name, &self.entry)?;
        self.entry.clone_from(&self.head);
        Ok(())
    }

    /// A table without rows has an entry too.
    fn end(mut self) -> io::Result<u64> {
        if self.entries == 0 || self.entry.len() > self.head.len() {
            self.flush()?;
        }
        Ok(self.count)
    }
}

/// The file while it is written.
struct Archive {
    tar: tar::Builder<GzEncoder<BufWriter<NamedTempFile>>>,
    seconds: u64,
}

impl Archive {
    fn new(file: NamedTempFile, now_ms: i64) -> Archive {
        let compressed = GzEncoder::new(BufWriter::new(file), Compression::fast());
        Archive { tar: tar::Builder::new(compressed), seconds: u64::try_from(now_ms / 1000).unwrap_or(0) }
    }

    fn entry(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.stream(name, bytes.len() as u64, bytes)
    }

    fn stream(&mut self, name: &str, size: u64, bytes: impl io::Read) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.seconds);
        self.tar.append_data(&mut header, name, bytes)
    }

    fn json(&mut self, name: &str, value: &impl Serialize) -> io::Result<()> {
        self.entry(name, &serde_json::to_vec(value)?)
    }

    fn finish(self) -> io::Result<NamedTempFile> {
        let mut file = self.tar.into_inner()?.finish()?;
        file.flush()?;
        file.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

#[cfg(test)]
mod tests;
