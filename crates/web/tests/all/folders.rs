//! The pages of Files, with forms as browsers without scripts send them (F1, F2, F5, F6).

use std::io::{Cursor, Read};
use std::time::Duration;

use crate::support::{self, Browser, Firm};
use axum::http::Method;
use domain::files::creating;
use domain::kernel::ids::{ChannelId, FileId};

/// The id of the entry with this name.
async fn id_of(firm: &Firm, channel: ChannelId, name: &str) -> FileId {
    let all = firm.files(firm.jane, channel).await;
    all.iter().find(|entry| entry.name == name).unwrap_or_else(|| panic!("{name} in {all:?}")).id
}

/// Uploads one file with the form of a folder's page.
async fn puts(browser: &mut Browser<'_>, channel: ChannelId, inside: &str, name: &str, bytes: &[u8]) {
    let address = format!("/files/{channel}/upload?inside={inside}");
    let here = if inside.is_empty() { String::new() } else { format!("/{inside}") };
    let answer = browser.sends_form(&address, &[], &[("files", name, bytes)]).await;
    answer.goes(&format!("/files/{channel}{here}?done=uploaded"));
}

/// The name in a row of a folder's page.
fn named(row: &str) -> String {
    let (_, rest) = row.split_once("class=\"opens").unwrap();
    rest.split(['>', '<']).nth(1).unwrap().to_string()
}

/// The contents of an archive: paths, and bytes as text.
fn unpacked(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.to_vec())).unwrap();
    let mut found: Vec<(String, String)> = (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            (file.name().unwrap().into_owned(), text)
        })
        .collect();
    found.sort();
    found
}

#[tokio::test]
async fn f6_files_are_put_into_folders_renamed_moved_deleted_and_brought_back() {
    let firm = Firm::new().await;
    let channel = firm.channel;
    let at = format!("/files/{channel}");
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get(&at).await.is(200).shows("No files yet");
    jane.post(&format!("{at}/folder"), &[("name", "Contracts")]).await.goes(&format!("{at}?done=made"));
    let folder = id_of(&firm, channel, "Contracts").await;
    firm.portal.wait(Duration::from_secs(1));
    puts(&mut jane, channel, &folder.to_string(), "deed.txt", b"the deed").await;
    let file = id_of(&firm, channel, "deed.txt").await;
    jane.get(&format!("{at}/{folder}")).await.is(200).shows("deed.txt").shows("8 bytes").shows("Contracts");

    let edit = format!("{at}/{file}/edit");
    jane.get(&edit).await.is(200).shows("deed.txt");
    jane.post(&edit, &[("name", " ")]).await.is(400).shows("Please fill this in.");
    jane.post(&edit, &[("name", "Deed of the flat.txt")]).await.goes(&format!("{at}/{folder}?done=saved"));

    let (files, inside) = (file.to_string(), folder.to_string());
    let choosing = format!("{at}/move?files={file}&inside={folder}&into={folder}");
    jane.get(&choosing).await.is(200).shows("It is here already");
    jane.get(&format!("{at}/move?files={file}&inside={folder}")).await.is(200).shows("Move here");
    let moved =
        jane.post(&format!("{at}/move"), &[("files", &files), ("inside", &inside), ("into", "")]).await;
    moved.goes(&format!("{at}?done=moved"));
    let itself = jane.post(&format!("{at}/move"), &[("files", &inside), ("into", &inside)]).await;
    itself.is(409).shows("A folder cannot be moved into itself.");

    let deleted = jane.post(&format!("{at}/delete"), &[("files", &files), ("files", &inside)]).await;
    deleted.is(303);
    let page = jane.follow(&deleted).await;
    page.is(200).shows("“Contracts” and 1 more were deleted.").shows("Undo").shows("No files yet");
    let deletion = deleted.to().split_once("deletion=").unwrap().1.to_string();
    let back = jane.post(&format!("{at}/restore"), &[("deletion", &deletion)]).await;
    back.goes(&format!("{at}?done=restored"));
    jane.get(&at).await.is(200).shows("Deed of the flat.txt").shows("Contracts");
    jane.get(deleted.to()).await.is(200).hides("Undo");
}

#[tokio::test]
async fn f6_forms_that_cannot_be_taken_come_back_with_what_was_typed() {
    let firm = Firm::new().await;
    let at = format!("/files/{}", firm.channel);
    let mut jane = firm.browser_of(firm.jane).await;
    let wrong =
        jane.post(&format!("{at}/link"), &[("name", "The court"), ("linkUrl", "javascript:alert(1)")]).await;
    wrong.is(400).shows("The court").shows("javascript:alert(1)");
    jane.post(&format!("{at}/folder"), &[("name", "")]).await.is(400).shows("Please fill this in.");
    for action in ["delete", "zip"] {
        jane.post(&format!("{at}/{action}"), &[])
            .await
            .is(400)
            .shows("Please choose at least one file or folder.");
    }
    jane.get(&format!("{at}/move")).await.is(400).shows("Please choose at least one file or folder.");
    jane.sends_form(&format!("{at}/upload"), &[], &[])
        .await
        .is(400)
        .shows("Please choose at least one file.");
    assert!(firm.files(firm.jane, firm.channel).await.is_empty());
    let link = [("name", "The court"), ("linkUrl", "https://court.example/a")];
    jane.post(&format!("{at}/link"), &link).await.is(303);
    let link = id_of(&firm, firm.channel, "The court").await;
    jane.get(&format!("{at}/{link}")).await.is(200).shows("court.example").shows("noopener");
    let edit = format!("{at}/{link}/edit");
    let wrong = jane.post(&edit, &[("name", "The court"), ("linkUrl", "court")]).await;
    wrong.is(400);
    jane.post(&edit, &[("name", "The court"), ("linkUrl", "https://court.example/b")]).await.is(303);
    jane.get(&format!("{at}/{link}")).await.shows("https://court.example/b");
}

#[tokio::test]
async fn f1_a_file_that_was_sent_leads_back_to_its_message_and_stays_when_it_is_deleted() {
    let firm = Firm::new().await;
    let channel = firm.channel;
    let (message, file) = firm.sends_file(firm.oskar, channel, "deed.txt", b"the deed").await;
    let mut jane = firm.browser_of(firm.jane).await;
    let link = format!("/messages/{channel}?message={message}#message-{message}");
    jane.get(&format!("/files/{channel}")).await.is(200).shows("Sent in Messages").shows(&link);
    jane.get(&format!("/files/{channel}/{file}")).await.is(200).shows(&link);
    jane.get(&format!("/messages/{channel}")).await.is(200).shows(&format!("/files/{channel}/{file}"));
    jane.get("/files").await.is(200).shows("deed.txt");
    let mut oskar = firm.browser_of(firm.oskar).await;
    oskar.post(&format!("/messages/{channel}/messages/{message}/delete"), &[]).await.is(303);
    jane.get(&format!("/files/{channel}")).await.is(200).shows("deed.txt");
}

#[tokio::test]
async fn f2_who_is_not_in_the_channel_sees_none_of_its_files() {
    let firm = Firm::new().await;
    let channel = firm.channel;
    let (_, file) = firm.sends_file(firm.oskar, channel, "deed.txt", b"the deed").await;
    let mut maria = firm.browser_of(firm.maria).await;
    maria.get("/files").await.is(200).hides("deed.txt").hides(&channel.to_string());
    maria.get("/files/search?words=deed").await.is(200).shows("Nothing found").hides("deed.txt");
    for path in ["", "/edit", "/download"] {
        maria.get(&format!("/files/{channel}/{file}{path}")).await.is(404).hides("deed");
    }
    maria.post(&format!("/files/{channel}/zip"), &[("files", &file.to_string())]).await.is(404);
    // Nor through a channel of one's own.
    let (_, own) = firm.sends_file(firm.jane, channel, "map.txt", b"a map").await;
    let wrong = FileId::new(support::MORNING);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get(&format!("/files/{channel}/{wrong}")).await.is(404);
    jane.get(&format!("/files/{}/{own}", ChannelId::new(support::MORNING))).await.is(404);
    let found = jane.get("/files/search?words=DEED").await;
    let (_, rows) = found.is(200).text.split_once("aria-label=\"Files found\"").unwrap();
    assert!(rows.contains(">deed.txt<") && !rows.contains("map.txt"));
    jane.get(&format!("/files/search?words=%25&channel={channel}")).await.is(200).shows("Nothing found");
}

#[tokio::test]
async fn f6_in_a_read_only_folder_client_users_look_and_change_nothing() {
    let firm = Firm::new().await;
    let channel = firm.channel;
    let at = format!("/files/{channel}");
    let mut jane = firm.browser_of(firm.jane).await;
    jane.post(&format!("{at}/folder"), &[("name", "Final")]).await.is(303);
    let folder = id_of(&firm, channel, "Final").await;
    puts(&mut jane, channel, &folder.to_string(), "deed.txt", b"the deed").await;
    let file = id_of(&firm, channel, "deed.txt").await;
    let mut oskar = firm.browser_of(firm.oskar).await;
    oskar.get(&format!("{at}/{folder}")).await.is(200).shows("Upload").hides("What clients may do");
    jane.post(&format!("{at}/{folder}/read-only"), &[("readOnly", "yes")]).await.is(303);
    jane.get(&at).await.shows("Read-only for clients");
    let page = oskar.get(&format!("{at}/{folder}")).await;
    page.is(200).shows("deed.txt").shows("Download").hides("Upload").hides(&format!("{file}/edit"));
    let inside = folder.to_string();
    oskar.get(&format!("{at}/{file}")).await.is(200).hides("/edit");
    oskar.get(&format!("{at}/{file}/edit")).await.is(403);
    oskar.post(&format!("{at}/{file}/edit"), &[("name", "x")]).await.is(403);
    oskar.post(&format!("{at}/folder"), &[("name", "x"), ("inside", &inside)]).await.is(403);
    oskar.post(&format!("{at}/delete"), &[("files", &file.to_string())]).await.is(403);
    let form = oskar.sends_form(&format!("{at}/upload?inside={folder}"), &[], &[("files", "x", b"x")]).await;
    assert!(form.status.is_client_error(), "{}", form.status);
    assert_eq!(firm.file_names(firm.jane, channel).await, ["Final", "deed.txt"]);
    oskar.get(&format!("{at}/{file}/download")).await.is(200);
    jane.post(&format!("{at}/{folder}/read-only"), &[]).await.is(303);
    oskar.post(&format!("{at}/folder"), &[("name", "Mine"), ("inside", &inside)]).await.is(303);
}

#[tokio::test]
async fn f6_in_a_channel_that_is_read_only_client_users_look_and_change_nothing() {
    let firm = Firm::new().await;
    let at = format!("/files/{}", firm.channel);
    let (mut jane, mut oskar) = (firm.browser_of(firm.jane).await, firm.browser_of(firm.oskar).await);
    jane.get(&at).await.is(200).shows("Make all of it read-only for clients");
    oskar.get(&at).await.is(200).shows("Upload").hides("What clients may do");
    jane.post(&format!("{at}/read-only"), &[("readOnly", "yes")]).await.is(303);
    jane.get(&at).await.is(200).shows("read-only for clients").shows("Let them change these files");
    oskar.get(&at).await.is(200).hides("Upload");
    oskar.post(&format!("{at}/folder"), &[("name", "x")]).await.is(403);
    // Internal users may still change it.
    jane.post(&format!("{at}/folder"), &[("name", "Final")]).await.is(303);
    jane.post(&format!("{at}/read-only"), &[]).await.is(303);
    oskar.post(&format!("{at}/folder"), &[("name", "Mine")]).await.is(303);
}

#[tokio::test]
async fn f6_many_files_come_as_one_archive() {
    let firm = Firm::new().await;
    let channel = firm.channel;
    let at = format!("/files/{channel}");
    let mut jane = firm.browser_of(firm.jane).await;
    jane.post(&format!("{at}/folder"), &[("name", "Contracts")]).await.is(303);
    let folder = id_of(&firm, channel, "Contracts").await;
    puts(&mut jane, channel, &folder.to_string(), "Müller.txt", b"the deed").await;
    puts(&mut jane, channel, "", "empty.txt", b"").await;
    jane.post(&format!("{at}/link"), &[("name", "Court"), ("linkUrl", "https://court.example/a?b=c")])
        .await
        .is(303);
    let actor = firm.jane;
    firm.portal.write(move |tx| creating::make_file(tx, &actor, channel, None, "late.txt")).await;
    let mut chosen = Vec::new();
    for name in ["Contracts", "empty.txt", "Court", "late.txt"] {
        chosen.push(format!("files={}", id_of(&firm, channel, name).await));
    }
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let answer = jane.raw(Method::POST, &format!("{at}/zip"), &kind, chosen.join("&")).await;
    answer.is(200);
    assert_eq!(answer.headers["content-type"], "application/zip");
    let disposition = answer.headers["content-disposition"].to_str().unwrap();
    assert!(disposition.starts_with("attachment; ") && disposition.contains(".zip"), "{disposition}");
    let expected = [
        ("Contracts/", ""),
        ("Contracts/Müller.txt", "the deed"),
        ("Court.url", "[InternetShortcut]\r\nURL=https://court.example/a?b=c\r\n"),
        ("Not included.txt", "late.txt"),
        ("empty.txt", ""),
    ];
    let expected = expected.map(|(path, text)| (path.to_string(), text.to_string()));
    assert_eq!(unpacked(&answer.bytes), expected);
    let one = jane.raw(Method::POST, &format!("{at}/zip"), &kind, chosen[0].clone()).await;
    assert!(one.headers["content-disposition"].to_str().unwrap().contains("Contracts.zip"));
}

#[tokio::test]
async fn f6_a_long_folder_comes_page_by_page_and_a_file_knows_its_neighbours() {
    let firm = Firm::new().await;
    let (channel, jane) = (firm.channel, firm.jane);
    firm.portal
        .write(move |tx| {
            for number in 0..205 {
                creating::make_file(tx, &jane, channel, None, &format!("scan {number}.txt"))?;
            }
            Ok(())
        })
        .await;
    let mut browser = firm.browser_of(jane).await;
    let (mut path, mut seen, mut pages) = (Some(format!("/files/{channel}")), Vec::new(), 0);
    while let Some(address) = path {
        let page = browser.get(&address).await;
        page.is(200);
        let rows = page.text.split("data-entry=").skip(1);
        seen.extend(rows.map(named));
        path = page
            .text
            .split_once("rel=\"next\"")
            .and_then(|(before, _)| before.rsplit_once("href=\""))
            .and_then(|(_, rest)| rest.split_once('"'))
            .map(|(href, _)| href.replace("&#38;", "&"));
        pages += 1;
    }
    assert_eq!(pages, 3);
    assert_eq!(seen, (0..205).map(|number| format!("scan {number}.txt")).collect::<Vec<_>>());
    let middle = id_of(&firm, channel, "scan 9.txt").await;
    let page = browser.get(&format!("/files/{channel}/{middle}")).await;
    for (rel, name) in [("prev", "scan 8.txt"), ("next", "scan 10.txt")] {
        let beside = id_of(&firm, channel, name).await;
        page.is(200).shows(&format!("rel=\"{rel}\" href=\"/files/{channel}/{beside}\""));
    }
}

#[tokio::test]
async fn c1_a_file_channel_is_made_like_a_channel_of_messages_and_is_the_same() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let subject = format!("project:{}", firm.renovation);
    jane.get(&format!("/files/new?subject={subject}")).await.is(200).shows("action=\"/files/new\"");
    let made = jane.post("/files/new", &[("subject", &subject)]).await;
    made.is(303);
    let channel = made.to().strip_prefix("/files/").unwrap().to_string();
    jane.get(made.to()).await.is(200).shows("No files yet");
    jane.get(&format!("/messages/{channel}")).await.is(200);
    jane.post("/messages/new", &[("subject", &subject)]).await.goes(&format!("/messages/{channel}"));
}
