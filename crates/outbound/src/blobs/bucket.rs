//! Blobs in an S3 bucket: `WORKSPACE/ID`, with the small version beside it. Uploads are staged in a local folder, where they are
//! resumed, hashed and checked like all others; such stores guarantee that objects appear atomically. Uses `object_store` for
//! the protocol, with our own transport (`transport`).

mod transport;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::ClientOptions;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};
use uuid::Uuid;

use super::blob::{Form, Name, Old, Placed, Stamp};
use super::blocking::blocking;
use super::error::{BlobError, Result};
use super::folder::Folder;
use transport::Transport;

/// Size of one part: larger files are sent in several, one after the other.
const PART_BYTES: usize = 8 << 20;

/// A bucket, and the folder in which uploads are staged.
pub struct Bucket {
    store: AmazonS3,
    staging: Folder,
    shown: String,
}

/// Address and credentials of a bucket.
#[derive(Clone)]
pub struct Place {
    /// `https://host` or `http://host:port`.
    pub endpoint: String,
    /// Its name.
    pub bucket: String,
    /// Its region.
    pub region: String,
    /// The access key id.
    pub key: String,
    /// The secret access key.
    pub secret: String,
}

impl Bucket {
    /// The bucket at `place`. Makes no call yet.
    pub fn new(place: &Place, staging: Folder) -> Result<Bucket> {
        let transport = Transport::new().map_err(|why| BlobError::Unavailable(why.to_string()))?;
        let store = AmazonS3Builder::new()
            .with_endpoint(&place.endpoint)
            .with_bucket_name(&place.bucket)
            .with_region(&place.region)
            .with_access_key_id(&place.key)
            .with_secret_access_key(&place.secret)
            // Parts of the protocol that not every store supports are not used.
            .with_disable_bulk_delete(true)
            .with_client_options(ClientOptions::new().with_allow_http(true))
            .with_http_connector(transport)
            .build()?;
        let host = place.endpoint.split_once("://").map_or("", |(_, host)| host);
        Ok(Bucket { store, staging, shown: format!("s3://{host}/{}", place.bucket) })
    }

    /// Where uploads are staged.
    pub(super) fn staging(&self) -> &Folder {
        &self.staging
    }

    pub(super) async fn place(&self, upload: Uuid, size: u64, name: Name) -> Result<Placed> {
        let (from, placed) = self.staging.finish(upload, size).await?;
        self.put_file(&from, size, &key(name, Form::Whole)).await?;
        // What is left staged is swept later.
        self.staging.discard(upload).await.ok();
        Ok(placed)
    }

    async fn put_file(&self, from: &Path, size: u64, to: &Key) -> Result<()> {
        let from = from.to_path_buf();
        let file = blocking(move || File::open(from)).await?;
        let (mut file, first) = read_part(file).await?;
        if first.len() as u64 == size {
            self.store.put(to, PutPayload::from_bytes(first)).await?;
            return Ok(());
        }
        let mut parts = self.store.put_multipart(to).await?;
        let mut next = first;
        loop {
            if let Err(error) = parts.put_part(PutPayload::from_bytes(next)).await {
                parts.abort().await.ok();
                return Err(error.into());
            }
            (file, next) = match read_part(file).await {
                Ok(read) => read,
                Err(error) => {
                    parts.abort().await.ok();
                    return Err(error);
                }
            };
            if next.is_empty() {
                break;
            }
        }
        parts.complete().await?;
        Ok(())
    }

    pub(super) async fn put_small(&self, name: Name, bytes: Bytes) -> Result<()> {
        self.store.put(&key(name, Form::Small), PutPayload::from_bytes(bytes)).await?;
        Ok(())
    }

    pub(super) async fn size(&self, name: Name, form: Form) -> Result<u64> {
        Ok(self.store.head(&key(name, form)).await?.size)
    }

    pub(super) async fn stamp(&self, name: Name) -> Result<Stamp> {
        let found = self.store.head(&key(name, Form::Whole)).await?;
        Ok(Stamp { size: found.size, changed_at: found.last_modified.into() })
    }

    pub(super) async fn read(&self, name: Name, form: Form, range: Range<u64>) -> Result<Reading> {
        let left = range.end.saturating_sub(range.start);
        if left == 0 {
            // Stores have no empty ranges, but whether the object exists must be checked all the same.
            self.size(name, form).await?;
            return Ok(Reading { left, stream: futures_util::stream::empty().boxed() });
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let stream = self.store.get_opts(&key(name, form), options).await?.into_stream();
        Ok(Reading { left, stream })
    }

    pub(super) async fn replace(&self, name: Name, by: Name) -> Result<()> {
        Ok(self.store.copy(&key(by, Form::Whole), &key(name, Form::Whole)).await?)
    }

    pub(super) async fn remove(&self, name: Name) -> Result<()> {
        for form in [Form::Small, Form::Whole] {
            match self.store.delete(&key(name, form)).await {
                Err(object_store::Error::NotFound { .. }) => {}
                done => done?,
            }
        }
        Ok(())
    }

    pub(super) async fn older_than(&self, age: Duration) -> Result<Old> {
        let before = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut old = Old { staged: self.staging.older_than(age).await?.staged, placed: Vec::new() };
        let mut listed = self.store.list(None);
        while let Some(found) = listed.next().await.transpose()? {
            if SystemTime::from(found.last_modified) <= before {
                old.placed.extend(named(&found.location));
            }
        }
        Ok(old)
    }

    pub(super) async fn check(&self) -> Result<String> {
        let trial = Key::from(format!("trial/{}", Uuid::now_v7()));
        self.store.put(&trial, PutPayload::from_static(b"Can this be stored?")).await?;
        self.store.delete(&trial).await?;
        self.staging.check().await?;
        Ok(format!("files can be put into {}", self.shown))
    }
}

/// Its key in the bucket.
fn key(name: Name, form: Form) -> Key {
    let end = match form {
        Form::Whole => "",
        Form::Small => ".small",
    };
    Key::from(format!("{}/{}{end}", name.workspace, name.id))
}

/// The blob of an object; `None` for small versions and anything else in the bucket.
fn named(key: &Key) -> Option<Name> {
    let (workspace, id) = key.as_ref().split_once('/')?;
    Some(Name { workspace: Uuid::parse_str(workspace).ok()?, id: Uuid::parse_str(id).ok()? })
}

/// The next part of a file; empty at its end.
async fn read_part(mut file: File) -> Result<(File, Bytes)> {
    blocking(move || {
        let mut part = Vec::with_capacity(PART_BYTES);
        (&mut file).take(PART_BYTES as u64).read_to_end(&mut part)?;
        Ok((file, Bytes::from(part)))
    })
    .await
}

impl From<object_store::Error> for BlobError {
    fn from(error: object_store::Error) -> BlobError {
        match error {
            object_store::Error::NotFound { .. } => BlobError::Missing(error.to_string()),
            _ => BlobError::Unavailable(error.to_string()),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl fmt::Debug for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Bucket").field(&self.shown).finish()
    }
}

/// A blob that is being read from a bucket.
pub(super) struct Reading {
    left: u64,
    stream: BoxStream<'static, object_store::Result<Bytes>>,
}

impl Reading {
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(bytes) = self.stream.next().await.transpose()? else {
            return match self.left {
                0 => Ok(None),
                left => Err(BlobError::Missing(format!("{left} bytes did not come"))),
            };
        };
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Ok(Some(bytes))
    }
}

impl fmt::Debug for Reading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reading").field("left", &self.left).finish_non_exhaustive()
    }
}
