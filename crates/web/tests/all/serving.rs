//! Serving the bytes of files: to whom, in ranges, and so that nothing ever runs (F2, F4, F12, F13).

use crate::support::Firm;
use axum::body::Body;
use axum::http::Method;
use domain::administration::clients;
use domain::administration::deactivation;
use domain::channels::starting;
use domain::files::blobs;
use domain::files::changing::{self, Contents};
use domain::files::signed_urls::{self, Purpose};
use domain::kernel::ids::FileId;
use domain::notify::reply_links;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

fn content(firm: &Firm, file: FileId) -> String {
    format!("/files/{}/{file}/content", firm.channel)
}

#[tokio::test]
async fn f4_nothing_that_was_uploaded_runs_in_the_portal() {
    // A file's name and declared type change nothing: its bytes decide.
    let cases: &[(&str, &[u8], &str, &str)] = &[
        ("page.html", b"<html><script>alert(1)</script>", "application/octet-stream", "attachment"),
        (
            "picture.png",
            b"<!DOCTYPE html><script>alert(1)</script>",
            "application/octet-stream",
            "attachment",
        ),
        (
            "logo.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "application/octet-stream",
            "attachment",
        ),
        ("feed.xml", b"<?xml version='1.0'?><a/>", "application/octet-stream", "attachment"),
        ("run.js", b"alert(1)", "application/octet-stream", "attachment"),
        ("style.css", b"body{}", "application/octet-stream", "attachment"),
        ("mail.eml", b"From: a\r\n\r\n", "application/octet-stream", "attachment"),
        ("paper.pdf", b"%PDF-1.7\n", "application/pdf", "attachment"),
        ("notes.txt", b"hello", "text/plain", "attachment"),
        ("tool.exe", b"MZ\x90\0\x03\0\0\0", "application/vnd.microsoft.portable-executable", "attachment"),
        ("page.html", PNG, "image/png", "inline"),
        ("sound.mp3", b"ID3\x04\0\0\0\0\0\0", "audio/mpeg", "inline"),
    ];
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    for (name, bytes, content_type, kind) in cases {
        let (_, file) = firm.sends_file(firm.oskar, firm.channel, name, bytes).await;
        let answer = jane.get(&content(&firm, file)).await;
        answer.is(200);
        let header = |name: &str| answer.headers[name].to_str().unwrap().to_string();
        assert_eq!(header("content-type"), *content_type, "{name}");
        assert!(header("content-disposition").starts_with(kind), "{name}: {}", header("content-disposition"));
        assert!(header("content-security-policy").starts_with("sandbox; default-src 'none'"), "{name}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{name}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{name}");
        assert_eq!(answer.bytes, *bytes, "{name}");
        let saved = jane.get(&content(&firm, file).replace("/content", "/download")).await;
        let saved = saved.headers["content-disposition"].to_str().unwrap().to_string();
        assert!(saved.starts_with("attachment; filename="), "{name}: {saved}");
    }
}

#[tokio::test]
async fn f12_a_hostile_name_is_shown_and_saved_safely() {
    let firm = Firm::new().await;
    let name = "../invoice\u{202e}fdp.exe";
    let (_, file) = firm.sends_file(firm.oskar, firm.channel, name, b"x").await;
    let mut jane = firm.browser_of(firm.jane).await;
    let page = jane.get(&format!("/messages/{}", firm.channel)).await;
    page.shows("../invoice\u{fffd}fdp.exe").hides("\u{202e}");
    let saved = jane.get(&content(&firm, file).replace("/content", "/download")).await;
    assert_eq!(
        saved.headers["content-disposition"],
        "attachment; filename=\"_._invoicefdp.exe\"; filename*=UTF-8''_._invoicefdp.exe"
    );
}

#[tokio::test]
async fn f3_stretches_tags_and_heads_are_served_as_the_standard_says() {
    let firm = Firm::new().await;
    let (_, file) = firm.sends_file(firm.oskar, firm.channel, "a.txt", b"0123456789").await;
    let (mut jane, path) = (firm.browser_of(firm.jane).await, content(&firm, file));
    let whole = jane.get(&path).await;
    assert_eq!(
        (&whole.headers["content-length"], &whole.headers["accept-ranges"]),
        (&"10".parse().unwrap(), &"bytes".parse().unwrap())
    );
    let tag = whole.headers["etag"].to_str().unwrap().to_string();
    let part = jane.raw(Method::GET, &path, &[("range", "bytes=2-4")], Body::empty()).await;
    part.is(206);
    assert_eq!(
        (&part.bytes[..], part.headers["content-range"].to_str().unwrap()),
        (&b"234"[..], "bytes 2-4/10")
    );
    assert_eq!(part.headers["content-length"], "3");
    let end = jane.raw(Method::GET, &path, &[("range", "bytes=-3")], Body::empty()).await;
    assert_eq!((end.status.as_u16(), &end.bytes[..]), (206, &b"789"[..]));
    let beyond = jane.raw(Method::GET, &path, &[("range", "bytes=10-")], Body::empty()).await;
    beyond.is(416);
    assert_eq!(beyond.headers["content-range"], "bytes */10");
    let old = [("range", "bytes=2-4"), ("if-range", "\"another\"")];
    assert_eq!(jane.raw(Method::GET, &path, &old, Body::empty()).await.bytes.len(), 10);
    let same = [("range", "bytes=2-4"), ("if-range", tag.as_str())];
    assert_eq!(jane.raw(Method::GET, &path, &same, Body::empty()).await.bytes.len(), 3);
    let known = jane.raw(Method::GET, &path, &[("if-none-match", &tag)], Body::empty()).await;
    known.is(304);
    assert!(known.bytes.is_empty() && known.headers["etag"] == tag.as_str());
    let head = jane.head(&path).await;
    head.is(200);
    assert_eq!((head.headers["content-length"].to_str().unwrap(), head.bytes.len()), ("10", 0));
    assert_eq!(head.headers["content-type"], "text/plain");
    let ranged = jane.raw(Method::HEAD, &path, &[("range", "bytes=0-0")], Body::empty()).await;
    assert_eq!((ranged.status.as_u16(), &ranged.headers["content-length"]), (206, &"1".parse().unwrap()));
}

#[tokio::test]
async fn f2_who_loses_access_gets_nothing_even_of_what_their_browser_knows() {
    let firm = Firm::new().await;
    let (jane, company) = (firm.jane, firm.northwind);
    let channel =
        firm.portal.write(move |tx| starting::create(tx, &jane, &starting::Subject::Company(company))).await;
    let (_, file) = firm.sends_file(firm.oskar, channel, "a.txt", b"0123456789").await;
    let path = format!("/files/{channel}/{file}/content");
    let mut oskar = firm.browser_of(firm.oskar).await;
    let tag = oskar.get(&path).await.headers["etag"].to_str().unwrap().to_string();
    let (person, santos) = (firm.oskar.person, firm.santos);
    firm.portal
        .write(move |tx| {
            let change = clients::ClientInput { company_ids: vec![santos].into(), ..Default::default() };
            clients::edit_client(tx, &jane, person, &change)
        })
        .await;
    oskar.get(&path).await.is(404);
    oskar.raw(Method::GET, &path, &[("if-none-match", &tag)], Body::empty()).await.is(404);
    oskar.raw(Method::GET, &path, &[("range", "bytes=0-1")], Body::empty()).await.is(404);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get(&path).await.is(200);
    // The file exists, but not in that channel.
    jane.get(&content(&firm, file)).await.is(404);
}

#[tokio::test]
async fn f5_what_was_deleted_is_not_handed_out_and_its_message_says_so() {
    let firm = Firm::new().await;
    let (_, file) = firm.sends_file(firm.oskar, firm.channel, "deed.txt", b"deed").await;
    let (jane, channel) = (firm.jane, firm.channel);
    let deletion =
        firm.portal.write(move |tx| changing::delete(tx, &jane, channel, &[file], Contents::GoToo)).await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    oskar.get(&content(&firm, file)).await.is(404);
    let page = oskar.get(&format!("/messages/{channel}")).await;
    page.shows("deed.txt").shows("Removed").hides(&format!("/files/{channel}/{file}"));
    firm.portal.write(move |tx| changing::restore(tx, &jane, channel, deletion)).await;
    oskar.get(&content(&firm, file)).await.is(200);
    oskar
        .get(&format!("/messages/{channel}"))
        .await
        .shows(&format!("/files/{channel}/{file}"))
        .hides("Removed");
}

#[tokio::test]
async fn f13_what_is_held_back_is_handed_to_nobody() {
    let firm = Firm::scanned().await;
    let (_, file) = firm.sends_file(firm.oskar, firm.channel, "a.txt", b"0123456789").await;
    let mut jane = firm.browser_of(firm.jane).await;
    for way in ["content", "download", "small"] {
        let answer = jane.get(&content(&firm, file).replace("content", way)).await;
        answer.is(403).shows("still being checked");
    }
    jane.get(&format!("/messages/{}", firm.channel)).await.shows("Being checked");
    let (actor, workspace) = (firm.jane, firm.workspace);
    let address = firm
        .portal
        .read(move |reader| Ok(signed_urls::Signer::new(reader, &actor)?.sign(Purpose::Download, file)))
        .await;
    let mut program = firm.portal.browser();
    program.get(&format!("/signed/{address}")).await.is(403);
    let blob = firm.files(firm.jane, firm.channel).await[0].stored.clone().unwrap().blob;
    let found = Some("Eicar-Test-Signature");
    firm.portal.write(move |tx| blobs::checked(tx, workspace, blob, found)).await;
    jane.get(&content(&firm, file)).await.is(403).shows("may be harmful");
    jane.get(&format!("/messages/{}", firm.channel)).await.shows("may be harmful");
}

#[tokio::test]
async fn f2_a_signed_address_hands_out_its_file_for_a_quarter_of_an_hour() {
    let firm = Firm::new().await;
    let (_, file) = firm.sends_file(firm.oskar, firm.channel, "deed.txt", b"0123456789").await;
    let oskar = firm.oskar;
    let sign = async || {
        let address = firm
            .portal
            .read(move |reader| Ok(signed_urls::Signer::new(reader, &oskar)?.sign(Purpose::Download, file)))
            .await;
        format!("/signed/{address}")
    };
    let address = sign().await;
    // Without an `Accept` for HTML, errors are JSON; a browser gets a page.
    let mut plain = firm.portal.browser();
    plain.accept = "*/*";
    let wrong = plain.get("/signed/nothing").await;
    assert_eq!(wrong.is(404).headers["content-type"], "application/json");
    assert_eq!(
        firm.portal.browser().get("/signed/nothing").await.headers["content-type"],
        "text/html; charset=utf-8"
    );
    let mut program = firm.portal.browser();
    let answer = program.raw(Method::GET, &address, &[("range", "bytes=1-2")], Body::empty()).await;
    assert_eq!((answer.status.as_u16(), &answer.bytes[..]), (206, &b"12"[..]));
    assert_eq!(answer.headers["referrer-policy"], "no-referrer");
    program.head(&address).await.is(200);
    let mut elsewhere = firm.portal.browser();
    elsewhere.host = "another.example".to_string();
    elsewhere.get(&address).await.is(404);
    firm.portal.wait(signed_urls::LASTS);
    program.get(&address).await.is(404);
    let fresh = sign().await;
    program.get(&fresh).await.is(200);
    let (jane, person) = (firm.jane, firm.oskar.person);
    firm.portal.write(move |tx| deactivation::deactivate(tx, &jane, person)).await;
    program.get(&fresh).await.is(404);
}

#[tokio::test]
async fn n8_a_reply_link_hands_out_what_its_page_shows_and_nothing_older() {
    let firm = Firm::new().await;
    let (_, old) = firm.sends_file(firm.jane, firm.channel, "old.txt", b"old").await;
    let (_, new) = firm.sends_file(firm.jane, firm.channel, "new.txt", b"new").await;
    let link = firm.reply_link(firm.oskar, firm.channel, 2, 3).await;
    let mut guest = firm.portal.browser();
    let page = guest.get(&link).await;
    page.shows("new.txt").hides("old.txt").shows(&format!("{link}/files/{new}/download"));
    let file = guest.get(&format!("{link}/files/{new}/download")).await;
    assert_eq!((file.status.as_u16(), &file.bytes[..]), (200, &b"new"[..]));
    assert_eq!(file.headers["cache-control"], "no-store");
    guest.get(&format!("{link}/files/{old}/download")).await.is(404);
    guest.get(&format!("/r/abc/files/{new}/download")).await.is(404);
    let mut maria = firm.browser_of(firm.maria).await;
    maria.get(&format!("{link}/files/{new}/download")).await.is(404);
    let mut oskar = firm.browser_of(firm.oskar).await;
    oskar.get(&format!("{link}/files/{old}/download")).await.is(200);
    firm.portal.wait(reply_links::LASTS);
    guest.get(&format!("{link}/files/{new}/download")).await.is(404);
}
