//! The early access form (E1): what it says after success, wrong input and failure; the list of entries and its export.

use crate::support::{Browser, Firm, Portal};
use axum::http::Method;
use domain::kernel::{audit_log, ids};
use domain::tenant::early_access;
use http_body_util::BodyExt;
use store::Tx;

const THANKS: &str = "Thank you! Your submission has been received";
const OOPS: &str = "Oops! Something went wrong";
const RUI: [(&str, &str); 3] =
    [("name", "Rui Alves"), ("email", "rui@later.example"), ("company", "Alves & Filhos")];

async fn run(portal: &Portal, sql: &'static str) {
    portal.write(move |tx: &mut Tx| Ok(tx.run(sql, &[])?)).await;
}

/// The body at an address.
async fn bytes(browser: &mut Browser<'_>, path: &str) -> String {
    let (status, _, body) = browser.open(Method::GET, path, None).await;
    assert_eq!(status, 200);
    String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn e1_the_form_works_without_scripts_and_says_so_in_the_words_of_the_rule() {
    let firm = Firm::new().await;
    let mut visitor = firm.portal.browser();
    visitor.get("/early-access").await.is(200).shows("Ask for early access").hides("<script").hides(THANKS);
    let sent = visitor.post("/early-access", &RUI).await;
    sent.is(303).shows(THANKS);
    visitor.follow(&sent).await.is(200).shows(THANKS).hides("name=\"email\"");
    let list = firm.browser_of(firm.jane).await.get("/settings/early-access").await;
    list.is(200).shows("Rui Alves").shows("rui@later.example").shows("Alves &#38; Filhos");
    let mut stranger = firm.browser_of(firm.stranger).await;
    stranger.get("/settings/early-access").await.is(200).hides("Rui Alves");
}

#[tokio::test]
async fn e1_wrong_input_is_said_at_its_field_and_what_was_typed_stays() {
    let firm = Firm::new().await;
    let mut visitor = firm.portal.browser();
    let wrong =
        visitor.post("/early-access", &[("name", "Rui <b>"), ("email", "rui@"), ("company", "Alves")]).await;
    wrong.is(400).shows("value=\"Rui &#60;b&#62;\"").shows("value=\"rui@\"").shows("value=\"Alves\"");
    assert_eq!(wrong.errors(), ["Please give an email address, such as jane@example.com."]);
    wrong.hides(OOPS).hides(THANKS);
    visitor.post("/early-access", &[]).await.is(400).shows("Please fill this in.");
}

#[tokio::test]
async fn e1_a_database_that_refuses_is_an_oops_with_all_that_was_typed_and_the_next_try_works() {
    let firm = Firm::new().await;
    let mut visitor = firm.portal.browser();
    run(&firm.portal, "ALTER TABLE early_access RENAME TO elsewhere").await;
    let failed = visitor.post("/early-access", &RUI).await;
    failed.is(500).shows(OOPS).hides(THANKS).hides("early_access").hides("SQL");
    failed
        .shows("value=\"Rui Alves\"")
        .shows("value=\"rui@later.example\"")
        .shows("value=\"Alves &#38; Filhos\"");
    run(&firm.portal, "ALTER TABLE elsewhere RENAME TO early_access").await;
    visitor.post("/early-access", &RUI).await.is(303);
    firm.browser_of(firm.jane).await.get("/settings/early-access").await.shows("Rui Alves");
}

#[tokio::test]
async fn e1_a_database_that_is_gone_is_an_oops_and_not_another_page() {
    let firm = Firm::new().await;
    firm.portal.store.close();
    let mut visitor = firm.portal.browser();
    let failed = visitor.post("/early-access", &RUI).await;
    failed.is(503).shows(OOPS).shows("value=\"rui@later.example\"");
    visitor.get("/early-access").await.is(200).shows("Ask for early access");
}

#[tokio::test]
async fn e1_what_cannot_be_read_is_an_oops_too() {
    let firm = Firm::new().await;
    let mut visitor = firm.portal.browser();
    visitor.send("/early-access", "name=%ff").await.is(400).shows(OOPS);
    let much = format!("name={}", "a".repeat(3_000_000));
    visitor.send("/early-access", &much).await.is(413).shows(OOPS);
}

#[tokio::test]
async fn e1_too_many_tries_are_an_oops_with_all_that_was_typed() {
    let firm = Firm::new().await;
    let mut visitor = firm.portal.browser();
    for number in 0..early_access::BY_SENDER_MAX {
        visitor
            .post("/early-access", &[("name", &number.to_string()), ("email", "a@b.example")])
            .await
            .is(303);
    }
    let slowed = visitor.post("/early-access", &RUI).await;
    slowed.is(429).shows(OOPS).shows("value=\"Rui Alves\"");
    assert_eq!(slowed.headers["retry-after"], "3600");
}

#[tokio::test]
async fn e1_a_machine_is_thanked_like_everybody_and_listed_apart() {
    let firm = Firm::new().await;
    let mut machine = firm.portal.browser();
    let filled =
        [("name", "Bot"), ("email", "bot@spam.example"), ("confirmReference", "http://spam.example")];
    machine.post("/early-access", &filled).await.is(303).shows(THANKS);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get("/settings/early-access").await.hides("bot@spam.example").shows("1 more");
    jane.get("/settings/early-access?trapped=yes").await.shows("bot@spam.example");
    assert!(!bytes(&mut jane, "/settings/early-access.csv").await.contains("bot@"));
}

#[tokio::test]
async fn e1_a_host_without_a_workspace_shows_the_front_page_and_its_entries_are_the_first_workspaces() {
    let firm = Firm::new().await;
    // Give both firms a host of their own.
    run(&firm.portal, "UPDATE workspaces SET host = 'harborlee.example' WHERE host IS NULL").await;
    // Make the other firm the newer one: created at the same moment, their ids do not show which came first.
    run(&firm.portal, "UPDATE workspaces SET created_at = created_at + 1 WHERE host = 'another.example'")
        .await;
    let mut visitor = firm.portal.browser();
    visitor.host = "product.example".to_string();
    visitor.get("/").await.is(200).shows("Ask for early access");
    visitor.get("/sign-in").await.is(404);
    let sent = visitor.post("/early-access", &RUI).await;
    visitor.follow(&sent).await.shows(THANKS);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.host = "harborlee.example".to_string();
    jane.get("/settings/early-access").await.is(200).shows("rui@later.example");
    jane.get("/").await.goes("/messages");
    firm.browser_of(firm.stranger)
        .await
        .get("/settings/early-access")
        .await
        .is(200)
        .hides("rui@later.example");
}

#[tokio::test]
async fn e1_before_the_portal_is_set_up_nothing_is_lost_either() {
    let portal = Portal::empty();
    let mut visitor = portal.browser();
    visitor.get("/").await.is(200).shows("not set up yet");
    visitor.post("/early-access", &RUI).await.is(303).shows(THANKS);
}

#[tokio::test]
async fn e1_programs_are_answered_in_json() {
    let firm = Firm::new().await;
    let mut program = firm.portal.browser();
    program.accept = "application/json";
    program.post("/early-access", &RUI).await.is(200).shows(&format!("{{\"message\":\"{THANKS}\"}}"));
    let wrong = program.post("/early-access", &[("name", "Rui"), ("email", "rui")]).await;
    wrong.is(400).shows("\"field\":\"email\"");
    run(&firm.portal, "ALTER TABLE early_access RENAME TO elsewhere").await;
    program.post("/early-access", &RUI).await.is(500).shows(OOPS);
}

#[tokio::test]
async fn e1_the_export_has_everybody_with_formulas_made_text_and_who_took_it_is_kept() {
    let firm = Firm::new().await;
    let mut visitor = firm.portal.browser();
    let formula = "=HYPERLINK(\"http://evil.example\",\"Click\")";
    visitor
        .post("/early-access", &[("name", formula), ("email", "a@b.example"), ("company", "@sum")])
        .await
        .is(303);
    // More entries than an export reads at a time.
    let workspace = firm.workspace;
    firm.portal
        .write(move |tx| {
            for number in 0..1_500 {
                tx.run(
                    "INSERT INTO early_access (id, workspace, name, email, email_key, company, at) \
                     VALUES ($1, $2, $3, 'x@y.example', 'x@y.example', '', 0)",
                    &[&ids::EntryId::new(store::Time(number)), &workspace, &format!("Person {number}")],
                )?;
            }
            Ok(())
        })
        .await;
    let mut jane = firm.browser_of(firm.jane).await;
    let csv = bytes(&mut jane, "/settings/early-access.csv").await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "\u{feff}time,name,email,company");
    assert_eq!(
        lines[1],
        "\"2026-01-05T09:00:00.000Z\",\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"Click\"\")\",\"a@b.example\",\"'@sum\""
    );
    assert_eq!(lines.len(), 1 + 1 + 1_500);
    for number in [0, 777, 1_499] {
        assert_eq!(csv.matches(&format!("\"Person {number}\"")).count(), 1);
    }
    let jane = firm.jane;
    let kept = firm
        .portal
        .read(move |reader| audit_log::list(reader, &jane, &audit_log::Filter::default(), 1))
        .await;
    assert_eq!(kept[0].deed, "exports.earlyAccess");
    assert_eq!(kept[0].person.as_ref().unwrap().0, jane.person);
}
