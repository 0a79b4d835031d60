//! Writing a backup: the whole database as of one moment, while the portal runs.

use std::path::Path;
use std::sync::Arc;

use outbound::blobs::Blobs;
use sha2::Digest;
use store::{Reader, Row, Store};

use super::archive::ArchiveWriter;
use super::blobs::{BlockingBlobs, WrittenBlobs};
use super::cell::Cell;
use super::format::{END, End, FORMAT, Hashes, META, Meta, TABLES};
use crate::damage;
use crate::error::Result;

/// An entry is written once it has this many bytes of rows, so that no table has to fit into memory.
const ENTRY_BYTES: usize = 1 << 20;

/// What was written.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) end: End,
    pub(crate) blobs: WrittenBlobs,
    /// The damaged files, a line for each.
    pub(crate) damage: Vec<String>,
}

/// Writes a backup to `path`, which must not exist. On an error nothing is left behind.
pub(crate) async fn write(store: &Store, blobs: &Arc<Blobs>, path: &Path) -> Result<Written> {
    let path = path.to_path_buf();
    let blobs = BlockingBlobs::new(blobs);
    store.read_unlimited(move |reader| write_snapshot(reader, &blobs, &path)).await
}

fn write_snapshot(reader: &Reader, blobs: &BlockingBlobs, path: &Path) -> Result<Written> {
    let now = reader.now().0;
    let mut archive = ArchiveWriter::new(path, now)?;
    let mut hashes = Hashes::default();
    let migration = reader.one("SELECT coalesce(max(number), 0) FROM migrations", &[], |row| row.get(0))?;
    let tables = TABLES.iter().map(ToString::to_string).collect();
    let meta = Meta { kind: Meta::KIND.to_string(), format: FORMAT, migration, at: now, tables };
    hashes.of(META).update(archive.json(META, &meta)?);
    let mut end = End::default();
    for table in TABLES {
        end.rows.insert(table.to_string(), write_table(reader, &mut archive, &mut hashes, table)?);
    }
    let blobs = blobs.write(reader, &mut archive)?;
    let damage = damage::describe(reader, &blobs.damaged)?;
    end.hashes = hashes.finish();
    archive.json(END, &end)?;
    archive.finish()?;
    Ok(Written { end, blobs, damage })
}

/// Writes all rows of a table and returns their number.
fn write_table(
    reader: &Reader,
    archive: &mut ArchiveWriter,
    hashes: &mut Hashes,
    table: &str,
) -> Result<u64> {
    let all = format!("SELECT * FROM {table}");
    let mut writer = TableWriter::new(archive, hashes, table, &reader.columns(&all)?);
    let mut written = Ok(());
    reader.visit(&all, &[], &mut |row| {
        written = writer.add(&cells(row, writer.width)?);
        Ok(written.is_ok())
    })?;
    written?;
    writer.finish()
}

fn cells(row: &Row<'_>, width: usize) -> store::Result<Vec<Cell>> {
    (0..width).map(|index| row.value(index).map(Cell::from)).collect()
}

/// Collects the rows of one table into entries.
struct TableWriter<'a> {
    archive: &'a mut ArchiveWriter,
    hashes: &'a mut Hashes,
    table: &'a str,
    width: usize,
    head: Vec<u8>,
    entry: Vec<u8>,
    entries: u32,
    count: u64,
}

impl<'a> TableWriter<'a> {
    fn new(
        archive: &'a mut ArchiveWriter,
        hashes: &'a mut Hashes,
        table: &'a str,
        columns: &[String],
    ) -> TableWriter<'a> {
        let mut head = serde_json::to_vec(columns).expect("names serialize");
        head.push(b'\n');
        let entry = head.clone();
        TableWriter { archive, hashes, table, width: columns.len(), head, entry, entries: 0, count: 0 }
    }

    fn add(&mut self, cells: &[Cell]) -> Result<()> {
        self.count += 1;
        serde_json::to_writer(&mut self.entry, cells).expect("cells serialize, and memory takes every write");
        self.entry.push(b'\n');
        if self.entry.len() >= ENTRY_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.entries += 1;
        let name = format!("tables/{}/{:06}.jsonl", self.table, self.entries);
        self.archive.entry(&name, &self.entry)?;
        self.hashes.of(self.table).update(&self.entry);
        self.entry.clone_from(&self.head);
        Ok(())
    }

    /// A table without rows has an entry too.
    fn finish(mut self) -> Result<u64> {
        if self.entries == 0 || self.entry.len() > self.head.len() {
            self.flush()?;
        }
        Ok(self.count)
    }
}
