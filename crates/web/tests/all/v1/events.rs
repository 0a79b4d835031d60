//! `/v1/events`: the journal as API clients receive it.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use domain::administration::projects::{self, ProjectInput};
use domain::tenant::api_keys;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::{Firm, Program};

/// An open stream.
struct Heard {
    body: Body,
    text: String,
}

/// The name, number and data of an event.
type Event = (String, Option<i64>, Value);

impl Heard {
    async fn open(program: &Program<'_>, query: &str) -> Heard {
        let (status, headers, body) = program.open(Method::GET, &format!("/v1/events{query}"), None).await;
        assert_eq!(status, 200);
        assert_eq!(headers["content-type"], "text/event-stream");
        let mut heard = Heard { body, text: String::new() };
        heard.more().await;
        assert!(heard.text.starts_with("retry: 1000\n\n"), "{}", heard.text);
        heard.text.drain(.."retry: 1000\n\n".len());
        heard
    }

    /// Returns false at the end of the stream.
    async fn more(&mut self) -> bool {
        let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame()).await.expect("a piece");
        let Some(frame) = frame else { return false };
        self.text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        true
    }

    async fn next(&mut self) -> Event {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_string(), rest.to_string());
                self.text = rest;
                if event == ":" {
                    continue;
                }
                let line = |name: &str| {
                    let begin = format!("{name}: ");
                    event.lines().find_map(|line| line.strip_prefix(&begin)).map(str::to_string)
                };
                let data = serde_json::from_str(&line("data").unwrap()).unwrap();
                return (line("event").unwrap(), line("id").map(|id| id.parse().unwrap()), data);
            }
            assert!(self.more().await, "the stream ended");
        }
    }

    async fn names(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..count {
            names.push(self.next().await.0);
        }
        names
    }
}

#[tokio::test]
async fn what_happens_is_heard_with_the_object_as_get_shows_it() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let mut heard = Heard::open(&program, "").await;
    let company = program.post("/v1/companies", json!({"name": "Acme"})).await;
    let (name, seq, data) = heard.next().await;
    assert_eq!((name.as_str(), &data["object"]), ("company.created", &company.json));
    assert_eq!(data["workspaceId"], json!(firm.workspace));
    assert!(seq.is_some() && data.get("channelId").is_none());
    let client =
        json!({"givenName": "Zoe", "email": "zoe@client.example", "companyId": company.text_at("/id")});
    let client = program.post("/v1/clients", client).await;
    let (name, _, data) = heard.next().await;
    assert_eq!((name.as_str(), &data["object"]), ("client.created", &client.json));
    assert_eq!(
        heard.names(3).await,
        ["messageChannel.created", "fileChannel.created", "messageChannel.updated"]
    );

    let sent = program.post("/v1/messages", json!({"channelId": firm.channel, "text": "Hello"})).await;
    let (name, _, data) = heard.next().await;
    assert_eq!((name.as_str(), &data["object"]), ("message.sent", &sent.json));
    assert_eq!(data["channelId"], json!(firm.channel));
    program.patch(&format!("/v1/clients/{}", firm.oskar.person), json!({"givenName": "Oscar"})).await;
    let (name, _, data) = heard.next().await;
    assert_eq!(
        (name.as_str(), &data["object"]["title"]),
        ("messageChannel.updated", &json!("Oscar Kowalski"))
    );
    assert_eq!(heard.names(1).await, ["client.updated"]);
    program.delete(&format!("/v1/messages/{}", sent.text_at("/id"))).await;
    let (name, _, data) = heard.next().await;
    assert_eq!((name.as_str(), &data["object"]["text"]), ("message.deleted", &json!("")));
    program.delete(&format!("/v1/clients/{}", client.text_at("/id"))).await;
    let mut last = heard.next().await;
    while last.0 != "client.deleted" {
        assert_eq!(last.0, "messageChannel.updated");
        last = heard.next().await;
    }
    assert_eq!(last.2["object"], json!({"id": client.json["id"], "object": "client", "deleted": true}));
}

#[tokio::test]
async fn a_stream_goes_on_behind_the_last_event_that_was_heard() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let mut heard = Heard::open(&program, "").await;
    program.post("/v1/companies", json!({"name": "One"})).await;
    let (_, first, _) = heard.next().await;
    drop(heard);
    for name in ["Two", "Three"] {
        program.post("/v1/companies", json!({"name": name})).await;
    }
    let again = program.with("last-event-id", &first.unwrap().to_string());
    let mut heard = Heard::open(&again, "").await;
    for name in ["Two", "Three"] {
        let (_, _, data) = heard.next().await;
        assert_eq!(data["object"]["name"], name);
    }
    program.post("/v1/companies", json!({"name": "Four"})).await;
    assert_eq!(heard.next().await.2["object"]["name"], "Four");

    for bad in ["x", "", "-1", "1.5", "99999999999999999999"] {
        program.with("last-event-id", bad).get("/v1/events").await.refuses(400, "Last-Event-ID");
    }
    program.get("/v1/events?scope=everything").await.refuses(400, "scope");
    program.get("/v1/events?channelId=abc").await.refuses(400, "channelId");
    program.get(&format!("/v1/events?channelId={}", firm.workspace)).await.refuses(404, "channelId");
}

#[tokio::test]
async fn what_is_kept_no_longer_is_said_to_be_lost() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let workspace = firm.workspace;
    let head = firm.portal.read(move |reader| Ok(reader.journal_head(workspace.0)?)).await;
    firm.portal
        .write(move |tx| {
            tx.run("DELETE FROM journal WHERE workspace = $1 AND seq < $2", &[&workspace, &head])?;
            Ok(())
        })
        .await;
    for after in [0, head - 2, head + 1] {
        let mut heard = Heard::open(&program.with("last-event-id", &after.to_string()), "").await;
        assert_eq!(heard.next().await, ("reset".to_string(), Some(head), json!({})), "{after}");
    }
    let mut heard = Heard::open(&program.with("last-event-id", &(head - 1).to_string()), "").await;
    assert_eq!(heard.next().await.1, Some(head));
}

#[tokio::test]
async fn without_the_scope_of_the_workspace_only_own_channels_are_heard() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (jane, tom) = (firm.jane, firm.tom.person);
    let project = firm
        .portal
        .write(move |tx| {
            let new = ProjectInput {
                title: "Quiet".to_string().into(),
                internal_user_ids: vec![tom].into(),
                ..ProjectInput::default()
            };
            projects::add(tx, &jane, &new)
        })
        .await;
    let quiet = program
        .post("/v1/message-channels", json!({"membershipType": "project", "projectId": project}))
        .await;
    let quiet = quiet.text_at("/id");
    let mut own = Heard::open(&program, "").await;
    let mut whole = Heard::open(&program, "?scope=workspace").await;
    let one = Heard::open(&program, &format!("?channelId={quiet}")).await;
    let mut one_whole = Heard::open(&program, &format!("?channelId={quiet}&scope=workspace")).await;
    program.post("/v1/messages", json!({"channelId": quiet, "text": "Psst", "senderId": tom})).await.is(200);
    program.post("/v1/messages", json!({"channelId": firm.channel, "text": "Aloud"})).await.is(200);
    let text = |event: Event| event.2["object"]["text"].as_str().unwrap().to_string();
    assert_eq!(text(own.next().await), "Aloud");
    assert_eq!(text(whole.next().await), "Psst");
    assert_eq!(text(whole.next().await), "Aloud");
    assert_eq!(text(one_whole.next().await), "Psst");
    program.post("/v1/companies", json!({"name": "Acme"})).await;
    assert_eq!(own.names(1).await, ["company.created"]);
    assert_eq!(one.text, "");

    // Another firm receives nothing of it.
    let stranger = firm.portal.program_of(firm.stranger).await;
    let mut theirs = Heard::open(&stranger, "?scope=workspace").await;
    program.post("/v1/companies", json!({"name": "Secret"})).await;
    stranger.post("/v1/companies", json!({"name": "Their own"})).await.is(200);
    assert_eq!(theirs.next().await.2["object"]["name"], "Their own");
}

#[tokio::test]
async fn a_stream_ends_with_its_key() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let mut heard = Heard::open(&program, "").await;
    let jane = firm.jane;
    firm.portal
        .write(move |tx| {
            let key = api_keys::list(tx, &jane)?[0].id;
            api_keys::revoke(tx, &jane, key)
        })
        .await;
    firm.posts(firm.oskar, firm.channel, "Too late").await;
    while heard.more().await {}
    assert_eq!(heard.text, "");
}

#[tokio::test]
async fn f2_files_have_their_address_in_what_is_told_too() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let mut heard = Heard::open(&program, "").await;
    firm.sends_file(firm.oskar, firm.channel, "plan.txt", b"The plan.").await;
    let mut kinds = Vec::new();
    while kinds.len() < 2 {
        let (kind, _, data) = heard.next().await;
        let file = match kind.as_str() {
            "message.sent" => &data["object"]["attachments"][0],
            "file.created" => &data["object"],
            _ => continue,
        };
        let address = file["downloadUrl"].as_str().unwrap().strip_prefix("http://portal.example").unwrap();
        assert_eq!(firm.portal.nobody().get(address).await.is(200).text, "The plan.");
        kinds.push(kind);
    }
    kinds.sort();
    assert_eq!(kinds, ["file.created", "message.sent"]);
}

#[tokio::test]
async fn a_channel_that_its_admin_has_left_is_heard_of_no_more() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let mut own = Heard::open(&program, "").await;
    let (channel, jane) = (firm.channel, firm.jane.person);
    program.delete(&format!("/v1/message-channels/{channel}/members/{jane}")).await.is(200);
    let from = firm.oskar.person;
    program
        .post("/v1/messages", json!({"channelId": channel, "text": "Psst", "senderId": from}))
        .await
        .is(200);
    program.post("/v1/companies", json!({"name": "Acme"})).await.is(200);
    assert_eq!(own.names(1).await, ["company.created"]);
}
