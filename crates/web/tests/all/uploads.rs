//! Uploads by tus clients and by forms without scripts (F3).

use std::io;
use std::time::Duration;

use crate::support::{Firm, MORNING, metadata};
use axum::body::{Body, Bytes};
use axum::http::Method;
use domain::administration::deactivation;
use domain::channels::starting;
use domain::files::signed_urls::{self, Purpose};
use domain::files::{creating, entry, uploads};
use domain::kernel::ids::{FileId, MessageId, UploadId};
use domain::notify::reply_links;
use futures_util::StreamExt;
use futures_util::stream;

/// A body that breaks off after some bytes.
fn broken(bytes: &'static [u8]) -> Body {
    Body::from_stream(stream::iter([Ok(Bytes::from_static(bytes)), Err(io::Error::other("lost"))]))
}

/// A body that stalls after some bytes and never ends.
fn hanging(bytes: &'static [u8]) -> Body {
    Body::from_stream(stream::iter([Ok::<_, io::Error>(Bytes::from_static(bytes))]).chain(stream::pending()))
}

/// The headers of an announcement, its expected status, and words of the reason.
type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);

fn new_id() -> String {
    MessageId::new(MORNING).to_string()
}

#[tokio::test]
async fn f3_an_upload_is_announced_brought_in_pieces_and_sent() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut oskar = firm.browser_of(firm.oskar).await;
    let path = oskar.announces(10, &[("filename", "deed.txt"), ("channel", &channel)]).await;
    assert_eq!(oskar.offset(&path).await, 0);
    let answer = oskar.brings(&path, 0, "01234").await;
    answer.is(204);
    assert_eq!(answer.headers["upload-offset"], "5");
    assert_eq!(answer.headers["upload-expires"], "Tue, 06 Jan 2026 09:00:00 GMT");
    assert_eq!(oskar.offset(&path).await, 5);
    assert!(
        firm.files(firm.jane, firm.channel).await.is_empty(),
        "an upload that is not finished posts nothing"
    );
    oskar.brings(&path, 5, "56789").await.is(204);
    let upload = path.rsplit('/').next().unwrap();
    let message = format!("{{\"id\":\"{}\",\"attachments\":[\"{upload}\"]}}", new_id());
    let json = [("content-type", "application/json"), ("accept", "application/json")];
    let sent = oskar.raw(Method::POST, &format!("/messages/{channel}"), &json, message).await;
    sent.is(200).shows("deed.txt");
    assert_eq!(firm.file_names(firm.jane, firm.channel).await, ["deed.txt"]);
    assert_eq!((firm.portal.blobs.staged(), firm.portal.blobs.placed()), (0, 1));
    oskar.tus(Method::HEAD, &path, &[], Body::empty()).await.is(404);
}

#[tokio::test]
async fn f3_a_file_can_come_with_its_announcement_and_into_a_folder() {
    let firm = Firm::new().await;
    let (oskar, channel) = (firm.oskar, firm.channel);
    let folder = firm.portal.write(move |tx| creating::make_folder(tx, &oskar, channel, None, "Plans")).await;
    let mut browser = firm.browser_of(oskar).await;
    let pairs = [("filename", "a.txt"), ("channel", &channel.to_string()), ("folder", &folder.to_string())];
    let headers = [
        ("upload-length", "5"),
        ("upload-metadata", &metadata(&pairs)),
        ("content-type", "application/offset+octet-stream"),
    ];
    let answer = browser.tus(Method::POST, "/uploads", &headers, "hello").await;
    answer.is(201);
    assert_eq!(answer.headers["upload-offset"], "5");
    let file: FileId = answer.headers["portal-file"].to_str().unwrap().parse().unwrap();
    let entry = firm.portal.read(move |reader| entry::find(reader, &oskar, file)).await;
    assert_eq!((entry.name.as_str(), entry.folder), ("a.txt", Some(folder)));
    // A client that missed the answer can ask again; nobody else can.
    let path = answer.to().to_string();
    let again = browser.tus(Method::HEAD, &path, &[], Body::empty()).await;
    again.is(200);
    assert_eq!(
        (&again.headers["upload-offset"], &again.headers["upload-length"]),
        (&"5".parse().unwrap(), &"5".parse().unwrap())
    );
    assert_eq!(again.headers["portal-file"], file.to_string());
    let mut jane = firm.browser_of(firm.jane).await;
    jane.tus(Method::HEAD, &path, &[], Body::empty()).await.is(404);
    // An empty file needs no bytes; an empty folder is the top.
    let pairs = [("filename", "empty.txt"), ("channel", &channel.to_string()), ("folder", "")];
    let headers = [("upload-length", "0"), ("upload-metadata", &metadata(&pairs))];
    let answer = browser.tus(Method::POST, "/uploads", &headers, Body::empty()).await;
    answer.is(201);
    assert_eq!(firm.file_names(oskar, channel).await, ["Plans", "a.txt", "empty.txt"]);
}

#[tokio::test]
async fn f3_what_came_before_the_connection_was_lost_is_kept() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut oskar = firm.browser_of(firm.oskar).await;
    let path = oskar.announces(10, &[("filename", "a.txt"), ("channel", &channel), ("folder", "")]).await;
    oskar.brings(&path, 0, broken(b"0123")).await.is(400);
    assert_eq!(oskar.offset(&path).await, 4);
    let again = oskar.brings(&path, 0, "0123456789").await;
    again.is(409).shows("goes on at byte 4");
    oskar.brings(&path, 4, "456789").await.is(204);
    assert_eq!(firm.file_names(firm.oskar, firm.channel).await, ["a.txt"]);
}

#[tokio::test]
async fn f3_what_has_come_of_a_large_file_is_noted_while_its_connection_is_silent() {
    let firm = Firm::vast().await;
    let (channel, actor) = (firm.channel.to_string(), firm.oskar);
    let mut oskar = firm.browser_of(actor).await;
    let size = 40 << 20;
    let path = oskar.announces(size, &[("filename", "a.bin"), ("channel", &channel), ("folder", "")]).await;
    let id: UploadId = path.trim_start_matches("/uploads/").parse().unwrap();
    // More than is recorded in one step, then nothing: the connection stays open.
    let pieces = std::iter::repeat_with(|| Ok::<_, io::Error>(Bytes::from(vec![7; 1 << 20]))).take(33);
    let silent = Body::from_stream(stream::iter(pieces).chain(stream::pending()));
    let noted = async {
        loop {
            let received =
                firm.portal.read(move |reader| Ok(uploads::find(reader, &actor, id)?.received)).await;
            if received > 0 {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let mut gone = oskar.clone();
    let received = tokio::select! {
        _ = gone.brings(&path, 0, silent) => panic!("the connection is open"),
        received = tokio::time::timeout(Duration::from_secs(20), noted) => received.expect("noted"),
    };
    assert_eq!(received, 32 << 20);
}

#[tokio::test]
async fn f3_whoever_comes_back_ends_the_connection_that_was_lost() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut lost = firm.browser_of(firm.oskar).await;
    let path = lost.announces(10, &[("filename", "a.txt"), ("channel", &channel), ("folder", "")]).await;
    let mut back = lost.clone();
    let bringing = lost.brings(&path, 0, hanging(b"0123"));
    let coming_back = async {
        // By then the other connection has sent its bytes.
        tokio::time::sleep(Duration::from_millis(200)).await;
        let offset = back.offset(&path).await;
        assert_eq!(offset, 4);
        back.brings(&path, offset, "456789").await.is(204);
    };
    let (answer, ()) = tokio::join!(bringing, coming_back);
    answer.is(400);
    assert_eq!(firm.file_names(firm.oskar, firm.channel).await, ["a.txt"]);
}

#[tokio::test]
async fn f3_a_request_that_nobody_waits_for_any_more_is_still_finished() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut oskar = firm.browser_of(firm.oskar).await;
    let path = oskar.announces(4, &[("filename", "a.txt"), ("channel", &channel), ("folder", "")]).await;
    let slow = Body::from_stream(stream::iter(["01", "23"]).then(|part| async move {
        tokio::time::sleep(Duration::from_millis(60)).await;
        Ok::<_, io::Error>(part)
    }));
    let mut gone = oskar.clone();
    let bringing = gone.brings(&path, 0, slow);
    assert!(
        tokio::time::timeout(Duration::from_millis(30), bringing).await.is_err(),
        "the connection is gone"
    );
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(firm.file_names(firm.oskar, firm.channel).await, ["a.txt"]);
}

#[tokio::test]
async fn f3_what_cannot_be_taken_is_refused_early_and_clearly() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut oskar = firm.browser_of(firm.oskar).await;
    let good = metadata(&[("filename", "a.txt"), ("channel", &channel)]);
    let nobody = metadata(&[("filename", "a.txt"), ("channel", &new_id())]);
    let nowhere = metadata(&[("filename", "a.txt"), ("channel", &channel), ("folder", &new_id())]);
    let without = metadata(&[("filename", "a.txt")]);
    let long = metadata(&[("filename", &"x".repeat(600)), ("channel", &channel)]);
    let cases: &[Case<'_>] = &[
        (&[("upload-metadata", &good)], 400, "how many bytes"),
        (&[("upload-length", "-1"), ("upload-metadata", &good)], 400, "number of bytes"),
        (&[("upload-length", "99999999999999999999"), ("upload-metadata", &good)], 400, "number of bytes"),
        (&[("upload-length", "1000001"), ("upload-metadata", &good)], 413, "at most 1 MB"),
        (&[("upload-length", "1"), ("upload-metadata", &nobody)], 404, "nothing here"),
        (&[("upload-length", "1"), ("upload-metadata", &nowhere)], 404, "nothing here"),
        (&[("upload-length", "1"), ("upload-metadata", &without)], 400, "fill this in"),
        (&[("upload-length", "1"), ("upload-metadata", &long)], 400, "at most 500 characters"),
        (&[("upload-length", "1"), ("upload-metadata", "channel !!!")], 400, "base64"),
        (&[("upload-length", "1"), ("upload-metadata", "channel /w==")], 400, "base64"),
        (&[("upload-length", "1"), ("upload-metadata", "channel YQ==")], 404, "nothing here"),
    ];
    for (headers, status, words) in cases {
        oskar.tus(Method::POST, "/uploads", headers, Body::empty()).await.is(*status).shows(words);
    }
    let version = [("upload-length", "1"), ("upload-metadata", good.as_str())];
    let answer = oskar.raw(Method::POST, "/uploads", &version, Body::empty()).await;
    answer.is(412);
    assert_eq!(answer.headers["tus-version"], "1.0.0");
    let path = oskar.announces(3, &[("filename", "a.txt"), ("channel", &channel)]).await;
    let octets = ("content-type", "application/offset+octet-stream");
    oskar.tus(Method::PATCH, &path, &[("upload-offset", "0")], "abc").await.is(415);
    oskar.tus(Method::PATCH, &path, &[octets], "abc").await.is(400);
    oskar.tus(Method::PATCH, &path, &[octets, ("upload-offset", "x")], "abc").await.is(400);
    oskar.tus(Method::PATCH, "/uploads/none", &[octets, ("upload-offset", "0")], "abc").await.is(404);
    oskar.brings(&path, 0, "abcd").await.is(413);
    assert_eq!(oskar.offset(&path).await, 0);
    assert_eq!(firm.portal.blobs.staged(), 0, "what is too much is not taken");
    let options = oskar.raw(Method::OPTIONS, "/uploads", &[], Body::empty()).await;
    assert_eq!(options.headers["tus-max-size"], "1000000");
    assert_eq!(options.headers["tus-extension"], "creation,creation-with-upload,termination,expiration");
}

#[tokio::test]
async fn f3_an_upload_that_is_called_off_leaves_nothing() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut oskar = firm.browser_of(firm.oskar).await;
    let path = oskar.announces(10, &[("filename", "a.txt"), ("channel", &channel)]).await;
    oskar.brings(&path, 0, "0123").await.is(204);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.tus(Method::DELETE, &path, &[], Body::empty()).await.is(404);
    jane.brings(&path, 4, "456789").await.is(404);
    assert_eq!(firm.portal.blobs.staged(), 1);
    oskar.tus(Method::DELETE, &path, &[], Body::empty()).await.is(204);
    assert_eq!(firm.portal.blobs.staged(), 0);
    oskar.brings(&path, 4, "456789").await.is(404);
}

#[tokio::test]
async fn f3_an_upload_ends_where_access_or_time_ends() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut oskar = firm.browser_of(firm.oskar).await;
    let old = oskar.announces(10, &[("filename", "a.txt"), ("channel", &channel)]).await;
    firm.portal.wait(uploads::LASTS);
    oskar.brings(&old, 0, "0123456789").await.is(404);
    let path = oskar.announces(10, &[("filename", "a.txt"), ("channel", &channel)]).await;
    let (jane, person) = (firm.jane, firm.oskar.person);
    firm.portal.write(move |tx| deactivation::deactivate(tx, &jane, person)).await;
    oskar.brings(&path, 0, "0123456789").await.is(401);
}

#[tokio::test]
async fn f3_a_full_store_says_so_and_loses_nothing() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut oskar = firm.browser_of(firm.oskar).await;
    let path = oskar.announces(10, &[("filename", "a.txt"), ("channel", &channel), ("folder", "")]).await;
    oskar.brings(&path, 0, "0123").await.is(204);
    firm.portal.blobs.set_full(true);
    oskar.brings(&path, 4, "456789").await.is(507).shows("no room left");
    firm.portal.blobs.set_full(false);
    oskar.brings(&path, 4, "456789").await.is(204);
    assert_eq!(firm.file_names(firm.oskar, firm.channel).await, ["a.txt"]);
}

#[tokio::test]
async fn f3_an_upload_whose_bytes_are_gone_begins_anew() {
    let firm = Firm::new().await;
    let channel = firm.channel.to_string();
    let mut oskar = firm.browser_of(firm.oskar).await;
    let path = oskar.announces(10, &[("filename", "a.txt"), ("channel", &channel)]).await;
    oskar.brings(&path, 0, "0123").await.is(204);
    let upload = path.rsplit('/').next().unwrap().parse().unwrap();
    outbound::blobs::Blobs::Memory(firm.portal.blobs.clone()).discard(upload).await.unwrap();
    oskar.brings(&path, 4, "456789").await.is(410);
    oskar.tus(Method::HEAD, &path, &[], Body::empty()).await.is(404);
}

#[tokio::test]
async fn f1_a_form_without_scripts_sends_files_and_what_is_refused_is_not_lost() {
    let firm = Firm::new().await;
    let (channel, path) = (firm.channel, format!("/messages/{}", firm.channel));
    let mut oskar = firm.browser_of(firm.oskar).await;
    let id = new_id();
    let texts = [("id", id.as_str()), ("shown", "1"), ("text", "Here it is")];
    let big = vec![7; 1_000_001];
    let files: [(&str, &str, &[u8]); 2] = [("files", "deed.txt", b"deed"), ("files", "film.bin", &big)];
    let refused = oskar.sends_form(&path, &texts, &files).await;
    refused.is(400).shows("Here it is").shows("at most 1 MB").shows("deed.txt").shows("name=\"attachments\"");
    assert!(firm.files(firm.jane, channel).await.is_empty());
    let waiting = refused.text.split("name=\"attachments\" value=\"").nth(1).unwrap();
    let waiting = waiting.split('"').next().unwrap();
    let texts = [("id", id.as_str()), ("text", "Here it is"), ("attachments", waiting)];
    let more: [(&str, &str, &[u8]); 2] = [("files", "", b""), ("files", "plan \\\"1%22.txt", b"plan")];
    oskar.sends_form(&path, &texts, &more).await.goes(&path);
    let sent = firm.newest(firm.jane, channel).await;
    let names: Vec<&str> = sent.attachments.iter().map(|attachment| attachment.name.as_str()).collect();
    assert_eq!((sent.text.as_str(), names), ("Here it is", vec!["deed.txt", "plan \"1\".txt"]));
    // Submitting the same form again posts no second message.
    oskar.sends_form(&path, &texts, &more).await.goes(&path);
    assert_eq!(firm.newest(firm.jane, channel).await, sent);
    assert_eq!(firm.files(firm.jane, channel).await.len(), 2);
}

#[tokio::test]
async fn f1_a_form_without_text_or_with_only_files_follows_the_rule() {
    let firm = Firm::new().await;
    let path = format!("/messages/{}", firm.channel);
    let mut oskar = firm.browser_of(firm.oskar).await;
    let id = new_id();
    let empty = oskar.sends_form(&path, &[("id", id.as_str()), ("text", " ")], &[("files", "", b"")]).await;
    empty.is(400).shows("Please fill this in.");
    let one: [(&str, &str, &[u8]); 1] = [("files", "a.txt", b"a")];
    oskar.sends_form(&path, &[("id", id.as_str()), ("text", "")], &one).await.goes(&path);
    let many: Vec<(&str, &str, &[u8])> = vec![("files", "a.txt", b"a"); 21];
    let id = new_id();
    oskar.sends_form(&path, &[("id", id.as_str())], &many).await.is(400).shows("Please give at most 20.");
    let no_id = oskar.sends_form(&path, &[("text", "x")], &one).await;
    no_id.is(400);
    oskar.sends_form(&path, &[("id", "x"), ("text", "x")], &one).await.is(400);
}

#[tokio::test]
async fn f3_a_form_that_breaks_off_or_makes_no_sense_leaves_nothing() {
    let firm = Firm::new().await;
    let path = format!("/messages/{}", firm.channel);
    let mut oskar = firm.browser_of(firm.oskar).await;
    let kind = [("content-type", "multipart/form-data; boundary=XX")];
    let head = "--XX\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\n";
    let cut = format!("{head}only the beginn");
    oskar.raw(Method::POST, &path, &kind, cut.clone()).await.is(400);
    let lost: &'static [u8] = cut.leak().as_bytes();
    oskar.raw(Method::POST, &path, &kind, broken(lost)).await.is(400);
    for nonsense in ["", "--XX", "nothing of a form", "--XX--"] {
        oskar.raw(Method::POST, &path, &kind, nonsense).await.is(400);
    }
    // Endless headers of a part must not fill the memory.
    let pieces = stream::iter(0..64).map(|_| Ok::<_, io::Error>(Bytes::from(vec![b'a'; 256 * 1024])));
    let begin = stream::iter([Ok(Bytes::from_static(b"--XX\r\nContent-Disposition: "))]);
    let endless = Body::from_stream(begin.chain(pieces));
    oskar.raw(Method::POST, &path, &kind, endless).await.is(400);
    assert_eq!((firm.portal.blobs.staged(), firm.portal.blobs.placed()), (0, 0));
}

#[tokio::test]
async fn f2_a_signed_address_takes_the_bytes_of_its_file_without_a_session() {
    let firm = Firm::new().await;
    let (jane, channel) = (firm.jane, firm.channel);
    let (file, address) = firm
        .portal
        .write(move |tx| {
            let file = creating::make_file(tx, &jane, channel, None, "deed.pdf")?;
            Ok((file, signed_urls::Signer::new(tx, &jane)?.sign(Purpose::Upload, file)))
        })
        .await;
    let mut program = firm.portal.browser();
    program.site = "cross-site";
    let json = [("accept", "application/json")];
    let path = format!("/signed/{address}");
    program.raw(Method::PUT, &path, &json, broken(b"%PDF")).await.is(400);
    program.raw(Method::PUT, &path, &json, vec![1; 1_000_001]).await.is(413);
    program.raw(Method::PUT, &path, &json, "%PDF-1.7 deed").await.is(200);
    program.raw(Method::PUT, &path, &json, "%PDF-1.7 other").await.is(409);
    let entry = firm.portal.read(move |reader| entry::find(reader, &jane, file)).await;
    let stored = entry.stored.unwrap();
    assert_eq!((stored.size, stored.content_type.as_str()), (13, "application/pdf"));
    assert_eq!(firm.portal.blobs.staged(), 0);
    program.raw(Method::PUT, "/signed/abc", &json, "x").await.is(404);
    program.raw(Method::GET, &path, &json, Body::empty()).await.is(404);
    firm.portal.wait(signed_urls::LASTS);
    program.raw(Method::PUT, &path, &json, "%PDF-1.7 late").await.is(404);
}

#[tokio::test]
async fn n8_a_reply_link_sends_files_to_its_channel_and_nowhere_else() {
    let firm = Firm::new().await;
    let (jane, company) = (firm.jane, firm.northwind);
    let other =
        firm.portal.write(move |tx| starting::create(tx, &jane, &starting::Subject::Company(company))).await;
    firm.posts(firm.jane, firm.channel, "Could you send the deed?").await;
    let link = firm.reply_link(firm.oskar, firm.channel, 1, 2).await;
    let token = link.rsplit('/').next().unwrap().to_string();
    let mut guest = firm.portal.browser();
    let by_link = ("portal-reply-link", token.as_str());
    let announce = |channel: String| metadata(&[("filename", "deed.txt"), ("channel", &channel)]);
    let elsewhere = announce(other.to_string());
    let headers = [by_link, ("upload-length", "4"), ("upload-metadata", &elsewhere)];
    guest.tus(Method::POST, "/uploads", &headers, Body::empty()).await.is(404);
    let here = announce(firm.channel.to_string());
    let headers = [by_link, ("upload-length", "4"), ("upload-metadata", &here)];
    let made = guest.tus(Method::POST, "/uploads", &headers, Body::empty()).await;
    made.is(201);
    guest.brings(made.to(), 0, "deed").await.is(401);
    let octets = ("content-type", "application/offset+octet-stream");
    guest.tus(Method::PATCH, made.to(), &[by_link, octets, ("upload-offset", "0")], "deed").await.is(204);
    let upload = made.to().rsplit('/').next().unwrap().to_string();
    let id = new_id();
    let texts = [("id", id.as_str()), ("text", ""), ("attachments", upload.as_str())];
    let more: [(&str, &str, &[u8]); 1] = [("files", "plan.txt", b"plan")];
    let sent = guest.sends_form(&link, &texts, &more).await;
    sent.is(303);
    assert_eq!(firm.file_names(firm.jane, firm.channel).await, ["deed.txt", "plan.txt"]);
    let message = firm.newest(firm.jane, firm.channel).await;
    assert_eq!(message.author, firm.oskar.person);
    let page = guest.follow(&sent).await;
    page.is(200).shows("deed.txt").shows(&format!("{link}/files/"));
    // A revoked link takes nothing and gives back what was written.
    let oskar = firm.oskar;
    firm.portal.write(move |tx| reply_links::revoke_mine(tx, &oskar)).await;
    let id = new_id();
    let late = guest.sends_form(&link, &[("id", id.as_str()), ("text", "Too late")], &more).await;
    late.is(410).shows("Too late");
    guest.tus(Method::POST, "/uploads", &headers, Body::empty()).await.is(404);
    assert_eq!(firm.portal.blobs.placed(), 2);
}

#[tokio::test]
async fn f3_admins_set_how_large_a_file_may_be_and_a_wrong_size_comes_back() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get("/settings/files").await.is(200).shows("0 bytes of 10 MB").shows("value=\"\"");
    let saved = jane.post("/settings/files", &[("fileLimit", "1")]).await;
    saved.goes("/settings/files?done=saved&undo=fileLimit%3D");
    jane.get("/settings/files").await.shows("value=\"1\"");
    for wrong in ["0", "2", "-1", "much", "0.5", "99999999999999999999"] {
        let answer = jane.post("/settings/files", &[("fileLimit", wrong)]).await;
        assert_eq!(answer.is(400).errors(), ["Please give 1 to 1 megabytes, or nothing."], "{wrong}");
        answer.shows(&format!("value=\"{wrong}\""));
    }
    jane.post("/settings/files", &[("fileLimit", "")])
        .await
        .goes("/settings/files?done=saved&undo=fileLimit%3D1");
    jane.get("/settings/files").await.shows("value=\"\"");
}
