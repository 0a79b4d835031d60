//! Backup: the whole database as of one moment, while the portal runs, in one file that works for either engine.
//!
//! Everything is read from one snapshot. The file appears under its name only once it is complete and on disk, and never
//! replaces another. [`restore`](crate::restore) reads it again.

pub(crate) mod archive;
pub(crate) mod blobs;
mod cell;
mod format;
mod hexadecimal;
mod writer;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

pub(crate) use cell::Cell;
pub(crate) use format::{BLOBS, END, End, FORMAT, Hashes, META, Meta, TABLES};
pub(crate) use writer::write;

use crate::error::{Error, Result};
use crate::settings::Settings;
use crate::{damage, data};

/// `portal backup FILE`. The status tells whether files are damaged.
pub(crate) async fn run(settings: Settings, path: &Path) -> Result<ExitCode> {
    let store = data::open_existing(&settings)?;
    let written = write(&store, &Arc::new(settings.blobs), path).await;
    // The copy may have what the running portal has committed and not yet flushed; a write of nothing flushes that too.
    let flushed = store.write(|_| Ok::<_, Error>(())).await;
    store.close();
    flushed?;
    let written = written?;
    let rows: u64 = written.end.rows.values().sum();
    println!("Wrote {} ({rows} rows, {} files)", path.display(), written.blobs.written);
    Ok(damage::status(&written.blobs.damaged, &written.damage, "Everything else was saved"))
}
