//! Managing webhooks through the API (H1, H4, H5, H6).

use std::time::Duration;

use domain::kernel::ids::{CallId, WebhookId};
use domain::notify::webhook_deliveries;
use domain::webhooks::call_attempts::{self, Try, Verdict};
use serde_json::json;

use crate::support::Firm;

async fn tried(firm: &Firm, webhook: WebhookId, call: CallId, status: u16, verdict: Verdict) {
    let workspace = firm.workspace;
    firm.portal
        .write(move |tx| {
            let taken = webhook_deliveries::claim_calls(tx, workspace, webhook, 1)?.remove(0);
            let took = Duration::from_millis(7);
            let tried = Try { at: tx.now(), took, status: Some(status), said: "so".to_string() };
            call_attempts::record(tx, &taken, webhook, call, &tried, verdict)
        })
        .await;
}

#[tokio::test]
async fn h1_a_webhook_is_made_listed_and_deleted_and_its_secret_is_shown_once() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let body = json!({"url": "https://hooks.example/in", "events": ["message.sent", "client.*"]});
    let made = program.post("/v1/webhooks", body).await;
    made.is(200);
    assert_eq!(made.json["object"], "webhook");
    assert_eq!(made.json["events"], json!(["message.sent", "client.*"]));
    assert!(made.json["disabledAt"].is_null() && made.json["takenAt"].is_null());
    let secret = made.text_at("/secret");
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let id = made.text_at("/id");
    let everything = program.post("/v1/webhooks", json!({"url": "http://hooks.example:8080/"})).await;
    assert_eq!(everything.is(200).json["events"], json!(["*"]));
    let list = program.get("/v1/webhooks").await;
    assert_eq!(list.is(200).ids().len(), 2);
    assert!(list.json["data"].as_array().unwrap().iter().all(|webhook| webhook["secret"].is_null()));
    let one = program.get(&format!("/v1/webhooks/{id}")).await;
    assert_eq!(one.is(200).json["url"], "https://hooks.example/in");
    let gone = program.delete(&format!("/v1/webhooks/{id}")).await;
    assert_eq!(gone.is(200).json, json!({"id": id, "object": "webhook", "deleted": true}));
    program.get(&format!("/v1/webhooks/{id}")).await.refuses(404, "");
    program.delete(&format!("/v1/webhooks/{id}")).await.refuses(404, "");
}

#[tokio::test]
async fn h1_the_same_key_again_makes_no_second_webhook_and_answers_the_same_secret() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await.with("idempotency-key", "once");
    let body = json!({"url": "https://hooks.example/"});
    let first = program.post("/v1/webhooks", body.clone()).await;
    let again = program.post("/v1/webhooks", body).await;
    assert_eq!(first.is(200).json, again.is(200).json);
    assert_eq!(program.get("/v1/webhooks").await.ids().len(), 1);
}

#[tokio::test]
async fn h4_what_cannot_be_called_is_refused_at_its_field() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    for url in [
        "",
        " ",
        "hooks",
        "ftp://hooks.example/",
        "https://",
        "https://u:p@hooks.example/",
        "https://hooks.example/#a",
        "http://127.0.0.1/",
        "http://localhost:80/",
        "http://[::1]/",
        "http://169.254.169.254/",
        "http://10.1.2.3/",
        "http://0x7f000001/",
    ] {
        program.post("/v1/webhooks", json!({"url": url})).await.refuses(400, "url");
    }
    for (body, field) in [
        (json!({}), "url"),
        (json!({"url": null}), "url"),
        (json!({"url": 5}), "url"),
        (json!({"url": "https://hooks.example/", "events": []}), "events"),
        (json!({"url": "https://hooks.example/", "events": "message.sent"}), "events"),
        (json!({"url": "https://hooks.example/", "events": ["planet.found"]}), "events"),
        (json!({"url": "https://hooks.example/", "events": [null]}), "events"),
        (json!({"url": format!("https://hooks.example/{}", "a".repeat(5_000))}), "url"),
    ] {
        program.post("/v1/webhooks", body).await.refuses(400, field);
    }
    assert!(program.get("/v1/webhooks").await.ids().is_empty());
}

#[tokio::test]
async fn h5_h6_calls_are_listed_made_again_and_a_webhook_is_switched_on_again() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (webhook, call) = firm.webhook().await;
    let place = format!("/v1/webhooks/{webhook}");
    let calls = program.get(&format!("{place}/calls")).await;
    assert_eq!(calls.is(200).ids(), [call.to_string()]);
    let one = &calls.json["data"][0];
    assert_eq!((&one["event"], &one["object"]), (&json!("company.created"), &json!("webhookCall")));
    assert!(one["takenAt"].is_null() && one["nextTryAt"].is_string() && one["tries"] == json!([]));
    tried(&firm, webhook, call, 500, Verdict::NotNow).await;
    program.post(&format!("{place}/calls/{call}/again"), json!({})).await.is(200);
    tried(&firm, webhook, call, 410, Verdict::Gone).await;
    let calls = program.get(&format!("{place}/calls")).await;
    let tries = calls.json["data"][0]["tries"].as_array().unwrap().clone();
    let statuses: Vec<_> = tries.iter().map(|tried| tried["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [500, 410]);
    assert_eq!((&tries[0]["milliseconds"], &tries[0]["said"]), (&json!(7), &json!("so")));
    let off = program.get(&place).await;
    assert!(off.json["disabledAt"].is_string() && off.text_at("/disabledReason").contains("410"));
    program.post(&format!("{place}/calls/{call}/again"), json!({})).await.refuses(409, "");
    let on = program.post(&format!("{place}/enable"), json!({})).await;
    assert!(on.is(200).json["disabledAt"].is_null());
    program.post(&format!("{place}/calls/{call}/again"), json!({})).await.is(200);
    let unknown = "/calls/019b8d62-7a80-7708-aed8-f33a0ce336e7/again";
    program.post(&format!("{place}{unknown}"), json!({})).await.refuses(404, "");
}
