//! `/v1/events`: the journal as API clients receive it.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Method;
use domain::administration::projects::{self, ProjectInput};
use domain::administration::team::{self, InternalInput};
use domain::arrival::invitations;
use domain::channels::members;
use domain::kernel::access::{Actor, Role};
use domain::kernel::ids::MessageId;
use domain::messages::sending::{self, Draft};
use domain::notify::{deliveries, due};
use domain::tenant::api_keys;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use store::Tx;

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

    /// The next piece as it is handed to the connection.
    async fn piece(&mut self) -> Bytes {
        let frame = tokio::time::timeout(Duration::from_secs(20), self.body.frame()).await.expect("a piece");
        frame.expect("more").unwrap().into_data().unwrap()
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
async fn d5_what_happens_is_heard_with_the_object_as_get_shows_it() {
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
    let mut unseen = sent.json.clone();
    assert_eq!(unseen["deliveries"].as_array().unwrap().len(), 2);
    (unseen["deliveries"], unseen["seenBy"]) = (json!([]), json!([]));
    assert_eq!((name.as_str(), &data["object"]), ("message.sent", &unseen));
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
async fn d5_a_stream_goes_on_behind_the_last_event_that_was_heard() {
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
async fn d5_what_is_kept_no_longer_is_said_to_be_lost() {
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
async fn d5_without_the_scope_of_the_workspace_only_own_channels_are_heard() {
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
async fn d1_a_stream_ends_with_its_key() {
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
async fn d5_a_channel_that_its_admin_has_left_is_heard_of_no_more() {
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

impl Firm {
    /// Jane posts messages with these numbers, in one transaction.
    async fn counts(&self, numbers: std::ops::Range<usize>) {
        let (jane, channel) = (self.jane, self.channel);
        let post = move |tx: &mut Tx| {
            for number in numbers {
                let (id, text) = (MessageId::new(tx.now()), number.to_string());
                sending::send(tx, &jane, &Draft { id, channel, text, attachments: Vec::new(), shown: None })?;
            }
            Ok(())
        };
        self.portal.write(post).await;
    }
}

fn text(event: &Event) -> &str {
    event.2["object"]["text"].as_str().unwrap_or_default()
}

/// Posts until all these streams are handed the same bytes in memory: from then on they follow the hub. Returns the number of
/// the next message.
async fn until_shared(firm: &Firm, streams: &mut [&mut Heard]) -> usize {
    for number in 0..50 {
        firm.counts(number..number + 1).await;
        let mut pieces = Vec::new();
        for stream in &mut *streams {
            pieces.push(stream.piece().await);
        }
        assert!(pieces.iter().all(|piece| *piece == pieces[0]));
        if pieces.iter().all(|piece| piece.as_ptr() == pieces[0].as_ptr()) {
            return number + 1;
        }
    }
    panic!("each stream has its own copy");
}

#[tokio::test]
async fn d5_an_event_is_made_once_for_all_streams() {
    let firm = Firm::new().await;
    let (one, other) = (firm.portal.program_of(firm.jane).await, firm.portal.program_of(firm.jane).await);
    let mut first = Heard::open(&one, "").await;
    let mut second = Heard::open(&one, "?scope=workspace").await;
    let mut third = Heard::open(&other, "").await;
    until_shared(&firm, &mut [&mut first, &mut second, &mut third]).await;
}

#[tokio::test]
async fn d5_what_differs_by_person_is_what_the_admin_of_the_key_would_get() {
    let firm = Firm::new().await;
    let (jane, channel) = (firm.jane, firm.channel);
    let rita = move |tx: &mut Tx| {
        let rita = InternalInput {
            given_name: "Rita".to_string().into(),
            family_name: "Lee".to_string().into(),
            email: "rita@firm.example".to_string().into(),
            role: Role::Admin.into(),
            ..InternalInput::default()
        };
        let person = team::add_internal(tx, &jane, &rita)?;
        Ok(Actor::new(jane.workspace, person, Role::Admin, false))
    };
    let rita = firm.portal.write(rita).await;
    let program = firm.portal.program_of(jane).await;
    let other = firm.portal.program_of(rita).await;
    firm.posts(firm.oskar, channel, "Unread by Rita").await;
    firm.portal.write(move |tx| members::read_up_to(tx, &jane, channel, 2)).await;
    let (mut one, mut two) = (Heard::open(&program, "").await, Heard::open(&other, "").await);
    let path = format!("/v1/message-channels/{channel}");
    program.patch(&path, json!({"isArchived": true})).await.is(200);
    for (program, stream, unread) in [(&program, &mut one, 0), (&other, &mut two, 1)] {
        let (name, _, data) = stream.next().await;
        let object = &data["object"];
        assert_eq!((name.as_str(), &object["unreadCount"]), ("messageChannel.updated", &json!(unread)));
        assert_eq!(object, &program.get(&path).await.json);
    }
    firm.sends_file(firm.oskar, channel, "plan.txt", b"The plan.").await;
    let mut addresses = Vec::new();
    for stream in [&mut one, &mut two] {
        let mut event = stream.next().await;
        while event.0 != "message.sent" {
            event = stream.next().await;
        }
        addresses.push(event.2["object"]["attachments"][0]["downloadUrl"].as_str().unwrap().to_string());
    }
    assert_ne!(addresses[0], addresses[1], "an address works while its admin is active");
}

#[tokio::test]
async fn d5_what_happens_while_a_stream_opens_is_heard_once_and_in_order() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let workspace = firm.workspace;
    let before = firm.portal.read(move |reader| Ok(reader.journal_head(workspace.0)?)).await;
    let again = program.with("last-event-id", &before.to_string());
    let writing = async {
        for number in 0..150 {
            firm.counts(number..number + 1).await;
        }
    };
    let reading = async {
        for _ in 0..5 {
            let mut heard = Heard::open(&again, "").await;
            for number in 0..150 {
                let event = heard.next().await;
                assert_eq!((text(&event), event.1), (number.to_string().as_str(), Some(before + 1 + number)));
            }
        }
    };
    tokio::join!(writing, reading);
}

#[tokio::test]
async fn d5_a_slow_stream_is_closed_and_goes_on_where_it_was() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (mut slow, mut quick) = (Heard::open(&program, "").await, Heard::open(&program, "").await);
    let next = until_shared(&firm, &mut [&mut slow, &mut quick]).await;
    let workspace = firm.workspace;
    let last = firm.portal.read(move |reader| Ok(reader.journal_head(workspace.0)?)).await;
    firm.counts(next..1_000).await;
    for number in next..1_000 {
        assert_eq!(text(&quick.next().await), number.to_string(), "nobody slows others");
    }
    assert!(!slow.more().await, "it was handed what would leave a gap");
    let mut again = Heard::open(&program.with("last-event-id", &last.to_string()), "").await;
    for number in next..1_000 {
        assert_eq!(text(&again.next().await), number.to_string());
    }
    firm.counts(1_000..1_001).await;
    assert_eq!(text(&again.next().await), "1000");
}

#[tokio::test]
async fn d6_reading_tells_of_each_message_that_was_seen() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    firm.counts(0..3).await;
    let list = program.get(&format!("/v1/messages?channelId={}", firm.channel)).await;
    let ids: Vec<&str> =
        list.json["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    let mut heard = Heard::open(&program, "").await;
    let read = json!({"messageId": ids[0], "readerId": firm.tom.person});
    program.post(&format!("/v1/message-channels/{}/read", firm.channel), read).await.is(200);
    // Tom was there when Oskar wrote the first.
    for (index, id) in ids.iter().rev().enumerate() {
        let (name, seq, data) = heard.next().await;
        let object = json!({
            "object": "messageStatus", "channelId": firm.channel, "messageId": id, "personId": firm.tom.person,
            "state": "seen", "at": "2026-01-05T09:00:00.000Z",
        });
        assert_eq!((name.as_str(), &data["object"]), ("message.status", &object));
        assert_eq!(data["channelId"], json!(firm.channel));
        assert_eq!(seq.is_some(), index == ids.len() - 1, "one resumes behind all of them or before");
    }
    let seen = program.get(&format!("/v1/messages/{}", ids[0])).await;
    assert_eq!(seen.json["seenBy"], json!([{"id": firm.tom.person, "at": "2026-01-05T09:00:00.000Z"}]));
}

#[tokio::test]
async fn d6_what_is_due_emailed_or_called_off_is_told_too() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (jane, oskar, channel) = (firm.jane, firm.oskar, firm.channel);
    firm.portal.write(move |tx| invitations::invite(tx, &jane, oskar.person)).await;
    firm.counts(0..1).await;
    let mut heard = Heard::open(&program, "").await;
    let mut status = async || loop {
        let (name, seq, data) = heard.next().await;
        let object = &data["object"];
        assert!(name == "message.status" || seq.is_some(), "{name} has no number");
        if name == "message.status" && object["personId"] == json!(oskar.person) {
            return ["state", "at", "reason", "medium"]
                .map(|field| object[field].as_str().map(str::to_string));
        }
    };
    let of = |words: [&str; 4]| words.map(|word| (!word.is_empty()).then(|| word.to_string()));

    firm.portal.wait(Duration::from_secs(300));
    let try_once = move |tx: &mut Tx| {
        due::enqueue_due(tx, jane.workspace, channel, None)?;
        due::decide(tx, jane.workspace, oskar.person, None)?.expect("a digest");
        let claimed = deliveries::claim(tx, 8)?;
        let digest = claimed.into_iter().find(|delivery| delivery.kind.word() == "digestMail");
        let digest = digest.expect("its delivery");
        deliveries::failed_for_now(tx, &digest, "later")?.expect("another try");
        Ok(digest)
    };
    let digest = firm.portal.write(try_once).await;
    assert_eq!(status().await, of(["due", "2026-01-05T09:05:05.000Z", "", ""]));
    let sent = digest.clone();
    firm.portal.write(move |tx| deliveries::sent(tx, &sent)).await;
    assert_eq!(status().await, of(["emailed", "2026-01-05T09:05:00.000Z", "", "email"]));

    let said = program.post("/v1/messages", json!({"channelId": channel, "text": "Never mind"})).await;
    program.post(&format!("/v1/messages/{}/call-off", said.text_at("/id")), json!({})).await.is(200);
    assert_eq!(status().await, of(["suppressed", "2026-01-05T09:05:00.000Z", "calledOff", ""]));
}

#[tokio::test]
async fn d7_a_key_has_at_most_24_streams() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let other = firm.portal.program_of(firm.jane).await;
    let mut streams = Vec::new();
    for _ in 0..24 {
        streams.push(Heard::open(&program, "").await);
    }
    let refused = program.get("/v1/events").await;
    assert_eq!(
        (refused.is(429).json["code"].as_str(), &refused.headers["retry-after"]),
        (Some("tooMany"), &"5".parse().unwrap())
    );
    Heard::open(&other, "").await;
    firm.counts(0..1).await;
    for stream in &mut streams {
        assert_eq!(text(&stream.next().await), "0", "they go on");
    }
    streams.pop();
    Heard::open(&program, "").await;
}
