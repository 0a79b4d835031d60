//! A device that goes on with what it does, however often the program dies under it, until that is answered.

use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::kernel::ids::{ChannelId, MessageId};
use store::Clock;

use crate::line::Line;

/// Files of one message.
const FILES: usize = 2;
/// Bytes of each.
const FILE_BYTES: usize = 60_000;
/// Bytes of one request that goes on with an upload.
const PIECE_BYTES: usize = 20_000;
const TUS: [(&str, &str); 1] = [("tus-resumable", "1.0.0")];
/// No file holds these words.
const BOUNDARY: &str = "between-two-parts";

/// What a device does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Messages without files.
    Texts,
    /// Messages whose files come before them, in pieces.
    Uploads,
    /// Messages with their files in the same form.
    Forms,
    /// Files that are put into Files, in pieces.
    Filing,
}

impl Kind {
    /// What the text of its messages begins with, or the name of its files in Files.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Texts => "text",
            Kind::Uploads => "brought",
            Kind::Forms => "formed",
            Kind::Filing => "filed",
        }
    }

    /// What its files are called: their names say what is in them.
    pub(crate) fn names(self, id: MessageId) -> Vec<String> {
        let count = match self {
            Kind::Texts => 0,
            Kind::Uploads | Kind::Forms => FILES,
            Kind::Filing => 1,
        };
        (1..=count).map(|number| format!("{} {id} {number}.txt", self.word())).collect()
    }
}

/// What the file of this name holds: nothing that another one does.
pub(crate) fn bytes_of(name: &str) -> Vec<u8> {
    name.bytes().cycle().take(FILE_BYTES).collect()
}

/// Where a device is at work.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) host: String,
    pub(crate) cookie: String,
    pub(crate) channel: ChannelId,
}

/// An upload, as far as the device has heard.
struct Upload {
    path: String,
    is_there: bool,
}

pub(crate) struct Device {
    pub(crate) kind: Kind,
    /// What it was told is done.
    pub(crate) answered: Vec<MessageId>,
    /// How often the program died under it.
    pub(crate) cut_off: usize,
    /// How often an upload went on from its middle.
    pub(crate) went_on: usize,
    /// What is not answered yet, and its uploads.
    under_way: Option<MessageId>,
    uploads: Vec<Upload>,
}

impl Device {
    pub(crate) fn new(kind: Kind) -> Device {
        Device { kind, answered: Vec::new(), cut_off: 0, went_on: 0, under_way: None, uploads: Vec::new() }
    }

    /// One after the other until the program dies; what is unanswered then comes first the next time.
    pub(crate) fn work(&mut self, place: &Place, killed: &AtomicBool) {
        let Some(mut line) = Line::open(&place.host, &place.cookie) else { return };
        while !killed.load(Ordering::SeqCst) {
            let id = *self.under_way.get_or_insert_with(|| MessageId::new(Clock::System.now()));
            if self.go_on(&mut line, place.channel, id).is_none() {
                self.cut_off += 1;
                return;
            }
            self.answered.push(id);
            self.under_way = None;
            self.uploads.clear();
        }
    }

    /// Asks anew about its uploads when it goes on: they may be gone by then.
    pub(crate) fn doubt(&mut self) {
        self.uploads.iter_mut().for_each(|upload| upload.is_there = false);
    }

    fn go_on(&mut self, line: &mut Line<'_>, channel: ChannelId, id: MessageId) -> Option<()> {
        match self.kind {
            Kind::Forms => return send_form(line, channel, id),
            Kind::Texts => {}
            Kind::Uploads | Kind::Filing => {
                for (index, name) in self.kind.names(id).iter().enumerate() {
                    self.bring(line, channel, index, name)?;
                }
            }
        }
        if self.kind == Kind::Filing { Some(()) } else { self.send(line, channel, id) }
    }

    fn send(&self, line: &mut Line<'_>, channel: ChannelId, id: MessageId) -> Option<()> {
        let uploads = self.uploads.iter().filter_map(|upload| upload.path.rsplit('/').next());
        let uploads: Vec<_> = uploads.map(|id| format!("\"{id}\"")).collect();
        let (word, uploads) = (self.kind.word(), uploads.join(","));
        let body = format!("{{\"id\":\"{id}\",\"text\":\"{word} {id}\",\"attachments\":[{uploads}]}}");
        let headers = [("content-type", "application/json")];
        line.ask(&format!("POST /messages/{channel}"), &headers, body.as_bytes())?.is(200);
        Some(())
    }

    /// Brings a file from where it is, or anew where it is gone.
    fn bring(&mut self, line: &mut Line<'_>, channel: ChannelId, index: usize, name: &str) -> Option<()> {
        let bytes = bytes_of(name);
        loop {
            let mut offset = match self.uploads.get(index) {
                Some(upload) if upload.is_there => return Some(()),
                Some(upload) => {
                    let answer = line.ask(&format!("HEAD {}", upload.path), &TUS, &[])?;
                    if answer.status == 404 {
                        self.uploads.remove(index);
                        continue;
                    }
                    // It is a file in Files: only the answer was lost.
                    if answer.is(200).header("portal-file").is_some() {
                        return Some(());
                    }
                    answer.number("upload-offset")
                }
                None => {
                    let path = self.announce(line, channel, name, bytes.len())?;
                    self.uploads.push(Upload { path, is_there: false });
                    0
                }
            };
            self.went_on += usize::from(offset > 0 && offset < bytes.len());
            let upload = self.uploads.get_mut(index).expect("it is known by now");
            while !upload.is_there {
                let piece = &bytes[offset..bytes.len().min(offset + PIECE_BYTES)];
                let at = offset.to_string();
                let headers = [
                    TUS[0],
                    ("content-type", "application/offset+octet-stream"),
                    ("upload-offset", at.as_str()),
                ];
                let answer = line.ask(&format!("PATCH {}", upload.path), &headers, piece)?;
                // It was put in place, and the program died before it counted.
                if answer.status == 410 {
                    break;
                }
                offset = answer.is(204).number("upload-offset");
                upload.is_there = offset == bytes.len();
            }
        }
    }

    fn announce(&self, line: &mut Line<'_>, channel: ChannelId, name: &str, size: usize) -> Option<String> {
        let mut metadata =
            format!("channel {},filename {}", STANDARD.encode(channel.to_string()), STANDARD.encode(name));
        if self.kind == Kind::Filing {
            metadata.push_str(",folder ");
        }
        let size = size.to_string();
        let headers = [TUS[0], ("upload-length", size.as_str()), ("upload-metadata", metadata.as_str())];
        let answer = line.ask("POST /uploads", &headers, &[])?;
        Some(answer.is(201).header("location").expect("where it is").to_string())
    }
}

fn send_form(line: &mut Line<'_>, channel: ChannelId, id: MessageId) -> Option<()> {
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
    line.ask(&format!("POST /messages/{channel}"), &[("content-type", &kind)], &body)?.is(200);
    Some(())
}
