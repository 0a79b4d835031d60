//! Backup: the whole database as of one moment, while the portal runs, in one file that works for either engine.
//!
//! Everything is read from one snapshot. The file appears under its name only once it is complete and on disk, and never
//! replaces another. [`restore`](crate::restore) reads it again.

pub(crate) mod archive;
pub(crate) mod blobs;
mod cell;
mod format;
mod writer;

use std::path::Path;
use std::sync::Arc;

pub(crate) use blobs::BlockingBlobs;
pub(crate) use cell::Cell;
pub(crate) use format::{BLOBS, End, FORMAT, Meta, TABLES};
pub(crate) use writer::write;

use crate::data;
use crate::error::{Error, Result};
use crate::settings::Settings;

/// `portal backup FILE`.
pub(crate) async fn run(settings: Settings, path: &Path) -> Result<()> {
    let store = data::open_existing(&settings)?;
    let written = write(&store, &Arc::new(settings.blobs), path).await;
    // The copy may have what the running portal has committed and not yet flushed; a write of nothing flushes that too.
    let flushed = store.write(|_| Ok::<_, Error>(())).await;
    store.close();
    flushed?;
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
