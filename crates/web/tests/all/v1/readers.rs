//! What internal users do with a channel and its messages, done through the API (D4): muting, leaving, digests, search.

use std::time::Duration;

use domain::administration::projects;
use domain::channels::{members, starting};
use domain::notify::due;
use serde_json::{Value, json};

use crate::support::{Firm, Program};

/// A member of the firm's channel, as the API shows it.
async fn member(firm: &Firm, program: &Program<'_>, id: &dyn ToString) -> Value {
    let list = program.get(&format!("/v1/message-channels/{}/members", firm.channel)).await;
    let all = list.is(200).json["data"].as_array().unwrap().clone();
    all.into_iter().find(|one| one["id"] == json!(id.to_string())).unwrap_or(Value::Null)
}

#[tokio::test]
async fn c8_a_program_mutes_a_channel_for_an_internal_user_and_unmutes_it() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (tom, channel) = (firm.tom, firm.channel);
    let path = format!("/v1/message-channels/{channel}/members/{}", tom.person);
    let is_muted = || {
        firm.portal
            .read(move |reader| Ok(members::find(reader, &tom, channel, tom.person)?.muted_at.is_some()))
    };
    let muted = program.patch(&path, json!({"isMuted": true})).await;
    assert_eq!(muted.is(200).text_at("/mutedAt"), "2026-01-05T09:00:00.000Z");
    assert_eq!(
        (muted.text_at("/object"), muted.text_at("/memberType"), muted.text_at("/channelId")),
        ("channelMember".to_string(), "internalUser".to_string(), channel.to_string())
    );
    assert!(is_muted().await);
    assert_eq!(member(&firm, &program, &tom.person).await, muted.json);
    assert!(member(&firm, &program, &firm.jane.person).await["mutedAt"].is_null(), "for Tom alone");
    assert!(program.patch(&path, json!({"isMuted": false})).await.is(200).json["mutedAt"].is_null());
    assert!(!is_muted().await);
}

#[tokio::test]
async fn c8_a_program_takes_an_internal_user_out_of_a_channel_and_puts_them_back() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let list = format!("/v1/message-channels/{}/members", firm.channel);
    let tom = format!("{list}/{}", firm.tom.person);
    let gone = program.delete(&tom).await;
    assert_eq!(gone.is(200).json, json!({"id": firm.tom.person, "object": "channelMember", "deleted": true}));
    let channel = program.get(&format!("/v1/message-channels/{}", firm.channel)).await;
    assert_eq!(channel.json["memberIds"], json!([firm.oskar.person, firm.jane.person]));
    assert!(member(&firm, &program, &firm.tom.person).await["leftAt"].is_string(), "they can come back");
    program.delete(&tom).await.is(200);
    let back = program.post(&list, json!({"memberId": firm.tom.person})).await;
    assert!(back.is(200).json["leftAt"].is_null());
    assert_eq!(program.post(&list, json!({"memberId": firm.tom.person})).await.is(200).json, back.json);

    // Client users follow the channel's subject; somebody without access cannot be added (C3, C8).
    let oskar = format!("{list}/{}", firm.oskar.person);
    program.delete(&oskar).await.refuses(409, "");
    program.patch(&oskar, json!({"isMuted": true})).await.refuses(409, "");
    for person in [firm.priya.person, firm.maria.person, firm.stranger.person] {
        program.post(&list, json!({"memberId": person})).await.refuses(404, "memberId");
        program.delete(&format!("{list}/{person}")).await.refuses(404, "");
        program.patch(&format!("{list}/{person}"), json!({"isMuted": true})).await.refuses(404, "");
    }
    let nowhere = format!("/v1/message-channels/{}/members", firm.northwind);
    program.get(&nowhere).await.refuses(404, "");
    program.post(&nowhere, json!({"memberId": firm.tom.person})).await.refuses(404, "");
}

#[tokio::test]
async fn the_members_of_a_channel_are_listed_page_by_page() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let list = format!("/v1/message-channels/{}/members", firm.channel);
    let all = program.get(&list).await.ids();
    assert_eq!(all.len(), 3);
    let first = program.get(&format!("{list}?limit=2")).await;
    let rest = program.get(&format!("{list}?nextToken={}", first.text_at("/nextToken"))).await;
    assert_eq!([first.ids(), rest.ids()].concat(), all);
    assert!(rest.json.get("nextToken").is_none());
    program
        .get(&format!("/v1/clients?nextToken={}", first.text_at("/nextToken")))
        .await
        .refuses(400, "nextToken");
}

/// A message's delivery status for a recipient.
fn state(message: &Value, recipient: &dyn ToString) -> Value {
    let deliveries = message["deliveries"].as_array().unwrap();
    let one = deliveries.iter().find(|one| one["recipientId"] == json!(recipient.to_string())).unwrap();
    json!([one["state"], one["reason"]])
}

#[tokio::test]
async fn n14_a_program_sends_the_notice_now_or_calls_it_off() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let oskar = firm.oskar.person;
    program.post(&format!("/v1/clients/{oskar}/invitation"), json!({})).await.is(200);
    let send = async |text: &str| {
        let sent = program.post("/v1/messages", json!({"channelId": firm.channel, "text": text})).await;
        assert_eq!(state(&sent.is(200).json, &oskar), json!(["due", null]));
        sent.text_at("/id")
    };
    let (first, second) = (send("first").await, send("second").await);
    let off = program.post(&format!("/v1/messages/{first}/call-off"), json!({})).await;
    assert_eq!(state(&off.is(200).json, &oskar), json!(["suppressed", "calledOff"]));
    program.post(&format!("/v1/messages/{first}/call-off"), json!({})).await.is(200);
    program.post(&format!("/v1/messages/{first}/send-now"), json!({})).await.refuses(409, "");
    program.post(&format!("/v1/messages/{second}/send-now"), json!({})).await.is(200);
    let (workspace, channel) = (firm.workspace, firm.channel);
    let is_told = firm
        .portal
        .write(move |tx| {
            due::enqueue_due(tx, workspace, channel, None)?;
            Ok(due::decide(tx, workspace, oskar, None)?.is_some())
        })
        .await;
    assert!(is_told, "at once and not five minutes later");
    program.delete(&format!("/v1/messages/{second}")).await.is(200);
    program.post(&format!("/v1/messages/{second}/send-now"), json!({})).await.refuses(409, "");
    program.post(&format!("/v1/messages/{}/call-off", firm.northwind), json!({})).await.refuses(404, "");
}

#[tokio::test]
async fn m8_a_program_finds_messages_by_their_words_wherever_they_were_written() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    // One channel that the key's admin, Jane, has left, and one that she was never in.
    let (jane, tom, priya, channel) = (firm.jane, firm.tom, firm.priya, firm.channel);
    let alone = firm
        .portal
        .write(move |tx| {
            members::leave(tx, &jane, channel)?;
            let project = projects::ProjectInput {
                title: "Tower".to_string().into(),
                internal_user_ids: vec![tom.person, priya.person].into(),
                ..Default::default()
            };
            let project = projects::add(tx, &jane, &project)?;
            starting::create(tx, &tom, &starting::Subject::Project(project))
        })
        .await;
    for (who, channel, text) in [
        (firm.oskar, channel, "The café opens at nine"),
        (firm.tom, alone, "Nine CAFÉS, and no tower"),
        (firm.oskar, channel, "nothing of the kind"),
    ] {
        firm.portal.wait(Duration::from_secs(1));
        firm.posts(who, channel, text).await;
    }
    let texts = async |query: &str| {
        let found = program.get(&format!("/v1/messages/search?{query}")).await;
        let data = found.is(200).json["data"].as_array().unwrap().clone();
        data.iter().map(|one| one["text"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    let both = ["Nine CAFÉS, and no tower", "The café opens at nine"];
    assert_eq!(texts("words=cafe+nine").await, both);
    assert_eq!(texts(&format!("words=cafe&channelId={channel}")).await, both[1..]);
    assert_eq!(texts("words=%22opens+at%22").await, both[1..]);
    assert!(texts("words=").await.is_empty() && texts("words=castle").await.is_empty());
    let page = program.get("/v1/messages/search?words=cafe&limit=1").await;
    assert_eq!(page.is(200).json["data"][0]["channelId"], json!(alone));
    let token = page.text_at("/nextToken");
    assert_eq!(texts(&format!("words=cafe&limit=1&nextToken={token}")).await, both[1..]);
    program.get(&format!("/v1/clients?nextToken={token}")).await.refuses(400, "nextToken");
    let other = program.get("/v1/clients?limit=1").await.text_at("/nextToken");
    program.get(&format!("/v1/messages/search?words=a&nextToken={other}")).await.refuses(400, "nextToken");

    program.get("/v1/messages/search").await.refuses(400, "words");
    program.get(&format!("/v1/messages/search?words={}", "x".repeat(201))).await.refuses(400, "words");
    program.get("/v1/messages/search?words=a%00b").await.refuses(400, "words");
    for hostile in
        ["%22", "%22%22", "%27%27+OR+1%3D1", "*", "NEAR(a+b)", "a+AND+NOT+b", "%F0%9F%98%80", "-", "c:d"]
    {
        program.get(&format!("/v1/messages/search?words={hostile}")).await.is(200);
    }
    let nowhere = format!("/v1/messages/search?words=cafe&channelId={}", firm.northwind);
    program.get(&nowhere).await.refuses(404, "channelId");
    // Nobody finds anything of another firm.
    let stranger = firm.portal.program_of(firm.stranger).await;
    assert!(stranger.get("/v1/messages/search?words=cafe").await.is(200).ids().is_empty());
}
