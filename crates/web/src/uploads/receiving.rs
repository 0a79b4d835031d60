//! Receives the bytes of every upload, whatever the protocol: writes them to the blob store, records progress in the
//! database as they reach the disk, and completes the upload. Continues if the client disconnects, so that received
//! bytes are kept.

use std::pin::Pin;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use domain::files::blobs::ReceivedBlob;
use domain::files::content::{self, Class};
use domain::files::uploads::{self, Upload};
use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Problem};
use domain::kernel::ids::{BlobId, FileId, UploadId};
use http_body_util::BodyExt;
use outbound::blobs::{BlobError, Form, Name, Receiving};
use outbound::pictures;

use crate::app::App;
use crate::http::answers::{Answer, Result};
use crate::uploads::locks::{Alone, locked};
use crate::uploads::paced_body::Unread;
use crate::uploads::repair::repair;

/// A connection that sends nothing for this long is closed.
const SILENT_MAX: Duration = Duration::from_secs(90);
/// Progress on a slow connection is recorded this often. A crash loses no more than that, and others can see that the
/// upload is active ([`uploads::QUIET`]).
const NOTED_EVERY: Duration = Duration::from_secs(20);

pub(crate) enum Incoming<'a> {
    /// The whole body of a request.
    Body(Body),
    /// A file in a form, with the form's count of unparsed bytes.
    Field(Box<multer::Field<'a>>, Unread),
}

impl Incoming<'_> {
    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> std::result::Result<Option<Bytes>, BrokenOff> {
        match self {
            Incoming::Field(field, unread) => {
                unread.reset();
                field.chunk().await.map_err(|_| BrokenOff)
            }
            Incoming::Body(body) => loop {
                match body.frame().await {
                    None => return Ok(None),
                    Some(Err(_)) => return Err(BrokenOff),
                    // Trailers are ignored.
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            return Ok(Some(bytes));
                        }
                    }
                }
            },
        }
    }
}

impl Incoming<'_> {
    /// Reads and discards the rest.
    pub(crate) async fn skip(mut self) -> Result<()> {
        loop {
            match tokio::time::timeout(SILENT_MAX, self.next()).await {
                Ok(Ok(Some(_))) => {}
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(BrokenOff)) | Err(_) => return Err(broken_off()),
            }
        }
    }
}

fn broken_off() -> Answer {
    Answer::refused(StatusCode::BAD_REQUEST, "brokenOff", "The request broke off.")
}

/// The connection was lost or replaced by another.
struct BrokenOff;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// Bytes of the upload stored so far.
    pub(crate) offset: i64,
    /// The file that the upload became, if it did.
    pub(crate) file: Option<FileId>,
}

/// Receives bytes of an upload from `offset` on, in its own task: a lost connection ends the request, but not the work.
pub(crate) async fn take(
    app: &App,
    actor: Actor,
    upload: Upload,
    offset: i64,
    incoming: Incoming<'static>,
) -> Result<Received> {
    let app = app.clone();
    let work = tokio::spawn(async move { take_here(&app, actor, &upload, offset, incoming).await });
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "an upload broke off");
        Err(failed())
    })
}

/// Like [`take`], in the caller's task.
pub(crate) async fn take_here(
    app: &App,
    actor: Actor,
    upload: &Upload,
    offset: i64,
    incoming: Incoming<'_>,
) -> Result<Received> {
    let id = upload.id;
    let alone = app.upload_locks.alone(id).await.ok_or_else(locked)?;
    // Read again under the lock: another connection may have added bytes.
    let upload = app.store().read(move |reader| uploads::find(reader, &actor, id)).await?;
    if offset != upload.received {
        let message = format!("This upload goes on at byte {}.", upload.received);
        return Err(Answer::refused(StatusCode::CONFLICT, "uploadOffset", &message));
    }
    // Already complete, but the client did not get that answer.
    if upload.blob.is_some() {
        return Ok(Received { offset, file: None });
    }
    let workspace = actor.workspace;
    let room = app.web.room;
    let most = app.store().read(move |reader| uploads::file_max(reader, workspace, &room)).await?;
    let most = upload.size.unwrap_or(most);
    let mut receiving = match app.web.blobs.receive(id.0, byte_count(offset)).await {
        Ok(receiving) => receiving,
        Err(error @ BlobError::Missing(_)) => {
            // The blob store lost bytes that the database counted, so the client must start over.
            tracing::warn!(%error, upload = %id, "what had come of an upload is gone");
            app.store().write(move |tx| uploads::abandon(tx, &actor, id)).await?;
            return Err(Answer::refused(StatusCode::GONE, "gone", "Please begin this upload anew."));
        }
        Err(error) => return Err(store_failed(&error)),
    };
    let mut stretch = Segment::new(app, actor, id, &alone, offset);
    let end = stretch.take(&mut receiving, incoming, most).await?;
    let received = stretch.note(&mut receiving).await?;
    drop(receiving);
    match end {
        End::TooMuch => {
            discard_all(app, actor, id).await;
            Err(Error::field("file", Problem::TooLarge(most)).into())
        }
        End::All if upload.size.is_none_or(|size| size == received) => {
            let file = complete(app, actor, &upload, received).await?;
            Ok(Received { offset: received, file })
        }
        End::All => Ok(Received { offset: received, file: None }),
        // The client is gone; nobody reads this.
        End::BrokenOff => Err(broken_off()),
    }
}

/// How receiving ended.
enum End {
    All,
    BrokenOff,
    TooMuch,
}

/// A disk sync followed by recording the progress. Yields the number of bytes recorded.
type Noting = Pin<Box<dyn Future<Output = Result<i64>> + Send>>;

/// Bytes received over one connection.
struct Segment<'a> {
    app: &'a App,
    actor: Actor,
    id: UploadId,
    alone: &'a Alone,
    /// Bytes recorded in the database.
    noted: i64,
    /// A recording in progress. It runs while more bytes arrive, so that disk and network do not wait for each other.
    noting: Option<Noting>,
    /// Bytes received when the last recording began, and its time.
    begun: i64,
    begun_at: Instant,
    /// Bytes received.
    come: i64,
}

impl<'a> Segment<'a> {
    fn new(app: &'a App, actor: Actor, id: UploadId, alone: &'a Alone, offset: i64) -> Segment<'a> {
        let (noting, begun_at) = (None, Instant::now());
        Segment { app, actor, id, alone, noted: offset, noting, begun: offset, begun_at, come: offset }
    }

    async fn take(
        &mut self,
        receiving: &mut Receiving,
        mut incoming: Incoming<'_>,
        most: i64,
    ) -> Result<End> {
        let sync_every = i64::try_from(self.app.web.blobs.sync_every()).unwrap_or(i64::MAX);
        let wanted = self.alone.wanted();
        tokio::pin!(wanted);
        loop {
            let next = tokio::select! {
                next = tokio::time::timeout(SILENT_MAX, incoming.next()) => next,
                () = &mut wanted => return Ok(End::BrokenOff),
                ended = self.end_noting(), if self.noting.is_some() => {
                    ended?;
                    continue;
                }
            };
            let bytes = match next {
                Ok(Ok(Some(bytes))) => bytes,
                Ok(Ok(None)) => return Ok(End::All),
                Ok(Err(BrokenOff)) | Err(_) => return Ok(End::BrokenOff),
            };
            let count = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
            if count > most - self.come {
                return Ok(End::TooMuch);
            }
            receiving.write(bytes).await.map_err(|error| store_failed(&error))?;
            self.come += count;
            if self.come - self.begun >= sync_every || self.begun_at.elapsed() >= NOTED_EVERY {
                self.begin_noting(receiving).await?;
            }
        }
    }

    /// Starts recording progress, after finishing the previous recording.
    async fn begin_noting(&mut self, receiving: &mut Receiving) -> Result<()> {
        self.end_noting().await?;
        let syncing = receiving.begin_sync().await.map_err(|error| store_failed(&error))?;
        let (store, actor, id, noted) = (self.app.store().clone(), self.actor, self.id, self.noted);
        self.noting = Some(Box::pin(async move {
            let on_disk = syncing.await.map_err(|error| store_failed(&error))?;
            let on_disk = i64::try_from(on_disk).unwrap_or(i64::MAX);
            if on_disk > noted {
                store.write(move |tx| uploads::received(tx, &actor, id, on_disk)).await?;
            }
            Ok(on_disk)
        }));
        (self.begun, self.begun_at) = (self.come, Instant::now());
        Ok(())
    }

    /// Finishes a recording in progress. Cancel-safe: if dropped, the next call continues.
    async fn end_noting(&mut self) -> Result<()> {
        if let Some(noting) = &mut self.noting {
            let noted = noting.await;
            self.noting = None;
            self.noted = noted?;
        }
        Ok(())
    }

    /// Records everything received so far.
    async fn note(&mut self, receiving: &mut Receiving) -> Result<i64> {
        self.begin_noting(receiving).await?;
        self.end_noting().await?;
        Ok(self.noted)
    }
}

/// Completes an upload whose bytes are all on disk: moves the blob into place, detects its type and records it.
async fn complete(app: &App, actor: Actor, upload: &Upload, size: i64) -> Result<Option<FileId>> {
    let blob = BlobId::new(app.store().clock().now());
    let name = Name { workspace: actor.workspace.0, id: blob.0 };
    let blobs = &app.web.blobs;
    let placed =
        blobs.place(upload.id.0, byte_count(size), name).await.map_err(|error| store_failed(&error))?;
    let content_type = content::content_type(&placed.head, &upload.name);
    let dimensions = match Class::of(content_type) {
        Class::Picture => dimensions(app, name, placed.size).await,
        _ => None,
    };
    let is_unchecked = app.web.is_scanned;
    let content_type = content_type.to_string();
    let arrived = ReceivedBlob { id: blob, hash: placed.hash, size, content_type, dimensions, is_unchecked };
    let (id, room) = (upload.id, app.web.room);
    let counted = app.store().write(move |tx| uploads::complete(tx, &actor, id, &arrived, &room)).await;
    match counted {
        Ok(file) => {
            repair(app, placed.hash, name).await;
            Ok(file)
        }
        Err(error) => {
            // Delete a refused blob now, unless the database may have recorded it despite the error.
            if !matches!(error, Error::Store(_)) {
                if let Err(error) = blobs.remove(name).await {
                    tracing::warn!(%error, "bytes that do not count are left for the sweep");
                }
                discard_all(app, actor, id).await;
            }
            Err(error.into())
        }
    }
}

/// Width and height of a picture, read from its first bytes.
async fn dimensions(app: &App, name: Name, size: u64) -> Option<(i64, i64)> {
    let range = 0..size.min(pictures::HEAD_BYTES);
    let head = app.web.blobs.read(name, Form::Whole, range).await.ok()?.all().await.ok()?;
    let found = tokio::task::spawn_blocking(move || pictures::dimensions(&head)).await.ok()??;
    Some((found.0.into(), found.1.into()))
}

/// Deletes an upload and its bytes.
pub(crate) async fn discard_all(app: &App, actor: Actor, id: UploadId) {
    let abandoned = app.store().write(move |tx| uploads::abandon(tx, &actor, id)).await;
    if let Err(error) = abandoned
        && !matches!(error, Error::NotFound)
    {
        tracing::warn!(%error, upload = %id, "an upload is left for the sweep");
    }
    discard(app, id).await;
}

/// Deletes an upload's bytes. If that fails, the blob collector does it later.
pub(crate) async fn discard(app: &App, id: UploadId) {
    if let Err(error) = app.web.blobs.discard(id.0).await {
        tracing::warn!(%error, upload = %id, "what came of an upload is left for the sweep");
    }
}

fn byte_count(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn store_failed(error: &BlobError) -> Answer {
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

fn failed() -> Answer {
    Answer::refused(
        StatusCode::SERVICE_UNAVAILABLE,
        "failed",
        "The file could not be stored. It has been noted; please try again.",
    )
}
