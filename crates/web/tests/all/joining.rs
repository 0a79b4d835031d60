//! How people join: the page of an invitation, revoking one, and importing people and companies.

use std::time::Duration;

use crate::support::{Browser, Firm, unzipped};
use domain::arrival::importing;
use domain::arrival::imports::LINES_AT_ONCE;
use domain::directory::person;
use domain::identity::sign_in_links::LinkKind;

async fn invitation(firm: &Firm) -> String {
    firm.browser_of(firm.jane)
        .await
        .post(&format!("/clients/{}/invite", firm.oskar.person), &[])
        .await
        .is(303);
    firm.portal.link(firm.workspace, firm.oskar.person, LinkKind::Invitation).await
}

#[tokio::test]
async fn s2_whoever_accepts_an_invitation_says_how_they_are_called_and_may_give_a_number() {
    let firm = Firm::new().await;
    let link = invitation(&firm).await;
    let mut phone = firm.portal.browser();
    let asked = phone.get(&link).await;
    asked
        .is(200)
        .shows("value=\"Oskar\"")
        .shows("value=\"Kowalski\"")
        .shows("name=\"phone\"")
        .hides("<script");
    let wrong = phone.post(&link, &[("givenName", "Ozzy"), ("familyName", ""), ("phone", "12 <b>")]).await;
    wrong.is(400).shows("value=\"Ozzy\"").shows("value=\"12 &#60;b&#62;\"");
    assert_eq!(wrong.errors().len(), 1);
    assert!(!phone.is_signed_in().await, "nothing half-done: the link is still good");
    let fields = [("givenName", "Ozzy"), ("familyName", "Kowal"), ("phone", "+48 22 123 45 67")];
    phone.post(&link, &fields).await.goes("/messages");
    phone.get("/profile").await.shows("value=\"Ozzy\"").shows("+48221234567");

    let mut second = firm.portal.browser();
    second.post(&link, &fields).await.is(410).shows("This invitation has been accepted");
    second.get(&link).await.is(410).shows("This invitation has been accepted").shows("href=\"/sign-in\"");
    assert!(!second.is_signed_in().await);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get(&format!("/clients/{}", firm.oskar.person))
        .await
        .shows("Ozzy Kowal")
        .hides("Take the invitation back");
}

#[tokio::test]
async fn s2_an_invitation_taken_back_says_so_and_offers_nothing() {
    let firm = Firm::new().await;
    let link = invitation(&firm).await;
    let (mut jane, client) = (firm.browser_of(firm.jane).await, format!("/clients/{}", firm.oskar.person));
    jane.get(&client).await.shows("Take the invitation back");
    jane.post(&format!("{client}/take-back"), &[]).await.goes(&format!("{client}?done=takenBack"));
    let mut guest = firm.portal.browser();
    for answer in [guest.get(&link).await, guest.post(&link, &[]).await] {
        answer.is(410).shows("This invitation was taken back").hides("href=\"/sign-in\"");
    }
    assert!(!guest.is_signed_in().await);
    jane.get(&client).await.hides("Take the invitation back").shows(" Invite<");
    jane.post(&format!("{client}/invite"), &[]).await.is(303);
    guest.get(&link).await.is(410).shows("This invitation was taken back");
}

async fn handed_in(jane: &mut Browser<'_>, table: &[u8]) -> String {
    let answer = jane.sends_form("/clients/import", &[], &[("file", "people.csv", table)]).await;
    answer.is(303);
    answer.to().to_string()
}

#[tokio::test]
async fn s15_a_table_is_shown_before_anything_happens_and_says_what_came_of_it() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get("/clients/import").await.is(200).shows("multipart/form-data").hides("disabled");
    let table = "\u{feff}Vorname;Nachname;E-Mail;Firma\r\n\
        Zoë;Müller;zoe@new.example;Café Zürich\r\n\
        =1+1;<b>;formula@new.example;Café Zürich\r\n\
        Oskar;K;oskar@client.example;\r\n\
        Nobody;At All;nobody@;\r\n\
        Zoë;Again;ZOE@new.example;\r\n\
        ;;;Brightwater\r\n";
    let import = handed_in(&mut jane, table.as_bytes()).await;
    let preview = jane.get(&import).await;
    preview
        .is(200)
        .shows("Nothing has happened yet")
        .shows("people.csv")
        .shows("Café Zürich")
        .shows("&#60;b&#62;");
    preview
        .shows("such as jane@example.com")
        .shows("This address stands at line 2 already.")
        .shows("Brightwater");
    jane.get("/clients").await.hides("zoe@new.example");
    firm.browser_of(firm.tom).await.get(&import).await.is(404);

    let table = jane.get(&format!("{import}/left-out.csv")).await;
    table
        .is(200)
        .shows("\"5\",\"Nobody\",\"At All\",\"nobody@\"")
        .shows("\"6\",")
        .hides("formula@new.example");
    jane.post(&import, &[]).await.goes(&import);
    jane.get(&import)
        .await
        .is(200)
        .shows("2 client users and 1 company on their own added.")
        .shows("Left out");
    jane.post(&import, &[]).await.goes(&import);
    let clients = jane.get("/clients").await;
    clients.shows("zoe@new.example").shows("=1+1 &#60;b&#62;").hides("Nobody At All");
    assert_eq!(clients.text.matches("oskar@client.example").count(), 1);
    jane.get("/companies").await.shows("Café Zürich").shows("Brightwater");
}

/// A table of this many people, in companies of ten.
fn people(count: usize) -> String {
    let line = |number: usize| format!("p{number}@many.example,Person {number},Company {}\n", number / 10);
    format!("email,name,company\n{}", (0..count).map(line).collect::<String>())
}

#[tokio::test]
async fn s15_a_table_of_hundreds_is_a_light_page_and_taken_in_by_itself_step_by_step() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let import = handed_in(&mut jane, people(3 * LINES_AT_ONCE + 1).as_bytes()).await;
    let preview = jane.get(&import).await;
    preview.shows("<dd>601 will be added").shows("<dd>61 will be added").shows("and 551 more");
    assert!(preview.text.len() < 40_000, "{}", preview.text.len());
    jane.post(&import, &[]).await.goes(&import);
    let mut page = jane.get(&import).await;
    while page.headers.contains_key("refresh") {
        page.shows("of 601 lines are in. It goes on by itself").hides("Take it in").hides("Go on<");
        // The import in the background runs on the same thread.
        tokio::task::yield_now().await;
        page = jane.get(&import).await;
    }
    page.shows("601 client users added.");
    jane.get("/clients?find=p600@").await.shows("Person 600");
    let again = handed_in(&mut jane, people(2).as_bytes()).await;
    jane.get(&again).await.shows("<dd>2; nothing changes about them").hides("Take it in");
}

#[tokio::test]
async fn s15_a_table_that_was_cut_off_says_what_is_in_and_goes_on() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let import = handed_in(&mut jane, people(LINES_AT_ONCE + 50).as_bytes()).await;
    let (actor, id) = (firm.jane, import.trim_start_matches("/clients/import/").parse().unwrap());
    // As if the program ended after the first step.
    firm.portal.write(move |tx| importing::apply_some(tx, &actor, id, LINES_AT_ONCE)).await;
    jane.get(&import).await.shows("200 of 250 lines are in. It goes on by itself");
    firm.portal.wait(Duration::from_secs(60));
    let page = jane.get(&import).await;
    page.shows("This was cut off. 200 of 250 lines are in").shows(">Go on<").shows("Added");
    assert!(!page.headers.contains_key("refresh"));
    jane.post(&import, &[]).await.goes(&import);
    jane.get(&import).await.shows("250 client users added.");
}

#[tokio::test]
async fn s15_a_table_that_cannot_be_read_says_why_at_its_field() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let long = format!("email\n{}", "a@b.example\n".repeat(100_000));
    for (table, words) in [
        (b"PK\x03\x04 a workbook".as_slice(), "This is a workbook."),
        (b"one,two\nthree,four\n", "The first line has to name the columns"),
        (b"", "Please fill this in."),
        (long.as_bytes(), "at most 10,000 lines at once"),
        (&vec![b'a'; 6_000_000], "Please choose a file of at most 5 MB."),
    ] {
        let refused = jane.sends_form("/clients/import", &[], &[("file", "t.csv", table)]).await;
        refused.is(400).shows(words).shows("aria-invalid");
    }
    jane.post("/clients/import", &[("file", "a")]).await.is(415);
}

#[tokio::test]
async fn s2_client_users_invite_colleagues_of_their_company_where_the_firm_lets_them() {
    let firm = Firm::new().await;
    let (mut jane, mut oskar) = (firm.browser_of(firm.jane).await, firm.browser_of(firm.oskar).await);
    let colleague = [("givenName", "Nina"), ("email", "nina@client.example")];
    oskar.get("/profile").await.hides("/profile/colleagues");
    oskar.post("/profile/colleagues", &colleague).await.is(404);
    jane.get("/settings/joining").await.is(200).hides(" checked");
    let saved = jane.post("/settings/joining", &[("colleagues", "on")]).await;
    jane.follow(&saved).await.shows(" checked").shows("Undo");

    oskar.get("/profile").await.shows("/profile/colleagues");
    oskar.get("/profile/colleagues").await.is(200).shows("Northwind");
    let wrong = oskar.post("/profile/colleagues", &[("givenName", "Nina"), ("email", "nina@")]).await;
    wrong.is(400).shows("value=\"Nina\"");
    let santos = firm.santos.to_string();
    let elsewhere = [colleague[0], colleague[1], ("company", &santos)];
    oskar.post("/profile/colleagues", &elsewhere).await.is(400);
    jane.get("/clients").await.hides("nina@client.example");
    let done = "/profile/colleagues?done=invited";
    oskar.post("/profile/colleagues", &colleague).await.goes(done);
    // It does not reveal whether somebody is already here, and changes nothing about them (S2).
    oskar.post("/profile/colleagues", &colleague).await.goes(done);
    let known = [("givenName", "Not"), ("familyName", "Maria"), ("email", "maria@client.example")];
    oskar.post("/profile/colleagues", &known).await.goes(done);
    let clients = jane.get("/clients").await;
    clients.shows("nina@client.example").hides("Not Maria");
    assert_eq!(clients.text.matches("nina@client.example").count(), 1);
    jane.get(&format!("/companies/{}", firm.northwind)).await.shows("Nina");
    jane.get(&format!("/companies/{}", firm.santos)).await.hides("Nina");
    let workspace = firm.workspace;
    let nina = move |reader: &store::Reader| person::by_email(reader, workspace, "nina@client.example");
    let nina = firm.portal.read(nina).await.unwrap().id;
    jane.get(&format!("/clients/{nina}")).await.shows("A client user invited Nina");
    jane.get(&format!("/clients/{}", firm.oskar.person)).await.hides("A client user invited");
    jane.get("/settings/records").await.shows("invited a colleague:").shows("clients may invite colleagues");
}

#[tokio::test]
async fn r3_a_copy_of_everything_about_a_client_user_has_what_is_theirs_and_not_what_others_wrote_elsewhere()
{
    let firm = Firm::new().await;
    firm.posts(firm.jane, firm.channel, "Only for Oskar, =1+1").await;
    let mut jane = firm.browser_of(firm.jane).await;
    let maria = jane.post(&format!("/clients/{}/channel", firm.maria.person), &[]).await;
    let path = maria.to().trim_start_matches("/messages/").parse().unwrap();
    firm.posts(firm.maria, path, "A secret of Maria's").await;
    let copy = jane.get(&format!("/clients/{}/everything.zip", firm.oskar.person)).await;
    copy.is(200)
        .shows("profile.csv")
        .shows("messages.csv")
        .shows("notices.csv")
        .shows("oskar@client.example");
    copy.shows("Only for Oskar, =1+1").hides("A secret of Maria");
    assert_eq!(copy.headers["content-type"], "application/zip");
    assert!(copy.headers["content-disposition"].to_str().unwrap().contains("Oskar Kowalski.zip"));
    // It ends like a ZIP archive: with the end of its directory.
    assert!(copy.bytes.windows(4).any(|four| four == b"PK\x05\x06"));
    jane.get("/settings/records").await.shows("exported everything about");
}

#[tokio::test]
async fn r3_the_files_of_a_copy_are_what_was_sent_byte_for_byte() {
    let firm = Firm::new().await;
    // Bytes that do not repeat, so that cutting or swapping parts would show.
    let large: Vec<u8> =
        (0..700_000_u32).map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let every: Vec<u8> = (0..=255).collect();
    for (who, name, bytes) in [
        (firm.oskar, "plan.bin", &large[..]),
        (firm.oskar, "report.txt", b"the first"),
        (firm.jane, "report.txt", b"the second, of Jane's"),
        (firm.oskar, "Zoë’s Plan 😀.txt", &every),
    ] {
        firm.sends_file(who, firm.channel, name, bytes).await;
    }
    let mut jane = firm.browser_of(firm.jane).await;
    let maria = jane.post(&format!("/clients/{}/channel", firm.maria.person), &[]).await;
    let theirs = maria.to().trim_start_matches("/messages/").parse().unwrap();
    firm.sends_file(firm.maria, theirs, "secret.txt", b"of Maria's").await;

    let copy = jane.get(&format!("/clients/{}/everything.zip", firm.oskar.person)).await;
    let found = unzipped(&copy.is(200).bytes);
    // Each under its id, since conversations may have files of the same name.
    let files = found.iter().filter_map(|(name, bytes)| {
        let (_, name) = name.strip_prefix("files/")?.split_once('/')?;
        Some((name, &bytes[..]))
    });
    let mut files: Vec<(&str, &[u8])> = files.collect();
    files.sort_unstable();
    let sent: [(&str, &[u8]); 4] = [
        ("Zoë’s Plan 😀.txt", &every),
        ("plan.bin", &large),
        ("report (2).txt", b"the second, of Jane's"),
        ("report.txt", b"the first"),
    ];
    // Not `assert_eq`, which would print the bytes.
    assert!(files == sent, "{:?}", files.iter().map(|(name, bytes)| (name, bytes.len())).collect::<Vec<_>>());
    for table in ["profile.csv", "messages.csv", "notices.csv"] {
        let text = String::from_utf8(found[table].clone()).unwrap();
        assert!(text.starts_with('\u{feff}') && !text.contains("Maria"), "{table}: {text}");
    }
}

#[tokio::test]
async fn r3_who_is_deleted_on_request_leaves_their_words_and_nothing_to_reach_them_by() {
    let firm = Firm::new().await;
    let mut jane = firm.browser_of(firm.jane).await;
    let page = format!("/clients/{}", firm.oskar.person);
    jane.get(&format!("{page}/delete")).await.is(200).shows("This cannot be undone");
    jane.get(&page).await.is(200);
    let mut oskar = firm.browser_of(firm.oskar).await;
    jane.post(&format!("{page}/delete"), &[]).await.is(303);
    assert!(!oskar.is_signed_in().await);
    jane.get(&page).await.is(404);
    jane.get("/clients").await.hides("oskar@client.example");
    jane.get(&format!("/messages/{}", firm.channel))
        .await
        .is(200)
        .shows("Oskar")
        .hides("oskar@client.example");
    let fields = [("givenName", "Oskar"), ("email", "oskar@client.example")];
    jane.post("/clients/new", &fields).await.is(303);
}
