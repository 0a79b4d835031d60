//! Identical bytes are stored once (F1). If those that are kept were damaged since, the ones that have just arrived take their
//! place (F16).

use domain::files::blobs;
use domain::kernel::ids::WorkspaceId;
use outbound::blobs::{BlobError, Content, Name};

use crate::app::App;
use crate::http::answers::Result;

/// Checks the blob that is kept for bytes that have arrived as `arrived`.
pub(crate) async fn repair(app: &App, hash: [u8; 32], arrived: Name) {
    if let Err(error) = check(app, hash, arrived).await {
        tracing::warn!(blob = %arrived.id, why = error.message(), "whether identical bytes are damaged cannot be checked");
    }
}

async fn check(app: &App, hash: [u8; 32], arrived: Name) -> Result<()> {
    let workspace = WorkspaceId(arrived.workspace);
    let kept = app.store().read(move |reader| blobs::by_hash(reader, workspace, &hash)).await?;
    let Some(kept) = kept.filter(|kept| kept.blob.0 != arrived.id) else { return Ok(()) };
    let content = Content::new(workspace.0, kept.blob.0, kept.size, kept.hash);
    let Err(BlobError::Damaged(damage)) = app.web.blobs.verify(content).await else { return Ok(()) };
    match app.web.blobs.replace(content.name, arrived).await {
        Ok(()) => {
            tracing::warn!(blob = %kept.blob, %damage, "a damaged file was replaced: it was sent again")
        }
        Err(error) => {
            tracing::error!(blob = %kept.blob, %error, "a damaged file cannot be replaced");
            return Ok(());
        }
    }
    Ok(app.store().write(move |tx| blobs::repaired(tx, workspace, kept.blob)).await?)
}
