//! Why bytes were not taken, as answers.

use axum::http::StatusCode;
use outbound::blobs::BlobError;

use crate::http::answers::Answer;

pub(crate) fn store_failed(error: &BlobError) -> Answer {
    tracing::error!(%error, "files cannot be stored");
    match error {
        BlobError::Full(_) => Answer::refused(
            StatusCode::INSUFFICIENT_STORAGE,
            "storageFull",
            "There is no room left for files here. It has been noted.",
        ),
        BlobError::Missing(_) | BlobError::Damaged(_) | BlobError::Unavailable(_) => failed(),
    }
}

pub(crate) fn failed() -> Answer {
    Answer::refused(
        StatusCode::SERVICE_UNAVAILABLE,
        "failed",
        "The file could not be stored. It has been noted; please try again.",
    )
}

/// The bytes that had come are gone: the client must start over.
pub(crate) fn gone() -> Answer {
    Answer::refused(StatusCode::GONE, "gone", "Please begin this upload anew.")
}
