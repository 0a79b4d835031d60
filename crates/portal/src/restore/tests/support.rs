//! Portals to back up, and what is in them.

use domain::directory::person;
use domain::kernel::access;
use domain::messages::search;
use domain::tenant::workspaces;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use outbound::blobs::{Blobs, Memory};
use store::{Clock, Engine, Setting, Store};
use tempfile::TempDir;

use crate::backup::archive::{self, ArchiveWriter};
use crate::backup::{self, Cell, End, TABLES};
use crate::error::Result;
use crate::{demo, restore};

/// Tables that a backup leaves out, for the reasons given at [`TABLES`].
pub(super) fn is_left_out(table: &str) -> bool {
    table == "migrations" || table.starts_with("message_words") || table.starts_with("sqlite_")
}

pub(super) fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

pub(super) fn sqlite(folder: &TempDir, name: &str) -> Setting {
    Setting::Sqlite(folder.path().join(name))
}

pub(super) fn open(setting: &Setting) -> Store {
    Store::open(setting, Clock::System, domain::MIGRATIONS).unwrap()
}

pub(super) async fn furnished(setting: &Setting) -> Store {
    demo::furnish(setting, None).await.unwrap();
    open(setting)
}

pub(super) async fn back(setting: &Setting, file: &Path) -> Result<u64> {
    let blobs = Arc::new(Blobs::Memory(Memory::default()));
    Ok(restore::into(setting, &blobs, file, &restore::meta(file)?).await?.rows)
}

/// Writes a backup of a portal without files.
pub(super) async fn write(store: &Store, path: &Path) -> Result<End> {
    Ok(backup::write(store, &Arc::new(Blobs::Memory(Memory::default())), path).await?.end)
}

/// All rows of a database, sorted.
pub(super) async fn rows(setting: &Setting) -> Vec<String> {
    let store = open(setting);
    let rows = store.read_long(|reader| {
        let mut rows = Vec::new();
        for table in TABLES {
            let all = format!("SELECT * FROM {table}");
            let columns = reader.columns(&all)?;
            reader.visit(&all, &[], &mut |row| {
                let mut cells = Vec::new();
                for (index, column) in columns.iter().enumerate() {
                    cells.push(format!("{column}={:?}", Cell::from(row.value(index)?)));
                }
                // The place of a message in the index may change.
                cells.retain(|cell| !cell.starts_with("search_row"));
                cells.sort();
                rows.push(format!("{table}: {}", cells.join(" ")));
                Ok(true)
            })?;
        }
        rows.sort();
        Ok::<_, store::Error>(rows)
    });
    let rows = rows.await.unwrap();
    store.close();
    rows
}

/// The messages that Maya finds, newest first.
pub(super) async fn found(setting: &Setting, words: &'static str) -> Vec<String> {
    let store = open(setting);
    let found = store.write(move |tx| {
        let workspace = workspaces::all(tx)?.remove(0).id;
        let maya = person::by_email(tx, workspace, "maya@northwind.example")?.unwrap().id;
        let actor = access::actor(tx, workspace, maya)?.unwrap();
        search::catch_up(tx)?;
        search::messages(tx, &actor, words, None, None, 10)
    });
    let found = found.await.unwrap();
    store.close();
    found.into_iter().map(|found| found.message.text).collect()
}

pub(super) async fn tables(setting: &Setting) -> Vec<String> {
    let store = open(setting);
    let catalogue = match store.engine() {
        Engine::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
        Engine::Postgres => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
        }
    };
    let found = store.read(move |reader| reader.all(catalogue, &[], |row| row.get::<String>(0)));
    let mut found: Vec<String> = found.await.unwrap();
    store.close();
    found.retain(|table| !is_left_out(table));
    found
}

/// Writes an archive with these entries.
pub(super) fn archive_of(path: &Path, entries: &[(&str, &str)]) {
    let _ = std::fs::remove_file(path);
    let mut archive = ArchiveWriter::new(path, 0).unwrap();
    for (name, text) in entries {
        archive.entry(name, text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

/// The entries of an archive.
pub(super) fn unpacked(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = archive::open(path).unwrap();
    let entry = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (archive::name_of(&entry).unwrap(), bytes)
    };
    archive.entries().unwrap().map(entry).collect()
}

/// Writes an archive with these entries.
pub(super) fn pack(path: &Path, entries: &[(String, Vec<u8>)]) {
    let _ = std::fs::remove_file(path);
    let mut archive = ArchiveWriter::new(path, 0).unwrap();
    entries.iter().for_each(|(name, bytes)| archive.entry(name, bytes).unwrap());
    archive.finish().unwrap();
}

pub(super) const META: &str =
    r#"{"kind":"portal backup","format":1,"migration":1,"at":0,"tables":["workspaces","people"]}"#;
