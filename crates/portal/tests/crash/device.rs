//! A device that repeats what it does, however often the program dies, until it gets an answer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::kernel::ids::{ChannelId, MessageId};
use store::Clock;

use crate::connection::Connection;

/// Files of one message.
const FILES: usize = 2;
/// Bytes of each.
const FILE_BYTES: usize = 60_000;
/// Bytes of one request of an upload.
const PIECE_BYTES: usize = 20_000;
const TUS: [(&str, &str); 1] = [("tus-resumable", "1.0.0")];
/// In none of the files.
const BOUNDARY: &str = "between-two-parts";

/// How much of each [`Kind`] was confirmed.
pub(crate) static FINISHED: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];

/// What a device sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Messages without files.
    Texts,
    /// Messages whose files are uploaded before, in pieces.
    Uploads,
    /// Messages and their files in one form.
    Forms,
    /// Files of a channel, uploaded in pieces.
    Filing,
}

impl Kind {
    /// The beginning of its messages and of the names of its files.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Texts => "text",
            Kind::Uploads => "brought",
            Kind::Forms => "formed",
            Kind::Filing => "filed",
        }
    }

    /// The names of its files, from which their contents follow.
    pub(crate) fn names(self, id: MessageId) -> Vec<String> {
        let count = match self {
            Kind::Texts => 0,
            Kind::Uploads | Kind::Forms => FILES,
            Kind::Filing => 1,
        };
        (1..=count).map(|number| format!("{} {id} {number}.txt", self.word())).collect()
    }
}

/// The contents of the file of this name, different for each.
pub(crate) fn bytes_of(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(FILE_BYTES).collect()
}

#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) cookie: String,
    pub(crate) channel: ChannelId,
}

/// An upload, as far as the device knows.
struct Upload {
    path: String,
    is_complete: bool,
}

pub(crate) struct Device {
    pub(crate) kind: Kind,
    /// What the program confirmed.
    pub(crate) answered: Vec<MessageId>,
    /// How often the program died before an answer.
    pub(crate) interrupted: usize,
    /// How often an upload was resumed halfway.
    pub(crate) resumed: usize,
    /// What has no answer yet, and its uploads.
    pending: Option<MessageId>,
    uploads: Vec<Upload>,
}

impl Device {
    pub(crate) fn new(kind: Kind) -> Device {
        Device { kind, answered: Vec::new(), interrupted: 0, resumed: 0, pending: None, uploads: Vec::new() }
    }

    /// Sends one after the other until the program dies. The next time it begins with what had no answer.
    pub(crate) fn work(&mut self, target: &Target, killed: &AtomicBool) {
        let Some(mut connection) = Connection::open(&target.host, &target.cookie) else { return };
        while !killed.load(Ordering::SeqCst) {
            let id = *self.pending.get_or_insert_with(|| MessageId::new(Clock::System.now()));
            if self.resume(&mut connection, target.channel, id).is_none() {
                self.interrupted += 1;
                return;
            }
            self.answered.push(id);
            FINISHED[self.kind as usize].fetch_add(1, Ordering::SeqCst);
            self.pending = None;
            self.uploads.clear();
        }
    }

    /// Uploads may have been swept meanwhile, so it asks about each again.
    pub(crate) fn recheck_uploads(&mut self) {
        self.uploads.iter_mut().for_each(|upload| upload.is_complete = false);
    }

    fn resume(&mut self, connection: &mut Connection<'_>, channel: ChannelId, id: MessageId) -> Option<()> {
        match self.kind {
            Kind::Forms => return send_form(connection, channel, id),
            Kind::Texts => {}
            Kind::Uploads | Kind::Filing => {
                for (index, name) in self.kind.names(id).iter().enumerate() {
                    self.upload(connection, channel, index, name)?;
                }
            }
        }
        if self.kind == Kind::Filing { Some(()) } else { self.send(connection, channel, id) }
    }

    fn send(&self, connection: &mut Connection<'_>, channel: ChannelId, id: MessageId) -> Option<()> {
        let uploads = self.uploads.iter().filter_map(|upload| upload.path.rsplit('/').next());
        let uploads: Vec<_> = uploads.map(|id| format!("\"{id}\"")).collect();
        let (word, uploads) = (self.kind.word(), uploads.join(","));
        let body = format!("{{\"id\":\"{id}\",\"text\":\"{word} {id}\",\"attachments\":[{uploads}]}}");
        let headers = [("content-type", "application/json")];
        connection.request(&format!("POST /messages/{channel}"), &headers, body.as_bytes())?.is(200);
        Some(())
    }

    /// Uploads the rest of a file, or all of it if the upload was swept.
    fn upload(
        &mut self,
        connection: &mut Connection<'_>,
        channel: ChannelId,
        index: usize,
        name: &str,
    ) -> Option<()> {
        let bytes = bytes_of(name);
        loop {
            let mut offset = match self.uploads.get(index) {
                Some(upload) if upload.is_complete => return Some(()),
                Some(upload) => {
                    let answer = connection.request(&format!("HEAD {}", upload.path), &TUS, &[])?;
                    if answer.status == 404 {
                        self.uploads.remove(index);
                        continue;
                    }
                    // The file is complete: only the answer was lost.
                    if answer.is(200).header("portal-file").is_some() {
                        return Some(());
                    }
                    answer.number("upload-offset")
                }
                None => {
                    let path = self.announce(connection, channel, name, bytes.len())?;
                    self.uploads.push(Upload { path, is_complete: false });
                    0
                }
            };
            self.resumed += usize::from(offset > 0 && offset < bytes.len());
            let upload = self.uploads.get_mut(index).expect("it is known by now");
            while !upload.is_complete {
                let piece = &bytes[offset..bytes.len().min(offset + PIECE_BYTES)];
                let at = offset.to_string();
                let headers = [
                    TUS[0],
                    ("content-type", "application/offset+octet-stream"),
                    ("upload-offset", at.as_str()),
                ];
                let answer = connection.request(&format!("PATCH {}", upload.path), &headers, piece)?;
                // The bytes were stored, and the program died before the database knew.
                if answer.status == 410 {
                    break;
                }
                offset = answer.is(204).number("upload-offset");
                upload.is_complete = offset == bytes.len();
            }
        }
    }

    fn announce(
        &self,
        connection: &mut Connection<'_>,
        channel: ChannelId,
        name: &str,
        size: usize,
    ) -> Option<String> {
        let mut metadata =
            format!("channel {},filename {}", STANDARD.encode(channel.to_string()), STANDARD.encode(name));
        if self.kind == Kind::Filing {
            metadata.push_str(",folder ");
        }
        let size = size.to_string();
        let headers = [TUS[0], ("upload-length", size.as_str()), ("upload-metadata", metadata.as_str())];
        let answer = connection.request("POST /uploads", &headers, &[])?;
        Some(answer.is(201).header("location").expect("where it is").to_string())
    }
}

fn send_form(connection: &mut Connection<'_>, channel: ChannelId, id: MessageId) -> Option<()> {
    let mut body = Vec::new();
    for (name, text) in [("id", id.to_string()), ("text", format!("{} {id}", Kind::Forms.word()))] {
        let part =
            format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend(part.into_bytes());
    }
    for name in Kind::Forms.names(id) {
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\
             content-type: text/plain\r\n\r\n"
        );
        body.extend([head.into_bytes(), bytes_of(&name), b"\r\n".to_vec()].concat());
    }
    body.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    connection.request(&format!("POST /messages/{channel}"), &[("content-type", &kind)], &body)?.is(200);
    Some(())
}
