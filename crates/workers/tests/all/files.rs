//! What happens to files later: small versions (F4), the scanner, and everything that nobody needs any more (F3, F5).

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use crate::support::PostOffice;
use bytes::Bytes;
use domain::channels::starting::{self, Subject};
use domain::files::blobs::{self, ReceivedBlob};
use domain::files::changing::{self, Contents};
use domain::files::content;
use domain::files::entry::{self, Entry, Status};
use domain::files::uploads::{self, NewUpload, Purpose, StorageLimits};
use domain::kernel::ids::{BlobId, ChannelId, FileId, UploadId};
use image::{ImageFormat, Rgb, RgbImage};
use outbound::blobs::{Blobs, Form, Memory, Name};
use outbound::documents::Documents;
use outbound::pictures;
use outbound::scanner::Scanner;
use workers::{BlobCollector, Previewer, ScanWorker};

const ROOM: StorageLimits = StorageLimits { file_max: 1 << 30, workspace_max: 1 << 40 };

struct Cabinet {
    office: PostOffice,
    memory: Memory,
    blobs: Arc<Blobs>,
    channel: ChannelId,
    is_scanned: bool,
}

impl Cabinet {
    async fn open() -> Cabinet {
        let office = PostOffice::open().await;
        let (ada, maria) = (office.ada, office.client("Maria").await);
        let channel = office.write(move |tx| starting::create(tx, &ada, &Subject::Client(maria))).await;
        let memory = Memory::default();
        let blobs = Arc::new(Blobs::Memory(memory.clone()));
        Cabinet { office, memory, blobs, channel, is_scanned: false }
    }

    /// Announces an upload and brings its bytes into the staging place.
    async fn stages(&self, purpose: Purpose, name: &str, bytes: &[u8]) -> UploadId {
        let (ada, channel) = (self.office.ada, self.channel);
        let new = NewUpload { channel, purpose, name: name.to_string(), size: None, metadata: None };
        let upload = self.office.write(move |tx| uploads::begin(tx, &ada, &new, &ROOM)).await;
        let mut receiving = self.blobs.receive(upload.id.0, 0).await.unwrap();
        receiving.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        receiving.sync().await.unwrap();
        upload.id
    }

    /// A file at the top of the channel.
    async fn files(&self, name: &str, bytes: &[u8]) -> FileId {
        let upload = self.stages(Purpose::Folder(None), name, bytes).await;
        let ada = self.office.ada;
        let id = BlobId::new(self.office.now());
        let place = Name { workspace: ada.workspace.0, id: id.0 };
        let placed = self.blobs.place(upload.0, bytes.len() as u64, place).await.unwrap();
        let content_type = content::content_type(&placed.head, name).to_string();
        let dimensions = pictures::dimensions(bytes).map(|(width, height)| (width.into(), height.into()));
        let (size, is_unchecked) = (bytes.len() as i64, self.is_scanned);
        let arrived = ReceivedBlob { id, hash: placed.hash, size, content_type, dimensions, is_unchecked };
        self.office.write(move |tx| uploads::complete(tx, &ada, upload, &arrived, &ROOM)).await.unwrap()
    }

    async fn entry(&self, file: FileId) -> Entry {
        let ada = self.office.ada;
        self.office.read(move |reader| entry::find(reader, &ada, file)).await
    }

    async fn small(&self, file: FileId) -> Option<Vec<u8>> {
        let name = self.name(file).await;
        let size = self.blobs.size(name, Form::Small).await.ok()?;
        Some(self.blobs.read(name, Form::Small, 0..size).await.unwrap().all().await.unwrap())
    }

    async fn name(&self, file: FileId) -> Name {
        let blob = self.entry(file).await.stored.unwrap().blob;
        Name { workspace: self.office.workspace.0, id: blob.0 }
    }

    fn previewer(&self, documents: Documents) -> Previewer {
        Previewer::new(self.office.store.clone(), Arc::clone(&self.blobs), documents)
    }

    fn collector(&self) -> BlobCollector {
        BlobCollector::new(self.office.store.clone(), Arc::clone(&self.blobs))
    }
}

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(width, height, |x, y| Rgb([x as u8, y as u8, 90]));
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    bytes.into_inner()
}

/// A document of one page in portrait (ISO 32000-1), with what its reader needs and nothing else.
fn document() -> Vec<u8> {
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 400] >>",
    ];
    let mut text = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (number, object) in objects.iter().enumerate() {
        places.push(text.len());
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let start = text.len();
    text.push_str("xref\n0 4\n0000000000 65535 f \n");
    for place in places {
        text.push_str(&format!("{place:010} 00000 n \n"));
    }
    text.push_str(&format!("trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"));
    text.into_bytes()
}

#[tokio::test]
async fn f4_a_picture_gets_its_small_version_later() {
    let cabinet = Cabinet::open().await;
    let file = cabinet.files("flat.jpg", &picture(2000, 1000)).await;
    assert_eq!(cabinet.entry(file).await.stored.unwrap().small, None);
    let previewer = cabinet.previewer(Documents::None);
    assert!(previewer.step().await.unwrap());
    assert!(!previewer.step().await.unwrap());
    assert_eq!(cabinet.entry(file).await.stored.unwrap().small, Some((960, 480)));
    let small = cabinet.small(file).await.unwrap();
    assert_eq!(pictures::dimensions(&small), Some((960, 480)));
}

#[tokio::test]
async fn f4_a_broken_picture_has_none_and_is_not_tried_for_ever() {
    let cabinet = Cabinet::open().await;
    let mut broken = picture(200, 100);
    broken.truncate(700);
    let file = cabinet.files("flat.jpg", &broken).await;
    let previewer = cabinet.previewer(Documents::None);
    for _ in 0..10 {
        previewer.step().await.unwrap();
        cabinet.office.wait(Duration::from_secs(600));
    }
    assert!(!previewer.step().await.unwrap());
    // Some decoders make what they can of the beginning: then that is what there is.
    let small = cabinet.entry(file).await.stored.unwrap().small;
    assert_eq!(small.is_some(), cabinet.small(file).await.is_some());
}

#[tokio::test]
async fn f4_a_small_version_that_finds_no_room_is_made_when_there_is_some() {
    let cabinet = Cabinet::open().await;
    let file = cabinet.files("flat.jpg", &picture(200, 100)).await;
    cabinet.memory.set_full(true);
    let previewer = cabinet.previewer(Documents::None);
    assert!(previewer.step().await.unwrap());
    assert!(!previewer.step().await.unwrap(), "not again at once");
    cabinet.memory.set_full(false);
    cabinet.office.wait(Duration::from_secs(600));
    assert!(previewer.step().await.unwrap());
    assert_eq!(cabinet.entry(file).await.stored.unwrap().small, Some((200, 100)));
}

#[tokio::test]
async fn f4_a_document_gets_its_first_page_where_a_renderer_is_there() {
    let cabinet = Cabinet::open().await;
    let file = cabinet.files("deed.pdf", &document()).await;
    let installed = Documents::installed();
    assert_ne!(installed, Documents::None, "bin/setup installs pdftoppm");
    assert!(cabinet.previewer(installed.clone()).step().await.unwrap());
    let (width, height) = cabinet.entry(file).await.stored.unwrap().small.unwrap();
    // Renderers round the shorter side as they like.
    assert!((719..=721).contains(&width) && height == 960, "{width} × {height}");
    let broken = cabinet.files("broken.pdf", b"%PDF-1.7\nnothing of a document").await;
    assert!(cabinet.previewer(installed.clone()).step().await.unwrap());
    assert!(!cabinet.previewer(installed).step().await.unwrap(), "and that is all that is tried");
    assert_eq!(cabinet.entry(broken).await.stored.unwrap().small, None);
}

#[tokio::test]
async fn f4_a_document_has_an_icon_where_no_renderer_is_there() {
    let cabinet = Cabinet::open().await;
    let file = cabinet.files("deed.pdf", &document()).await;
    let previewer = cabinet.previewer(Documents::None);
    assert!(previewer.step().await.unwrap());
    assert!(!previewer.step().await.unwrap());
    assert_eq!(cabinet.entry(file).await.stored.unwrap().small, None);
}

#[tokio::test]
async fn f4_the_scanner_lets_through_what_is_clean_and_nothing_else() {
    let cabinet = Cabinet { is_scanned: true, ..Cabinet::open().await };
    let good = cabinet.files("good.txt", b"all is well").await;
    let bad = cabinet.files("bad.txt", b"here is EVIL in it").await;
    assert_eq!(cabinet.entry(good).await.status(), Status::HeldBack);
    let (store, blobs) = (cabinet.office.store.clone(), Arc::clone(&cabinet.blobs));
    let scan_worker = ScanWorker::new(store, blobs, Scanner::Memory(b"EVIL".to_vec()));
    assert_eq!(scan_worker.step().await.unwrap(), Some(2));
    assert_eq!(scan_worker.step().await.unwrap(), Some(0));
    assert_eq!(cabinet.entry(good).await.status(), Status::Completed);
    let bad = cabinet.entry(bad).await;
    assert_eq!((bad.status(), bad.stored.unwrap().held.as_deref()), (Status::HeldBack, Some("Test")));
}

#[tokio::test]
async fn f4_files_wait_while_the_scanner_does_not_answer() {
    let cabinet = Cabinet { is_scanned: true, ..Cabinet::open().await };
    let file = cabinet.files("good.txt", b"all is well").await;
    let nobody = Scanner::from_setting("clamd:/nowhere/clamd.sock").unwrap();
    let scan_worker = ScanWorker::new(cabinet.office.store.clone(), Arc::clone(&cabinet.blobs), nobody);
    assert_eq!(scan_worker.step().await.unwrap(), None);
    let held = cabinet.entry(file).await.stored.unwrap().held;
    assert_eq!(held.as_deref(), Some(blobs::UNCHECKED));
}

#[tokio::test]
async fn f3_uploads_that_nobody_finished_leave_nothing_behind() {
    let cabinet = Cabinet::open().await;
    cabinet.stages(Purpose::Message, "half.bin", b"half of").await;
    let collector = cabinet.collector();
    assert_eq!(collector.step().await.unwrap(), 0);
    cabinet.office.wait(uploads::LASTS);
    assert_eq!(collector.step().await.unwrap(), 1);
    assert_eq!(cabinet.memory.staged(), 0);
    assert_eq!(collector.step().await.unwrap(), 0);
}

#[tokio::test]
async fn f5_the_bytes_of_what_was_deleted_go_in_the_end_and_not_before() {
    let cabinet = Cabinet::open().await;
    let file = cabinet.files("a.txt", b"bytes").await;
    let twin = cabinet.files("b.txt", b"bytes").await;
    let (ada, channel, collector) = (cabinet.office.ada, cabinet.channel, cabinet.collector());
    let delete = async |file| {
        cabinet
            .office
            .write(move |tx| changing::delete(tx, &ada, channel, &[file], Contents::GoToo).map(drop))
            .await;
    };
    let settle = async || {
        while collector.step().await.unwrap() > 0 {}
        cabinet.office.wait(blobs::DROPPED_KEPT);
        while collector.step().await.unwrap() > 0 {}
    };
    settle().await;
    assert_eq!(cabinet.memory.placed(), 1, "the same bytes are kept once");
    delete(file).await;
    cabinet.office.wait(changing::KEPT);
    settle().await;
    assert_eq!(cabinet.memory.placed(), 1, "its twin has them still");
    delete(twin).await;
    settle().await;
    assert_eq!(cabinet.memory.placed(), 1, "it can still be brought back");
    cabinet.office.wait(changing::KEPT);
    settle().await;
    assert_eq!(cabinet.memory.placed(), 0);
}

#[tokio::test]
async fn f3_what_a_crash_left_in_the_store_is_found_and_what_counts_is_left_alone() {
    let cabinet = Cabinet::open().await;
    cabinet.files("kept.txt", b"kept").await;
    cabinet.stages(Purpose::Message, "half.bin", b"half of").await;
    // Bytes whose transaction never came: in place, and on their way.
    let workspace = cabinet.office.workspace.0;
    for bytes in [b"orphan", b"staged"] {
        let upload = UploadId::new(cabinet.office.now());
        let mut receiving = cabinet.blobs.receive(upload.0, 0).await.unwrap();
        receiving.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        receiving.sync().await.unwrap();
        if bytes == b"orphan" {
            let name = Name { workspace, id: BlobId::new(cabinet.office.now()).0 };
            cabinet.blobs.place(upload.0, 6, name).await.unwrap();
        }
    }
    assert_eq!((cabinet.memory.staged(), cabinet.memory.placed()), (2, 2));
    assert_eq!(cabinet.collector().look_through(Duration::ZERO).await.unwrap(), 2);
    assert_eq!((cabinet.memory.staged(), cabinet.memory.placed()), (1, 1));
}

#[tokio::test]
async fn f16_no_small_version_is_made_of_damaged_bytes() {
    let cabinet = Cabinet::open().await;
    let mut bytes = picture(2000, 1000);
    let file = cabinet.files("flat.jpg", &bytes).await;
    let name = cabinet.name(file).await;
    let whole = bytes.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    cabinet.memory.replace(name, bytes);
    let previewer = cabinet.previewer(Documents::None);
    assert!(previewer.step().await.unwrap());
    assert_eq!(cabinet.small(file).await, None);
    // It is tried again, since the file may have been put back.
    cabinet.memory.replace(name, whole);
    cabinet.office.wait(Duration::from_secs(3600));
    assert!(previewer.step().await.unwrap());
    assert!(cabinet.small(file).await.is_some());
}

#[tokio::test]
async fn f16_a_damaged_file_is_held_back_and_the_next_ones_are_scanned() {
    let cabinet = Cabinet { is_scanned: true, ..Cabinet::open().await };
    let damaged = cabinet.files("damaged.txt", b"a harmless text").await;
    let other = cabinet.files("other.txt", b"another harmless text").await;
    cabinet.memory.replace(cabinet.name(damaged).await, "a harmless test");
    let scanner = Scanner::Memory(b"harmful".to_vec());
    let worker = ScanWorker::new(cabinet.office.store.clone(), Arc::clone(&cabinet.blobs), scanner);
    assert_eq!(worker.step().await.unwrap(), Some(2));
    let held = async |file| cabinet.entry(file).await.stored.unwrap().held;
    assert_eq!(held(damaged).await.as_deref(), Some(blobs::DAMAGED));
    assert_eq!(held(other).await, None);
}
