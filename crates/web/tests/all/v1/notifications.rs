//! In-product notifications through the API (N15).

use domain::arrival::invitations;
use domain::channels::members;
use serde_json::{Value, json};

use crate::support::{Firm, Program};

async fn firm() -> Firm {
    let firm = Firm::new().await;
    let jane = firm.jane;
    for person in [firm.oskar.person, firm.maria.person, firm.tom.person, firm.jane.person] {
        firm.portal.write(move |tx| invitations::invite(tx, &jane, person)).await;
    }
    firm
}

async fn list(program: &Program<'_>, query: &str) -> Vec<Value> {
    let said = program.get(&format!("/v1/notifications{query}")).await;
    said.is(200).json["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn n15_a_notification_says_for_whom_by_whom_and_where() {
    let firm = firm().await;
    let program = firm.portal.program_of(firm.jane).await;
    firm.posts(firm.jane, firm.channel, "**Hello** Oskar, the lease is here.").await;
    let oskar = firm.oskar.person;
    let found = list(&program, &format!("?recipientClientId={oskar}")).await;
    assert_eq!(found.len(), 1);
    let one = &found[0];
    assert_eq!((&one["object"], &one["event"]), (&json!("notification"), &json!("message.sent")));
    assert_eq!(one["recipientClientId"], json!(oskar));
    assert_eq!(one["recipientId"], json!(oskar));
    assert!(one["recipientInternalUserId"].is_null());
    assert_eq!((&one["senderId"], &one["senderType"]), (&json!(firm.jane.person), &json!("internalUser")));
    assert_eq!(one["resourceId"], json!(firm.channel));
    let shown = &one["deliveryTargets"]["inProduct"];
    assert_eq!(shown["title"], "New message from Jane Lee");
    assert_eq!(shown["body"], "Hello Oskar, the lease is here.");
    assert_eq!(shown["isRead"], json!(false));
    assert_eq!(shown["ctaParams"]["channelId"], json!(firm.channel));
    assert!(one["deliveryTargets"]["email"].is_null());
    // Oskar's own message is unread for Jane and Tom.
    let tom = firm.tom.person;
    let found = list(&program, &format!("?recipientInternalUserId={tom}")).await;
    assert_eq!(found[0]["senderType"], "client");
    assert_eq!(found[0]["recipientInternalUserId"], json!(tom));
}

#[tokio::test]
async fn n15_filters_that_contradict_each_other_find_nothing_and_bad_ones_are_refused() {
    let firm = firm().await;
    let program = firm.portal.program_of(firm.jane).await;
    firm.posts(firm.jane, firm.channel, "Hello").await;
    let (oskar, maria, tom) = (firm.oskar.person, firm.maria.person, firm.tom.person);
    for query in [
        format!("?recipientInternalUserId={oskar}"),
        format!("?recipientClientId={tom}"),
        format!("?recipientClientId={oskar}&recipientInternalUserId={tom}"),
        format!("?recipientClientId={oskar}&recipientId={maria}"),
        format!("?recipientClientId={}", firm.stranger.person),
        format!("?recipientClientId={maria}&includeRead=true"),
    ] {
        assert!(list(&program, &query).await.is_empty(), "{query}");
    }
    assert_eq!(
        list(&program, &format!("?recipientId={oskar}&recipientClientId={oskar}&includeRead=false"))
            .await
            .len(),
        1
    );
    assert!(!list(&program, "?recipientClientId=&includeRead=").await.is_empty());
    for (query, field) in [
        ("?recipientClientId=x", "recipientClientId"),
        ("?recipientInternalUserId=1", "recipientInternalUserId"),
        ("?recipientId=%00", "recipientId"),
        ("?includeRead=maybe", "includeRead"),
        ("?limit=0", "limit"),
        ("?nextToken=AAAA", "nextToken"),
    ] {
        program.get(&format!("/v1/notifications{query}")).await.refuses(400, field);
    }
}

#[tokio::test]
async fn n15_reading_marking_and_deleting() {
    let firm = firm().await;
    let program = firm.portal.program_of(firm.jane).await;
    let position = firm.posts(firm.jane, firm.channel, "Hello").await;
    let oskar = firm.oskar;
    let query = format!("?recipientClientId={}", oskar.person);
    let id = list(&program, &query).await[0]["id"].as_str().unwrap().to_string();
    let read = program.post(&format!("/v1/notifications/{id}/read"), json!({})).await;
    assert_eq!(read.is(200).json["deliveryTargets"]["inProduct"]["isRead"], json!(true));
    assert!(list(&program, &query).await.is_empty());
    assert_eq!(list(&program, &format!("{query}&includeRead=true")).await.len(), 1);
    let unread = program.post(&format!("/v1/notifications/{id}/unread"), json!({})).await;
    assert_eq!(unread.is(200).json["deliveryTargets"]["inProduct"]["isRead"], json!(false));
    assert_eq!(list(&program, &query).await[0]["id"], json!(id));
    let channel = firm.channel;
    firm.portal.write(move |tx| members::read_up_to(tx, &oskar, channel, position)).await;
    assert!(list(&program, &query).await.is_empty());
    let over = list(&program, &format!("{query}&includeRead=true")).await;
    assert_eq!(over[0]["id"], json!(id));
    let gone = program.delete(&format!("/v1/notifications/{id}")).await;
    assert_eq!(gone.is(200).json, json!({"id": id, "object": "notification", "deleted": true}));
    assert!(list(&program, &format!("{query}&includeRead=true")).await.is_empty());
    for path in ["/read", "/unread"] {
        program.post(&format!("/v1/notifications/{id}{path}"), json!({})).await.refuses(404, "");
    }
    program.delete(&format!("/v1/notifications/{id}")).await.refuses(404, "");
}

#[tokio::test]
async fn n15_pages_of_the_workspace() {
    let firm = firm().await;
    let program = firm.portal.program_of(firm.jane).await;
    firm.posts(firm.jane, firm.channel, "Hello").await;
    let all: Vec<Value> = list(&program, "").await.iter().map(|one| one["id"].clone()).collect();
    assert!(all.len() >= 2, "{all:?}");
    let mut found = Vec::new();
    let mut query = "?limit=1".to_string();
    loop {
        let page = program.get(&format!("/v1/notifications{query}")).await;
        found.extend(page.is(200).ids());
        let Some(token) = page.json["nextToken"].as_str() else { break };
        query = format!("?limit=1&nextToken={token}");
    }
    assert_eq!(json!(found), json!(all));
}

#[tokio::test]
async fn n15_a_key_of_another_firm_finds_none() {
    let firm = firm().await;
    firm.posts(firm.jane, firm.channel, "Hello").await;
    let program = firm.portal.program_of(firm.jane).await;
    let stranger = firm.portal.program_of(firm.stranger).await;
    let id = list(&program, "").await[0]["id"].as_str().unwrap().to_string();
    assert!(list(&stranger, "?includeRead=true").await.is_empty());
    stranger.post(&format!("/v1/notifications/{id}/read"), json!({})).await.refuses(404, "");
    stranger.delete(&format!("/v1/notifications/{id}")).await.refuses(404, "");
    program.post(&format!("/v1/notifications/{id}/read"), json!({})).await.is(200);
}
