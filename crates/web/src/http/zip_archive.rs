//! Archives (ZIP, ISO/IEC 21320-1: stored, names in UTF-8, ZIP64 where it must be) that are written while they are sent: a few
//! pieces of one file are in memory, and nothing on disk. They leave as bodies of [`exports`](crate::exports).

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use outbound::blobs::{Blobs, Form, Name};
use store::Time;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::http::exports::Pieces;

/// What stands in an archive for files that nobody gets at the moment.
const LEFT_OUT: &str = "Not included.txt";

/// An archive on its way out.
///
/// # Errors
/// Its calls fail where nobody reads any more, and where a file cannot be read.
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

    /// Begins an entry, which [`Archive::write`] goes on with.
    pub(crate) fn begin(&mut self, path: &str, at: Option<Time>) -> io::Result<()> {
        Ok(self.writer.start_file(path, options(0, at))?)
    }

    /// Writes on. Nothing leaves before [`Archive::send`].
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        self.writer.write_all(text.as_bytes())
    }

    pub(crate) fn folder(&mut self, path: &str, at: Option<Time>) -> io::Result<()> {
        Ok(self.writer.add_directory(path, options(0, at))?)
    }

    /// Writes and sends a file of so many bytes.
    pub(crate) async fn file(
        &mut self,
        path: &str,
        name: Name,
        size: i64,
        at: Option<Time>,
    ) -> io::Result<()> {
        let size = u64::try_from(size).unwrap_or(0);
        let mut reading = self.blobs.read(name, Form::Whole, 0..size).await.map_err(io::Error::other)?;
        self.writer.start_file(path, options(size, at))?;
        while let Some(bytes) = reading.next().await.map_err(io::Error::other)? {
            self.writer.write_all(&bytes)?;
            self.send().await?;
        }
        Ok(())
    }

    /// Notes a file that nobody gets at the moment.
    pub(crate) fn leave_out(&mut self, path: String) {
        self.left_out.push(path);
    }

    /// Sends what was written so far.
    pub(crate) async fn send(&mut self) -> io::Result<()> {
        let written = self.written.take();
        if written.is_empty() || self.pieces.send(written).await {
            Ok(())
        } else {
            Err(io::Error::from(io::ErrorKind::BrokenPipe))
        }
    }

    /// Names what was left out, in this folder (empty, or with a slash at its end), and sends the end.
    pub(crate) async fn end(&mut self, folder: &str) -> io::Result<()> {
        if !self.left_out.is_empty() {
            self.begin(&format!("{folder}{LEFT_OUT}"), None)?;
            self.write(&self.left_out.join("\r\n"))?;
        }
        // What takes its place is never written to.
        let nothing = ZipWriter::new_stream(Written::default());
        std::mem::replace(&mut self.writer, nothing).finish()?;
        self.send().await
    }

    /// Breaks it off, so that whoever reads it knows that it is not whole.
    pub(crate) async fn break_off(&self, cause: &io::Error) {
        self.pieces.break_off(cause).await;
    }
}

/// What was written and not sent yet: the archive writes at one end, the connection takes at the other.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn take(&self) -> Vec<u8> {
        // Nothing panics while the lock is held.
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

/// A time as archives note it: in UTC, to two seconds, from 1980 on.
fn entry_time(time: Time) -> DateTime {
    let at = Timestamp::from_millisecond(time.0).unwrap_or(Timestamp::UNIX_EPOCH);
    let at = at.to_zoned(jiff::tz::TimeZone::UTC);
    let part = |number: i8| u8::try_from(number).unwrap_or(0);
    let year = u16::try_from(at.year()).unwrap_or(0);
    let (month, day) = (part(at.month()), part(at.day()));
    DateTime::from_date_and_time(year, month, day, part(at.hour()), part(at.minute()), part(at.second()))
        .unwrap_or_default()
}
