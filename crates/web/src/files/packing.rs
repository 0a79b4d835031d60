//! Several files at once as one archive (ZIP, ISO/IEC 21320-1: stored, names in UTF-8, ZIP64 where it must be). It is written
//! while it is sent: no more than a piece of one file is in memory, and nothing on disk.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{self, HeaderValue};
use axum::response::IntoResponse;
use domain::files::{self, Kind, Packed};
use domain::ids::{ChannelId, WorkspaceId};
use domain::{Error, channels};
use futures_util::stream;
use jiff::Timestamp;
use outbound::blobs::{Form, Name, Reading};
use store::Time;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::changing::Chosen;
use super::serving::disposition;
use crate::App;
use crate::answers::Result;
use crate::input::{Input, Named};
use crate::routes::Routes;
use crate::visitor::Visitor;

/// What stands in an archive for files that nobody gets at the moment.
const LEFT_OUT: &str = "Not included.txt";

pub(super) fn routes(routes: Routes) -> Routes {
    routes.post("/files/{channel}/zip", pack)
}

async fn pack(
    State(app): State<App>,
    visitor: Visitor,
    Named(channel): Named<ChannelId>,
    Input(chosen): Input<Chosen>,
) -> Result {
    if chosen.files.is_empty() {
        return chosen.nothing(&app, visitor, channel).await;
    }
    let actor = visitor.actor;
    let (title, packed) = app
        .store()
        .read_long(move |reader| {
            let packed = files::packed(reader, &actor, channel, &chosen.files)?;
            Ok::<_, Error>((channels::find(reader, &actor, channel)?.title, packed))
        })
        .await?;
    // One folder gives the archive its name.
    let name = match packed.first() {
        Some(Packed { path, entry }) if entry.kind == Kind::Folder && chosen_one(&packed) => path.clone(),
        _ => files::FileName::or("name", &title, "Files")?.safe,
    };
    let archive = Archive::new(&app, actor.workspace, packed);
    let body = Body::from_stream(stream::unfold(Some(archive), |archive| async move {
        let mut archive = archive?;
        match archive.next().await {
            Ok(Some(bytes)) => Some((Ok(bytes), Some(archive))),
            Ok(None) => None,
            Err(error) => {
                tracing::error!(%error, "an archive broke off while it was sent");
                Some((Err(error), None))
            }
        }
    }));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, disposition("attachment", &format!("{name}.zip"))),
    ];
    Ok((headers, body).into_response())
}

/// Whether everything lies in the first entry.
fn chosen_one(packed: &[Packed]) -> bool {
    packed.iter().skip(1).all(|packed| packed.path.contains('/'))
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

/// An archive on its way out.
struct Archive {
    app: App,
    workspace: WorkspaceId,
    rest: std::vec::IntoIter<Packed>,
    reading: Option<Reading>,
    /// Gone when its end was written.
    writer: Option<ZipWriter<StreamWriter<Written>>>,
    written: Written,
    left_out: Vec<String>,
}

impl Archive {
    fn new(app: &App, workspace: WorkspaceId, packed: Vec<Packed>) -> Archive {
        let written = Written::default();
        Archive {
            app: app.clone(),
            workspace,
            rest: packed.into_iter(),
            reading: None,
            writer: Some(ZipWriter::new_stream(written.clone())),
            written,
            left_out: Vec::new(),
        }
    }

    /// The next bytes; nothing after the last.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        while self.writer.is_some() {
            self.go_on().await?;
            let written = self.written.take();
            if !written.is_empty() {
                return Ok(Some(Bytes::from(written)));
            }
        }
        Ok(None)
    }

    /// Writes the next piece.
    async fn go_on(&mut self) -> io::Result<()> {
        let Some(writer) = self.writer.as_mut() else { return Ok(()) };
        if let Some(reading) = self.reading.as_mut() {
            match reading.next().await.map_err(io::Error::other)? {
                Some(bytes) => writer.write_all(&bytes)?,
                None => self.reading = None,
            }
            return Ok(());
        }
        let Some(Packed { path, entry }) = self.rest.next() else {
            if !self.left_out.is_empty() {
                writer.start_file(LEFT_OUT, options(0, DateTime::default()))?;
                writer.write_all(self.left_out.join("\r\n").as_bytes())?;
            }
            // Taken out, it is not asked again.
            if let Some(writer) = self.writer.take() {
                writer.finish()?;
            }
            return Ok(());
        };
        let at = entry_time(entry.updated_at);
        match (entry.kind, &entry.stored) {
            (Kind::Folder, _) => writer.add_directory(path, options(0, at))?,
            (Kind::Link, _) => {
                writer.start_file(format!("{path}.url"), options(0, at))?;
                let url = entry.link_url.as_deref().unwrap_or_default();
                write!(writer, "[InternetShortcut]\r\nURL={url}\r\n")?;
            }
            (Kind::File, Some(stored)) if stored.held.is_none() => {
                let size = u64::try_from(stored.size).unwrap_or(0);
                let name = Name { workspace: self.workspace.0, id: stored.blob.0 };
                let reading = self.app.web.blobs.read(name, Form::Whole, 0..size).await;
                self.reading = Some(reading.map_err(io::Error::other)?);
                writer.start_file(path, options(size, at))?;
            }
            (Kind::File, _) => self.left_out.push(path),
        }
        Ok(())
    }
}

fn options(size: u64, at: DateTime) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(at)
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
