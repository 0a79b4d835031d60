//! Whether the bytes of every file are still those that arrived.

use domain::files::blobs;
use outbound::blobs::{BlobError, Blobs, Content};
use store::Store;

use super::report::Finding;
use crate::damage::{self, Damaged};
use crate::error::Result;

/// Reads every file. Damaged ones are named on standard error.
pub(super) async fn check(store: &Store, blobs: &Blobs) -> Finding {
    match read_all(store, blobs).await {
        Ok(finding) => finding,
        Err(error) => Finding::Problem(format!("the files cannot be checked: {error}")),
    }
}

async fn read_all(store: &Store, blobs: &Blobs) -> Result<Finding> {
    let records = store.read_long(blobs::all).await?;
    let (count, mut bytes, mut damaged) = (records.len(), 0, Vec::new());
    for record in records {
        let content = Content::new(record.workspace.0, record.blob.0, record.size, record.hash);
        match blobs.verify(content).await {
            Ok(()) => bytes += content.size,
            Err(BlobError::Damaged(damage)) => damaged.push(Damaged { name: content.name, damage }),
            Err(error) => return Err(error.into()),
        }
    }
    // Files that were removed meanwhile have no line.
    let lines = store.read_long(move |reader| damage::describe(reader, &damaged)).await?;
    damage::tell(&lines);
    Ok(match lines.len() {
        0 => Finding::Good(format!("{count} read, {} MB, each as it arrived", bytes >> 20)),
        1 => Finding::Problem(format!("one of {count} is damaged: {ADVICE}")),
        some => Finding::Problem(format!("{some} of {count} are damaged: {ADVICE}")),
    })
}

const ADVICE: &str = "see to the disk, and send these files again or put them back from a backup \
     (docs/operating.md)";
