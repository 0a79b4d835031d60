//! ZIP archives (ISO/IEC 21320-1: stored, UTF-8 names, ZIP64 if needed), written while they are sent: a few pieces of
//! one file are in memory, and nothing is on disk. They are sent as bodies of [`exports`](crate::http::exports).

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use outbound::blobs::{BlobError, Blobs, Content};
use store::Time;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::http::exports::Pieces;

/// Lists the files that are not available at the moment.
const LEFT_OUT: &str = "Not included.txt";

/// An archive being sent. Its methods fail if the reader is gone or a file cannot be read.
pub(crate) struct Archive {
    blobs: Arc<Blobs>,
    pieces: Pieces,
    written: Written,
    writer: ZipWriter<StreamWriter<Written>>,
    left_out: Vec<String>,
}

impl Archive {
    pub(crate) fn new(blobs: Arc<Blobs>, pieces: Pieces) -> Archive {
        let written = Written::default();
        let writer = ZipWriter::new_stream(written.clone());
        Archive { blobs, pieces, written, writer, left_out: Vec::new() }
    }

    /// Begins a text entry; [`Archive::write`] appends to it.
    pub(crate) fn begin(&mut self, path: &str, at: Option<Time>) -> io::Result<()> {
        Ok(self.writer.start_file(path, options(0, at))?)
    }

    /// Buffers text until [`Archive::send`].
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        self.writer.write_all(text.as_bytes())
    }

    pub(crate) fn folder(&mut self, path: &str, at: Option<Time>) -> io::Result<()> {
        Ok(self.writer.add_directory(path, options(0, at))?)
    }

    /// Sends a file, or leaves it out if it is found damaged before its first byte. Later, the archive breaks off.
    pub(crate) async fn file(&mut self, path: &str, content: Content, at: Option<Time>) -> io::Result<()> {
        let first = async {
            let mut reading = self.blobs.read_whole(content).await?;
            let first = reading.next().await?;
            Ok((reading, first))
        };
        let (mut reading, mut next) = match first.await {
            Ok(begun) => begun,
            Err(BlobError::Damaged(damage)) => {
                tracing::error!(blob = %content.name.id, %damage, "a file is damaged");
                self.leave_out(format!("{path} (damaged)"));
                return Ok(());
            }
            Err(error) => return Err(io::Error::other(error)),
        };
        self.writer.start_file(path, options(content.size, at))?;
        while let Some(bytes) = next {
            self.writer.write_all(&bytes)?;
            self.send().await?;
            next = reading.next().await.map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Records a file that is not available at the moment.
    pub(crate) fn leave_out(&mut self, path: String) {
        self.left_out.push(path);
    }

    /// Sends everything buffered.
    pub(crate) async fn send(&mut self) -> io::Result<()> {
        let written = self.written.take();
        if written.is_empty() || self.pieces.send(written).await {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
    }

    /// Lists the files left out, in `folder` (empty, or with a slash at its end), and finishes the archive.
    pub(crate) async fn end(&mut self, folder: &str) -> io::Result<()> {
        if !self.left_out.is_empty() {
            self.begin(&format!("{folder}{LEFT_OUT}"), None)?;
            self.write(&self.left_out.join("\r\n"))?;
        }
        // A placeholder; nothing is written to it.
        let nothing = ZipWriter::new_stream(Written::default());
        std::mem::replace(&mut self.writer, nothing).finish()?;
        self.send().await
    }

    /// Aborts the archive, so that the reader knows it is incomplete.
    pub(crate) async fn break_off(&self, cause: &io::Error) {
        self.pieces.break_off(cause).await;
    }
}

/// Written but not yet sent. Shared: the ZIP writer appends, and the archive drains it.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        // No code panics while holding the lock.
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn options(size: u64, at: Option<Time>) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(at.map(entry_time).unwrap_or_default())
        .large_file(size >= u64::from(u32::MAX))
}

/// The ZIP format has UTC times from 1980 on, to two seconds.
fn entry_time(time: Time) -> DateTime {
    let at = Timestamp::from_millisecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |number: i8| u8::try_from(number).unwrap_or(0);
    let year = u16::try_from(at.year()).unwrap_or(0);
    let (month, day) = (part(at.month()), part(at.day()));
    DateTime::from_date_and_time(year, month, day, part(at.hour()), part(at.minute()), part(at.second()))
        .unwrap_or_default()
}
