//! Files in the firm: uploaded by the tus protocol or with a form, as browsers and other clients do.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::files::entry::{self, Entry};
use domain::files::{listing, previews};
use domain::kernel::access::Actor;
use domain::kernel::ids::{ChannelId, FileId, MessageId};
use domain::messages::message::{self, Message, Window};

use super::{Answer, Browser, Firm, MORNING};

/// `Upload-Metadata` of these pairs.
pub fn metadata(pairs: &[(&str, &str)]) -> String {
    let pair = |(key, value): &(&str, &str)| format!("{key} {}", STANDARD.encode(value));
    pairs.iter().map(pair).collect::<Vec<_>>().join(",")
}

/// The contents of a ZIP archive, read by an independent unpacker that verifies every checksum.
pub fn unzipped(archive: &[u8]) -> BTreeMap<String, Vec<u8>> {
    const UNZIP: &str = "import sys, io, json, zipfile\n\
        archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))\n\
        assert archive.testzip() is None\n\
        names = archive.namelist()\n\
        assert len(names) == len(set(names))\n\
        print(json.dumps({name: list(archive.read(name)) for name in names}))";
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", UNZIP])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3, which bin/setup installs");
    child.stdin.take().unwrap().write_all(archive).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the archive cannot be read");
    serde_json::from_slice(&output.stdout).unwrap()
}

impl Browser<'_> {
    /// Calls an upload address, speaking tus 1.0.0.
    pub async fn tus(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut all = vec![("tus-resumable", "1.0.0"), ("accept", "application/json")];
        all.extend(headers);
        self.raw(method, path, &all, body).await
    }

    /// Announces an upload and returns its path.
    pub async fn announces(&mut self, size: usize, pairs: &[(&str, &str)]) -> String {
        let (size, pairs) = (size.to_string(), metadata(pairs));
        let headers = [("upload-length", size.as_str()), ("upload-metadata", pairs.as_str())];
        let answer = self.tus(Method::POST, "/uploads", &headers, Body::empty()).await;
        answer.is(201);
        answer.to().to_string()
    }

    /// Uploads bytes from an offset on.
    pub async fn brings(&mut self, path: &str, offset: usize, body: impl Into<Body>) -> Answer {
        let offset = offset.to_string();
        let headers =
            [("upload-offset", offset.as_str()), ("content-type", "application/offset+octet-stream")];
        self.tus(Method::PATCH, path, &headers, body).await
    }

    /// The number of bytes received so far.
    pub async fn offset(&mut self, path: &str) -> usize {
        let answer = self.tus(Method::HEAD, path, &[], Body::empty()).await;
        answer.is(200);
        answer.headers["upload-offset"].to_str().unwrap().parse().unwrap()
    }
}

impl Firm {
    /// Sends a message with one file, as a browser without scripts does. Returns the message and its file.
    pub async fn sends_file(
        &self,
        who: Actor,
        channel: ChannelId,
        name: &str,
        bytes: &[u8],
    ) -> (MessageId, FileId) {
        let id = MessageId::new(MORNING);
        let mut browser = self.browser_of(who).await;
        let form = [("id", id.to_string())];
        let texts: Vec<(&str, &str)> = form.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let answer =
            browser.sends_form(&format!("/messages/{channel}"), &texts, &[("files", name, bytes)]).await;
        answer.goes(&format!("/messages/{channel}"));
        let sent = self.portal.read(move |reader| message::find(reader, &who, id)).await;
        (id, sent.attachments[0].file)
    }

    /// A valid picture.
    pub fn picture(&self) -> Vec<u8> {
        // A minimal PNG of one pixel.
        STANDARD
            .decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
            .unwrap()
    }

    /// Creates the small versions that are due, as the worker does.
    pub async fn makes_previews(&self) {
        while let Some(due) = self.portal.write(|tx| previews::take(tx)).await {
            let name = outbound::blobs::Name { workspace: due.workspace.0, id: due.blob.0 };
            let blobs = outbound::blobs::Blobs::Memory(self.portal.blobs.clone());
            let size = u64::try_from(due.size).unwrap();
            let whole = blobs.read(name, outbound::blobs::Form::Whole, 0..size).await.unwrap();
            let small = outbound::pictures::small(&whole.all().await.unwrap()).unwrap();
            blobs.put_small(name, small.bytes).await.unwrap();
            let dimensions = (small.dimensions.0.into(), small.dimensions.1.into());
            self.portal.write(move |tx| previews::made(tx, &due, dimensions)).await;
        }
    }

    /// All files of a channel, from every folder, newest first.
    pub async fn files(&self, who: Actor, channel: ChannelId) -> Vec<Entry> {
        self.portal.read(move |reader| listing::below(reader, &who, channel, None, None, 300)).await
    }

    pub async fn file_names(&self, who: Actor, channel: ChannelId) -> Vec<String> {
        let mut names: Vec<String> =
            self.files(who, channel).await.into_iter().map(|entry| entry.name).collect();
        names.sort();
        names
    }

    pub async fn newest(&self, who: Actor, channel: ChannelId) -> Message {
        let mut found =
            self.portal.read(move |reader| message::page(reader, &who, channel, Window::Newest, 1)).await;
        found.remove(0)
    }
}
