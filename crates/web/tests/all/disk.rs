//! What can be read but is not yet on disk: it is neither acknowledged nor shown (M2, M4, K5, K6).

use std::pin::{Pin, pin};
use std::time::Duration;

use axum::http::Method;
use http_body_util::BodyExt;
use serde_json::json;

use crate::support::Firm;

/// An answer that has not arrived by then is waiting for something.
const SOON: Duration = Duration::from_millis(50);
/// An answer that has not arrived by then never will.
const PATIENCE: Duration = Duration::from_secs(10);

async fn waits<T>(answer: Pin<&mut impl Future<Output = T>>) -> bool {
    tokio::time::timeout(SOON, answer).await.is_err()
}

async fn comes<T>(answer: Pin<&mut impl Future<Output = T>>) -> T {
    tokio::time::timeout(PATIENCE, answer).await.expect("an answer in time")
}

#[tokio::test]
async fn m4_what_a_power_cut_could_take_back_is_neither_answered_nor_handed_on() {
    let firm = Firm::new().await;
    let (portal, channel, workspace) = (&firm.portal, firm.channel, firm.workspace);
    let (program, mut browser) = (portal.program_of(firm.jane).await, firm.browser_of(firm.jane).await);
    let (mut page_browser, mut disk_browser) = (browser.clone(), browser.clone());
    let store = &portal.store;
    let head = async || store.read_unflushed(move |reader| reader.journal_head(workspace.0)).await.unwrap();
    // The first call would wait too, because it records that the key is used.
    program.get("/v1/workspaces").await.is(200);
    let before = head().await;

    let held = portal.store.hold_disk().expect("SQLite's");
    let mut posting = pin!(program.post("/v1/messages", json!({"channelId": channel, "text": "Not yet"})));
    assert!(waits(posting.as_mut()).await, "a message was answered as sent");
    let readable = pin!(async {
        while head().await == before {
            tokio::task::yield_now().await;
        }
    });
    comes(readable).await;

    let since = before.to_string();
    let since = program.with("last-event-id", &since);
    let page_path = format!("/messages/{channel}");
    let list_path = format!("/v1/messages?channelId={channel}");
    let live_path = format!("/live?after={before}");
    let mut page = pin!(page_browser.get(&page_path));
    let mut list = pin!(program.get(&list_path));
    let mut ready = pin!(disk_browser.get("/readyz"));
    let mut live = pin!(async {
        let (_, _, mut body) = browser.open(Method::GET, &live_path, None).await;
        text_until(&mut body, "Not yet").await
    });
    let mut events = pin!(async {
        let (_, _, mut body) = since.open(Method::GET, "/v1/events", None).await;
        text_until(&mut body, "Not yet").await
    });
    assert!(waits(page.as_mut()).await, "a page tells from where it listens");
    assert!(waits(list.as_mut()).await, "a program was shown it");
    assert!(waits(ready.as_mut()).await, "nobody knows yet whether it can be written");
    assert!(waits(live.as_mut()).await, "a page that comes back was told");
    assert!(waits(events.as_mut()).await, "a program that comes back was told");
    let alive = portal.browser().get("/healthz").await;
    assert_eq!(alive.text, "ok\n");

    drop(held);
    assert_eq!(comes(posting).await.status, 200);
    comes(page).await.shows("Not yet");
    assert!(comes(list).await.text.contains("Not yet"));
    comes(ready).await.is(200);
    comes(live).await;
    comes(events).await;
}

#[tokio::test]
async fn k6_what_was_kept_is_answered_so_even_if_nothing_can_be_read_afterwards() {
    let firm = Firm::new().await;
    let (portal, channel) = (&firm.portal, firm.channel);
    let program = portal.program_of(firm.jane).await;
    program.get("/v1/workspaces").await.is(200);
    let message =
        program.post("/v1/messages", json!({"channelId": channel, "text": "One"})).await.is(200).json.clone();
    let message = format!("/v1/messages/{}", message["id"].as_str().expect("an id"));
    let posts = [
        ("/v1/messages", json!({"channelId": channel, "text": "Two"})),
        ("/v1/clients", json!({"givenName": "Rosa", "email": "rosa@client.example"})),
        ("/v1/companies", json!({"name": "Lima"})),
        ("/v1/internal-users", json!({"givenName": "Otto", "email": "otto@firm.example", "role": "staff"})),
        ("/v1/webhooks", json!({"url": "https://hooks.example.com/portal", "events": ["message.*"]})),
    ];
    for (path, body) in posts {
        // One read finds out who calls.
        portal.store.leave_reads(1);
        let answer = program.post(path, body).await;
        answer.is(200);
    }
    portal.store.leave_reads(1);
    program.patch(&message, json!({"text": "Three"})).await.is(200);
    portal.store.leave_reads(1);
    let away = program.get(&message).await;
    assert_eq!(away.is(503).json["code"], "unavailable");
    assert_eq!(away.headers["retry-after"], "5");
    assert_eq!(portal.browser().get("/readyz").await.status, 503);
    portal.store.leave_reads(u64::MAX);
    assert_eq!(program.get(&message).await.is(200).json["text"], "Three");
}

/// Reads until `word` arrives.
async fn text_until(body: &mut axum::body::Body, word: &str) {
    let mut text = String::new();
    while !text.contains(word) {
        let frame = body.frame().await.expect("more").expect("no error");
        text.push_str(&String::from_utf8_lossy(&frame.into_data().expect("data")));
    }
}
