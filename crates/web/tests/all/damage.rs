//! Damaged files: nobody gets them for whole (F16).

use axum::body::Body;
use axum::http::Method;
use domain::identity::sessions;
use domain::kernel::ids::FileId;
use outbound::blobs::{Blobs, Name};

use crate::connections::Server;

use crate::support::{Answer, Firm, unzipped};

/// Several of the pieces in which files in memory are read.
const LONG: usize = 300_000;

fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|place| (place.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

struct Filed {
    file: FileId,
    name: Name,
    bytes: Vec<u8>,
}

async fn filed(firm: &Firm, file_name: &str, size: usize) -> Filed {
    let bytes = bytes(size);
    let (_, file) = firm.sends_file(firm.oskar, firm.channel, file_name, &bytes).await;
    let files = firm.files(firm.jane, firm.channel).await;
    let blob = files.iter().find(|entry| entry.id == file).unwrap().stored.clone().unwrap().blob;
    Filed { file, name: Name { workspace: firm.workspace.0, id: blob.0 }, bytes }
}

impl Filed {
    fn path(&self, firm: &Firm, way: &str) -> String {
        format!("/files/{}/{}/{way}", firm.channel, self.file)
    }

    fn change(&self, firm: &Firm, at: usize) {
        let mut changed = self.bytes.clone();
        changed[at] ^= 1;
        firm.portal.blobs.replace(self.name, changed);
    }
}

async fn part(firm: &Firm, path: &str) -> Answer {
    let mut jane = firm.browser_of(firm.jane).await;
    jane.raw(Method::GET, path, &[("range", "bytes=2-4")], Body::empty()).await
}

const WORDS: &str = "This file was damaged where it is stored and cannot be opened.";

#[tokio::test]
async fn f16_a_damaged_file_is_an_error_that_says_so() {
    let firm = Firm::new().await;
    let filed = filed(&firm, "deed.bin", 1_000).await;
    let mut jane = firm.browser_of(firm.jane).await;
    let damages: [&dyn Fn(); 3] = [
        &|| filed.change(&firm, 999),
        &|| firm.portal.blobs.replace(filed.name, filed.bytes[..999].to_vec()),
        &|| firm.portal.blobs.replace(filed.name, [&filed.bytes[..], b"x"].concat()),
    ];
    for damage in damages {
        damage();
        for way in ["content", "download"] {
            jane.get(&filed.path(&firm, way)).await.is(500).shows(WORDS);
            part(&firm, &filed.path(&firm, way)).await.is(500).shows(WORDS);
        }
        firm.portal.blobs.replace(filed.name, filed.bytes.clone());
        assert_eq!(jane.get(&filed.path(&firm, "content")).await.bytes, filed.bytes);
        assert_eq!(part(&firm, &filed.path(&firm, "content")).await.bytes, filed.bytes[2..5]);
    }
    Blobs::Memory(firm.portal.blobs.clone()).remove(filed.name).await.unwrap();
    jane.get(&filed.path(&firm, "content")).await.is(500).shows(WORDS);
    jane.head(&filed.path(&firm, "content")).await.is(500);
}

#[tokio::test]
async fn f16_programs_are_told_of_a_damaged_file_by_its_code() {
    let firm = Firm::new().await;
    let filed = filed(&firm, "deed.bin", 1_000).await;
    let program = firm.portal.program_of(firm.jane).await;
    filed.change(&firm, 7);
    let answer = program.get(&format!("/v1/files/{}/download", filed.file)).await;
    assert_eq!((answer.status.as_u16(), &answer.json["code"]), (500, &"fileDamaged".into()));
}

#[tokio::test]
async fn f16_a_file_found_damaged_while_it_is_sent_breaks_off_before_its_end() {
    let firm = Firm::new().await;
    let filed = filed(&firm, "film.bin", LONG).await;
    let (workspace, jane) = (firm.workspace, firm.jane.person);
    let secret = firm.portal.write(move |tx| sessions::start(tx, workspace, jane, "test")).await;
    let server = Server::start(&firm.portal).await;
    let headers = format!("Cookie: portal={}\r\nConnection: close\r\n", secret.reveal());
    let path = format!("GET {}", filed.path(&firm, "content"));
    let length = format!("content-length: {LONG}\r\n");
    for (is_changed, expected) in [(false, LONG), (true, LONG - 1)] {
        if is_changed {
            filed.change(&firm, 0);
        }
        let answer = server.ask(&path, &headers, b"").await;
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200 ") && text.contains(&length), "{text}");
        let count = answer.len() - head;
        assert!(if is_changed { count <= expected } else { count == expected }, "{count}");
    }
    // A part is refused at once.
    part(&firm, &filed.path(&firm, "content")).await.is(500);
}

#[tokio::test]
async fn f16_an_archive_leaves_damaged_files_out_and_says_so() {
    let firm = Firm::new().await;
    let (whole, damaged) = (filed(&firm, "whole.bin", 900).await, filed(&firm, "damaged.bin", 1_000).await);
    damaged.change(&firm, 0);
    let mut jane = firm.browser_of(firm.jane).await;
    let form = [("files", whole.file.to_string()), ("files", damaged.file.to_string())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = jane.post(&format!("/files/{}/zip", firm.channel), &form).await;
    answer.is(200);
    let unpacked = unzipped(&answer.bytes);
    assert_eq!(unpacked.keys().collect::<Vec<_>>(), ["Not included.txt", "whole.bin"]);
    assert_eq!(unpacked["Not included.txt"], b"damaged.bin (damaged)");
}

#[tokio::test]
async fn f16_a_damaged_file_that_is_sent_again_is_whole_again() {
    let firm = Firm::new().await;
    let filed = filed(&firm, "deed.bin", LONG).await;
    let mut jane = firm.browser_of(firm.jane).await;
    filed.change(&firm, 0);
    part(&firm, &filed.path(&firm, "content")).await.is(500);
    // Any file with these bytes will do, since they are stored once.
    firm.sends_file(firm.jane, firm.channel, "again.bin", &filed.bytes).await;
    assert!(jane.get(&filed.path(&firm, "content")).await.bytes == filed.bytes);
    Blobs::Memory(firm.portal.blobs.clone()).remove(filed.name).await.unwrap();
    firm.sends_file(firm.jane, firm.channel, "once more.bin", &filed.bytes).await;
    assert!(jane.get(&filed.path(&firm, "content")).await.bytes == filed.bytes);
}
