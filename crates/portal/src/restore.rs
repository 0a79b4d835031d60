//! Restore: the way back from a [`backup`](crate::backup), into a database without a workspace, on either engine.
//!
//! One transaction takes it all, so that what fails half-way leaves the database as it was. The file is read as a
//! stream: its rows never have to fit into memory.

use domain::files::previews;
use domain::kernel::error;
use domain::messages::search;
use domain::tenant::workspaces;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::bufread::GzDecoder;
use outbound::blobs::Blobs;
use serde::de::DeserializeOwned;
use store::{Clock, Migration, Param, Setting, Store, Tx};

use crate::backup::{Cabinet, Cell, End, FORMAT, Meta, TABLES};
use crate::data::Data;
use crate::error::{Error, Result};
use crate::settings::Settings;

/// The largest entry that is read: many times what a backup writes at once, so that no file can fill the memory.
const ENTRY_BYTES_MAX: u64 = 64 << 20;

/// `portal restore FILE`.
///
/// # Errors
/// As [`into`].
pub(crate) async fn run(settings: Settings, path: &Path) -> Result<()> {
    let meta = meta(path)?;
    Data::make(&settings.data)?;
    let (rows, files) = into(&settings.database, &Arc::new(settings.blobs), path, &meta).await?;
    println!("Restored {} ({rows} rows, {files} files)", path.display());
    Ok(())
}

/// Restores into a database and a store of blobs, and says how many rows and files there were. Bytes come first: no row names
/// any that are not there.
///
/// # Errors
/// Where the database has a workspace, the file is damaged or of another version, or the database or the store fails; then
/// nothing of it is kept.
pub(crate) async fn into(
    setting: &Setting,
    blobs: &Arc<Blobs>,
    path: &Path,
    meta: &Meta,
) -> Result<(u64, u64)> {
    let known = migrations_of(meta, path)?;
    let store = open(setting, known)?;
    let is_taken = store.read(workspaces::any).await;
    store.close();
    if is_taken? {
        return Err(taken());
    }
    let (cabinet, file) = (Cabinet::of(blobs), path.to_path_buf());
    let put = waiting(move || cabinet.put_back(&file)).await?;
    let files = put.len() as u64;
    match rows_into(setting, path, meta).await {
        Ok(rows) => Ok((rows, files)),
        Err(error) => {
            let cabinet = Cabinet::of(blobs);
            waiting(move || {
                cabinet.take_out(&put);
                Ok(())
            })
            .await?;
            Err(error)
        }
    }
}

/// Runs work that waits away from the threads of the runtime.
async fn waiting<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::refused(format!("the backup cannot be read: {error}"))))
}

fn taken() -> Error {
    Error::refused(
        "there is a portal in this database already, and it is left as it is: restore into a new data folder or an empty database",
    )
}

async fn rows_into(setting: &Setting, path: &Path, meta: &Meta) -> Result<u64> {
    let known = migrations_of(meta, path)?;
    let is_newest = known.len() == domain::MIGRATIONS.len();
    let store = open(setting, known)?;
    let file = path.to_path_buf();
    let tables = meta.tables.clone();
    let restored = store.write(move |tx| {
        let rows = fill(tx, &file, &tables)?;
        if is_newest {
            rebuild(tx)?;
        }
        Ok::<_, Error>(rows)
    });
    let restored = restored.await;
    store.close();
    let rows = restored?;
    if !is_newest {
        // Rows of an older version become today's the way that a database does: by the migrations after theirs.
        let store = open(setting, domain::MIGRATIONS)?;
        let rebuilt = store.write(|tx| rebuild(tx).map_err(Error::from)).await;
        store.close();
        rebuilt?;
    }
    Ok(rows)
}

/// What a backup leaves out because it is made of the rest.
fn rebuild(tx: &Tx) -> error::Result<()> {
    search::rebuild(tx)?;
    previews::rebuild(tx)
}

fn open(setting: &Setting, known: &[Migration]) -> Result<Store> {
    Store::open(setting, Clock::System, known).map_err(|error| match error {
        store::Error::Newer { .. } if known.len() < domain::MIGRATIONS.len() => Error::refused(
            "the backup was made by an older version than the database here: restore into a new data folder or an empty database",
        ),
        other => other.into(),
    })
}

/// The migrations that the backup's database had.
fn migrations_of(meta: &Meta, path: &Path) -> Result<&'static [Migration]> {
    let count = domain::MIGRATIONS.iter().position(|migration| migration.number == meta.migration);
    match count {
        Some(index) => Ok(&domain::MIGRATIONS[..=index]),
        None => Err(Error::refused(format!(
            "{} was made by a newer version of the portal (migration {}): install that version to restore it",
            path.display(),
            meta.migration
        ))),
    }
}

/// What a backup says of itself.
///
/// # Errors
/// Where the file cannot be read, is no backup, or one of another form.
pub(crate) fn meta(path: &Path) -> Result<Meta> {
    let no_backup = || Error::refused(format!("{} is no backup of a portal", path.display()));
    let mut archive = archive(path)?;
    let mut entries = archive.entries().map_err(|_| no_backup())?;
    let Some(Ok(entry)) = entries.next() else { return Err(no_backup()) };
    if name_of(&entry).is_none_or(|name| name != "meta.json") {
        return Err(no_backup());
    }
    let meta: Meta = json(entry).map_err(|_| no_backup())?;
    if meta.kind != Meta::KIND {
        return Err(no_backup());
    }
    if meta.format != FORMAT {
        return Err(Error::refused(format!(
            "{} has the form {} and this version of the portal knows {FORMAT}: install the version that made it",
            path.display(),
            meta.format
        )));
    }
    Ok(meta)
}

pub(crate) type Archive = tar::Archive<GzDecoder<BufReader<File>>>;

pub(crate) fn archive(path: &Path) -> Result<Archive> {
    let file = File::open(path).map_err(Error::machine(format!("cannot read {}", path.display())))?;
    Ok(tar::Archive::new(GzDecoder::new(BufReader::new(file))))
}

pub(crate) fn name_of<R: Read>(entry: &tar::Entry<'_, R>) -> Option<String> {
    Some(entry.path().ok()?.to_str()?.to_string())
}

/// Reads a small entry.
fn json<T: DeserializeOwned>(entry: impl Read) -> io::Result<T> {
    Ok(serde_json::from_reader(entry.take(ENTRY_BYTES_MAX))?)
}

/// Puts every row of the file into the database, in the caller's transaction.
fn fill(tx: &Tx, path: &Path, tables: &[String]) -> Result<u64> {
    if workspaces::any(tx)? {
        return Err(taken());
    }
    let damaged =
        |why: &str| Error::refused(format!("{} is damaged: {why}; nothing of it was kept", path.display()));
    let unread = |error: io::Error| damaged(&error.to_string());
    let order: Vec<&str> =
        TABLES.iter().copied().filter(|table| tables.iter().any(|given| given == table)).collect();
    if order != tables {
        return Err(damaged("its tables are not those of a portal"));
    }
    // What a start leaves in an empty database: the set-up link and its like.
    for table in order.iter().rev() {
        tx.run(&format!("DELETE FROM {table}"), &[])?;
    }
    let mut archive = archive(path)?;
    let mut end: Option<End> = None;
    let mut counts: BTreeMap<String, u64> = tables.iter().map(|table| (table.clone(), 0)).collect();
    let mut place = 0;
    for (number, entry) in archive.entries().map_err(unread)?.enumerate() {
        let entry = entry.map_err(unread)?;
        let name = name_of(&entry).ok_or_else(|| damaged("an entry has no name"))?;
        // The bytes of files were put back before.
        if name.starts_with("blobs/") {
            continue;
        }
        if entry.size() > ENTRY_BYTES_MAX {
            return Err(damaged(&format!("{name} is too large")));
        }
        if number == 0 && name == "meta.json" {
            continue;
        }
        if name == "end.json" {
            end = Some(json(entry).map_err(unread)?);
            break;
        }
        // Tables come in their order, each in one stretch: references lead to rows that are there.
        let table = name.split('/').nth(1).unwrap_or_default();
        let Some(ahead) = order[place..].iter().position(|known| *known == table) else {
            return Err(damaged(&format!("{name} is not expected there")));
        };
        place += ahead;
        let count = insert(tx, order[place], entry).map_err(|error| match error {
            Broken::File(why) => damaged(&format!("{name}: {why}")),
            Broken::Database(error) => error.into(),
        })?;
        *counts.entry(table.to_string()).or_default() += count;
    }
    if end.is_none_or(|end| end.rows != counts) {
        return Err(damaged("it is cut off"));
    }
    // To the very end: there stands the check sum of all that was read.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(unread)?;
    Ok(counts.values().sum())
}

/// What is wrong: the file or the database.
enum Broken {
    File(String),
    Database(store::Error),
}

impl From<store::Error> for Broken {
    fn from(error: store::Error) -> Broken {
        Broken::Database(error)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Broken {
        Broken::File(error.to_string())
    }
}

/// Inserts the rows of one entry and says how many there were.
fn insert(tx: &Tx, table: &str, entry: impl Read) -> std::result::Result<u64, Broken> {
    let mut lines = BufReader::new(entry).lines();
    let head = lines.next().unwrap_or(Ok(String::new()))?;
    let columns: Vec<String> =
        serde_json::from_str(&head).map_err(|_| Broken::File("it does not name its columns".to_string()))?;
    // Only names that the database has itself get into the statement.
    let known = tx.columns(&format!("SELECT * FROM {table}"))?;
    let same = columns.len() == known.len() && columns.iter().all(|column| known.contains(column));
    if !same {
        return Err(Broken::File("its columns are not those of the database".to_string()));
    }
    let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    let mut count = 0;
    for line in lines {
        let cells: Vec<Cell> = serde_json::from_str(&line?)
            .map_err(|_| Broken::File(format!("row {} cannot be read", count + 1)))?;
        if cells.len() != columns.len() {
            return Err(Broken::File(format!("row {} has too few or too many values", count + 1)));
        }
        let params: Vec<&dyn Param> = cells.iter().map(|cell| cell as &dyn Param).collect();
        tx.run(&sql, &params)?;
        count += 1;
    }
    Ok(count)
}
