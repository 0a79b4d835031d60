//! Reads blobs from a folder.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use tokio::task::{self, JoinHandle};

use crate::blobs::blocking::{BUFFER_BYTES, joined};
use crate::blobs::error::Result;

/// Reads one buffer ahead.
#[derive(Debug)]
pub(in crate::blobs) struct Reading {
    left: u64,
    ahead: Option<JoinHandle<io::Result<(File, Bytes)>>>,
}

impl Reading {
    /// The next `bytes` of a file.
    pub(super) fn new(file: File, bytes: u64) -> Reading {
        let mut reading = Reading { left: bytes, ahead: None };
        reading.read_ahead(file);
        reading
    }

    fn read_ahead(&mut self, mut file: File) {
        let count = self.left.min(BUFFER_BYTES as u64);
        if count == 0 {
            return;
        }
        self.left -= count;
        self.ahead = Some(task::spawn_blocking(move || {
            // At most a buffer: it fits.
            let mut bytes = Vec::with_capacity(usize::try_from(count).unwrap_or(BUFFER_BYTES));
            let come = (&mut file).take(count).read_to_end(&mut bytes)?;
            if come as u64 != count {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file is shorter than it was"));
            }
            Ok((file, Bytes::from(bytes)))
        }));
    }

    pub(in crate::blobs) async fn next(&mut self) -> Result<Option<Bytes>> {
        let Some(ahead) = self.ahead.take() else { return Ok(None) };
        let (file, bytes) = joined(ahead).await?;
        self.read_ahead(file);
        Ok(Some(bytes))
    }
}
