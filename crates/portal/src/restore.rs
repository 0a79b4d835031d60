//! Restore: reads a [`backup`](crate::backup) into a database without a workspace, on either engine.
//!
//! All rows go in within one transaction, so that a failure half-way leaves the database as it was. The file is read as a
//! stream: its rows never have to fit into memory.

mod blobs;
mod rows;

use domain::files::previews;
use domain::kernel::error;
use domain::messages::search;
use domain::tenant::workspaces;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use outbound::blobs::Blobs;
use store::{Clock, Migration, Param, Setting, Store, Tx};

use crate::backup::archive::{self, damaged, limited, name_of, read_json};
use crate::backup::blobs::BlockingBlobs;
use crate::backup::{BLOBS, END, End, FORMAT, Hashes, META, Meta, TABLES};
use crate::damage::{self, Damaged};
use crate::data::Data;
use crate::error::{Error, Result};
use crate::settings::Settings;
use rows::{Hashed, Rows};

/// What was restored.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) rows: u64,
    pub(crate) files: u64,
    pub(crate) damaged: Vec<Damaged>,
}

/// `portal restore FILE`. The status tells whether files are damaged.
pub(crate) async fn run(settings: Settings, path: &Path) -> Result<ExitCode> {
    let meta = meta(path)?;
    Data::create(&settings.data)?;
    let restored = into(&settings.database, &Arc::new(settings.blobs), path, &meta).await?;
    println!("Restored {} ({} rows, {} files)", path.display(), restored.rows, restored.files);
    let lines = described(&settings.database, &restored.damaged).await?;
    Ok(damage::status(&restored.damaged, &lines, "Everything else was restored"))
}

/// A line for each damaged file.
async fn described(setting: &Setting, damaged: &[Damaged]) -> Result<Vec<String>> {
    if damaged.is_empty() {
        return Ok(Vec::new());
    }
    let store = open(setting, domain::MIGRATIONS)?;
    let damaged = damaged.to_vec();
    let lines = store.read_long(move |reader| damage::describe(reader, &damaged)).await;
    store.close();
    lines
}

/// Restores into a database without a workspace and a store of blobs. Bytes go first, so that no row names any that are
/// missing. On an error nothing is kept.
pub(crate) async fn into(
    setting: &Setting,
    blobs: &Arc<Blobs>,
    path: &Path,
    meta: &Meta,
) -> Result<Restored> {
    let known = migrations_of(meta, path)?;
    let store = open(setting, known)?;
    let is_taken = store.read(workspaces::any).await;
    store.close();
    if is_taken? {
        return Err(taken());
    }
    let blobs = BlockingBlobs::new(blobs);
    let (restoring, file) = (blobs.clone(), path.to_path_buf());
    let restored = blocking(move || blobs::restore(&restoring, &file)).await?;
    match rows_into(setting, path, meta).await {
        Ok(rows) => Ok(Restored { rows, files: restored.files, damaged: restored.damaged }),
        Err(error) => {
            blocking(move || restored.undo(&blobs)).await;
            Err(error)
        }
    }
}

/// Runs blocking work away from the threads of the runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("the work does not panic, and nothing cancels it")
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
    let restored = store.write_unlimited(move |tx| {
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
        // Rows of an older version are brought up to date as a database is: by the migrations after theirs.
        let store = open(setting, domain::MIGRATIONS)?;
        let rebuilt = store.write_unlimited(|tx| rebuild(tx).map_err(Error::from)).await;
        store.close();
        rebuilt?;
    }
    Ok(rows)
}

/// Builds what a backup leaves out because it follows from the rest.
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

/// The migrations of the database that was backed up.
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

/// Reads the head of a backup; refuses what is no backup, or one of another format.
pub(crate) fn meta(path: &Path) -> Result<Meta> {
    let no_backup = || Error::refused(format!("{} is no backup of a portal", path.display()));
    let mut archive = archive::open(path)?;
    let mut entries = archive.entries().map_err(|_| no_backup())?;
    let Some(Ok(entry)) = entries.next() else { return Err(no_backup()) };
    if name_of(&entry).is_none_or(|name| name != META) {
        return Err(no_backup());
    }
    let meta: Meta = read_json(entry).map_err(|_| no_backup())?;
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

/// Inserts every row of the file, in the caller's transaction.
fn fill(tx: &Tx, path: &Path, tables: &[String]) -> Result<u64> {
    if workspaces::any(tx)? {
        return Err(taken());
    }
    let unread = |error: io::Error| damaged(path, error);
    let order: Vec<&str> =
        TABLES.iter().copied().filter(|table| tables.iter().any(|given| given == table)).collect();
    if order != tables {
        return Err(damaged(path, "its tables are not those of a portal"));
    }
    // A start leaves some rows in an empty database, such as the set-up link.
    for table in order.iter().rev() {
        tx.run(&format!("DELETE FROM {table}"), &[])?;
    }
    let mut archive = archive::open(path)?;
    let mut end: Option<End> = None;
    let mut counts: BTreeMap<String, u64> = tables.iter().map(|table| (table.clone(), 0)).collect();
    let (mut hashes, mut place) = (Hashes::default(), 0);
    for (number, entry) in archive.entries().map_err(unread)?.enumerate() {
        let entry = entry.map_err(unread)?;
        let name = name_of(&entry).ok_or_else(|| damaged(path, "an entry has no name"))?;
        // The bytes of files were restored before.
        if name.starts_with(BLOBS) {
            continue;
        }
        limited(path, &name, &entry)?;
        if number == 0 && name == META {
            let mut meta = Hashed { inner: entry, hash: hashes.of(META) };
            io::copy(&mut meta, &mut io::sink()).map_err(unread)?;
            continue;
        }
        if name == END {
            end = Some(read_json(entry).map_err(unread)?);
            break;
        }
        // Tables come in their order, so that references lead to rows that exist.
        let table = name.split('/').nth(1).unwrap_or_default();
        let Some(ahead) = order[place..].iter().position(|known| *known == table) else {
            return Err(damaged(path, format!("{name} is not expected there")));
        };
        place += ahead;
        let entry = Hashed { inner: entry, hash: hashes.of(table) };
        let count = insert(tx, order[place], entry, &|why| damaged(path, format!("{name}: {why}")))?;
        *counts.entry(table.to_string()).or_default() += count;
    }
    let end = end.filter(|end| end.rows == counts).ok_or_else(|| damaged(path, "it is cut off"))?;
    if !end.hashes.is_empty() && end.hashes != hashes.finish() {
        return Err(damaged(path, "its rows are not those that were written"));
    }
    // The checksum of everything is at the very end.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(unread)?;
    Ok(counts.values().sum())
}

/// Inserts the rows of one entry and returns their number.
fn insert(tx: &Tx, table: &str, entry: impl Read, damaged: &dyn Fn(String) -> Error) -> Result<u64> {
    let (columns, rows) = Rows::open(entry).map_err(damaged)?;
    // Only names that the database has itself get into the statement.
    let known = tx.columns(&format!("SELECT * FROM {table}"))?;
    let same = columns.len() == known.len() && columns.iter().all(|column| known.contains(column));
    if !same {
        return Err(damaged("its columns are not those of the database".to_string()));
    }
    let names: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", "));
    let mut count = 0;
    for cells in rows {
        let cells = cells.map_err(damaged)?;
        let params: Vec<&dyn Param> = cells.iter().map(|cell| cell as &dyn Param).collect();
        tx.run(&sql, &params)?;
        count += 1;
    }
    Ok(count)
}

#[cfg(test)]
mod tests;
