//! Several firms in one portal, told apart by host name (B4): nothing of one is reachable from another, whatever session,
//! key or link is used. `authorization` checks that no address at the stranger's own host shows anything of the firm;
//! here the stranger calls the firm's host, and the firm's sessions, keys and links are used at the stranger's.

use std::time::Duration;

use crate::support::Firm;
use axum::body::Body;
use axum::http::Method;
use domain::administration::clients::{self, ClientInput};
use domain::channels::starting::{self, Subject};
use domain::identity::sign_in_links::LinkKind;
use http_body_util::BodyExt as _;
use serde_json::json;

#[tokio::test]
async fn b4_a_session_of_one_firm_is_none_at_the_host_of_another() {
    let firm = Firm::new().await;
    let (own, other) = (firm.browser_of(firm.jane).await, firm.browser_of(firm.stranger).await);
    for (mut browser, host) in [(own.clone(), &other.host), (other.clone(), &own.host)] {
        assert!(browser.is_signed_in().await);
        browser.host.clone_from(host);
        assert!(!browser.is_signed_in().await, "at {host}");
        let channel = format!("/messages/{}", firm.channel);
        for path in
            ["/messages", "/clients", "/settings/brand", "/live", "/messages/search?words=morning", &channel]
        {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, 303, "{path}");
            assert!(answer.to().starts_with("/sign-in"), "{path}: {}", answer.to());
        }
    }
}

#[tokio::test]
async fn b4_links_of_one_firm_open_nothing_at_the_host_of_another() {
    let firm = Firm::new().await;
    let other = firm.browser_of(firm.stranger).await.host;
    let reply = firm.reply_link(firm.oskar, firm.channel, 0, 1).await;
    let sign_in = firm.portal.link(firm.workspace, firm.oskar.person, LinkKind::Command).await;
    let unsubscribe = firm.unsubscribe_link(firm.oskar).await;
    let mut there = firm.portal.browser();
    there.host = other;
    for path in [&reply, &sign_in, &unsubscribe] {
        there.get(path).await.is(404).hides("Good morning!").hides("Oskar").hides("Harbor");
    }
    there.post(&sign_in, &[]).await.is(404);
    assert!(there.cookie.is_none());
    let mut here = firm.portal.browser();
    here.get(&reply).await.is(200).shows("Good morning!");
    here.get(&sign_in).await.is(200);
}

#[tokio::test]
async fn b4_pages_lists_and_searches_of_one_firm_know_nothing_of_another() {
    let firm = Firm::new().await;
    let mut stranger = firm.browser_of(firm.stranger).await;
    let (_, file) = firm.sends_file(firm.jane, firm.channel, "a.txt", b"hello").await;
    for path in [
        "/messages",
        "/messages?find=Oskar",
        "/messages/new?find=Northwind",
        "/messages/search?words=morning",
        "/clients",
        "/companies",
        "/projects",
        "/settings/team",
        "/settings/brand",
        "/settings/messaging",
        "/settings/files",
        "/sign-in",
        "/manifest.webmanifest",
    ] {
        let page = stranger.get(path).await;
        for word in ["Kowalski", "Good morning", "Harbor", "Jane"] {
            page.hides(word);
        }
    }
    for path in [
        format!("/messages/{}", firm.channel),
        format!("/files/{}/{file}/content", firm.channel),
        format!("/files/{}/{file}/download", firm.channel),
        format!("/clients/{}", firm.oskar.person),
        format!("/companies/{}", firm.northwind),
        format!("/projects/{}", firm.renovation),
    ] {
        stranger.get(&path).await.is(404);
    }
}

/// What a stream sends, up to and including a word.
async fn heard_until(mut stream: Body, word: &str) -> String {
    let mut heard = String::new();
    while !heard.contains(word) {
        let frame =
            tokio::time::timeout(Duration::from_secs(10), stream.frame()).await.expect("an event in time");
        let data = frame.unwrap().unwrap().into_data().unwrap();
        heard.push_str(std::str::from_utf8(&data).unwrap());
    }
    heard
}

#[tokio::test]
async fn b4_what_happens_in_one_firm_is_told_to_nobody_of_another() {
    let firm = Firm::new().await;
    let mut stranger = firm.browser_of(firm.stranger).await;
    let mut jane = firm.browser_of(firm.jane).await;
    let (_, _, theirs) = stranger.open(Method::GET, "/live", None).await;
    let (_, _, ours) = jane.open(Method::GET, "/live", None).await;
    firm.posts(firm.oskar, firm.channel, "Only for Harbor").await;
    heard_until(ours, "Only for Harbor").await;
    // Something happens in the stranger's firm too: the first event that they receive must be their own.
    let sam = firm.stranger;
    let made = firm.portal.write(move |tx| {
        let new = ClientInput {
            given_name: "Cy".to_string().into(),
            email: "cy@theirs.example".to_string().into(),
            ..ClientInput::default()
        };
        let client = clients::add_client(tx, &sam, &new)?;
        starting::create(tx, &sam, &Subject::Client(client))
    });
    let heard = heard_until(theirs, &made.await.to_string()).await;
    assert!(!heard.contains("Only for Harbor") && !heard.contains(&firm.channel.to_string()), "{heard}");
}

#[tokio::test]
async fn b4_a_key_of_one_firm_reads_and_changes_nothing_of_another() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.stranger).await;
    for list in ["/v1/clients", "/v1/companies", "/v1/message-channels", "/v1/internal-users", "/v1/projects"]
    {
        let said = program.get(list).await;
        said.is(200);
        assert!(
            !said.text.contains("Oskar") && !said.text.contains("Northwind") && !said.text.contains("jane@"),
            "{}",
            said.text
        );
    }
    for one in [
        format!("/v1/clients/{}", firm.oskar.person),
        format!("/v1/companies/{}", firm.northwind),
        format!("/v1/message-channels/{}", firm.channel),
    ] {
        program.get(&one).await.is(404);
    }
    program.patch(&format!("/v1/companies/{}", firm.northwind), json!({ "name": "Mine" })).await.is(404);
    assert_eq!(program.get("/v1/workspaces").await.text_at("/brandName"), "Another firm");
    // At another firm's host the key is invalid.
    let elsewhere = firm.portal.program_of(firm.jane).await.host;
    assert_ne!(program.host, elsewhere);
    let mut astray = program.clone();
    astray.host = elsewhere;
    astray.get("/v1/workspaces").await.is(401);
    astray.post("/v1/companies", json!({ "name": "Astray" })).await.is(401);
}
