//! What all calls have in common: errors, lists, rate limits, and idempotency.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use domain::kernel::ids::MessageId;
use serde_json::{Value, json};

use crate::support::{CALLS_PER_MINUTE, Firm, MORNING};

#[tokio::test]
async fn what_is_not_there_and_what_cannot_be_done_there_is_said_in_json() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await.with("accept", "text/html");
    for path in ["/v1", "/v1/", "/v1/nothing", "/v1/clients/", "/v1/clients/abc", "/v1/clients/%FF"] {
        let said = program.get(path).await;
        said.refuses(404, "");
        assert_eq!(said.headers["content-type"], "application/json", "{path}");
    }
    let said = program.delete("/v1/clients").await;
    said.refuses(405, "");
    let allowed: Vec<&str> = said.headers["allow"].to_str().unwrap().split(',').collect();
    assert!(allowed.contains(&"GET") && allowed.contains(&"POST"), "{allowed:?}");
    program.call(Method::OPTIONS, "/v1/clients", None).await.is(405);
    program.call(Method::HEAD, "/v1/clients", None).await.is(200);
    firm.portal.nobody().get("/v1/nothing").await.refuses(404, "");
}

#[tokio::test]
async fn every_address_says_which_methods_it_has() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let mut addresses: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for route in web::routes().into_iter().filter(|route| route.path.starts_with("/v1/")) {
        let methods = addresses.entry(route.path).or_default();
        methods.insert(route.method.to_string());
        // HEAD works wherever GET does (RFC 9110, 9.3.2).
        if route.method == Method::GET {
            methods.insert(Method::HEAD.to_string());
        }
    }
    // An unknown word in this place is taken for an id.
    addresses.insert("/v1/files/other", addresses["/v1/files/{id}"].clone());
    for (path, methods) in addresses {
        let path = &path.replace(['{', '}'], "");
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"] {
            if methods.contains(method) {
                continue;
            }
            firm.portal.wait(std::time::Duration::from_secs(1));
            let said = program.call(method.parse().unwrap(), path, Some("{}".to_string())).await;
            let allowed: BTreeSet<String> = said.headers["allow"]
                .to_str()
                .unwrap()
                .split(',')
                .map(|one| one.trim().to_string())
                .collect();
            assert_eq!(allowed, methods, "{method} {path}");
            // The answer to HEAD has no body (RFC 9110, 9.3.2).
            if method == "HEAD" {
                said.is(405)
            } else {
                said.refuses(405, "")
            };
        }
    }
}

#[tokio::test]
async fn a_list_is_read_page_by_page_while_others_add_to_it() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    for number in 0..7 {
        firm.portal.wait(std::time::Duration::from_millis(1));
        program.post("/v1/companies", json!({"name": format!("Company {number}")})).await.is(200);
    }
    let all = program.get("/v1/companies").await;
    assert_eq!(all.ids().len(), 9);
    assert!(all.ids().windows(2).all(|two| two[0] > two[1]), "newest first");
    assert!(all.json.get("nextToken").is_none());
    let (mut seen, mut path) = (Vec::new(), "/v1/companies?limit=2".to_string());
    for number in 0.. {
        let page = program.get(&path).await;
        seen.extend(page.ids());
        firm.portal.wait(std::time::Duration::from_millis(1));
        program.post("/v1/companies", json!({"name": format!("Later {number}")})).await.is(200);
        let Some(token) = page.json["nextToken"].as_str() else { break };
        path = format!("/v1/companies?limit=2&nextToken={token}");
    }
    assert_eq!(seen, all.ids());
    program.get("/v1/companies?limit=0").await.refuses(400, "limit");
    program.get("/v1/companies?limit=1001").await.refuses(400, "limit");
    program.get("/v1/companies?nextToken=x").await.refuses(400, "nextToken");
    let token = program.get("/v1/companies?limit=1").await.text_at("/nextToken");
    program.get(&format!("/v1/clients?nextToken={token}")).await.refuses(400, "nextToken");
    program.get("/v1/companies?limit=1000&unknown=1&name=&isPlaceholder=&nextToken=").await.is(200);
}

#[tokio::test]
async fn too_many_calls_are_told_to_wait_and_every_answer_says_how_many_are_left() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let other = firm.portal.program_of(firm.jane).await;
    let left = |said: &crate::support::Said| -> (u64, u64, u64) {
        let number = |name: &str| said.headers[name].to_str().unwrap().parse().unwrap();
        (number("ratelimit-limit"), number("ratelimit-remaining"), number("ratelimit-reset"))
    };
    let most = u64::from(CALLS_PER_MINUTE);
    assert_eq!(left(program.get("/v1/workspaces").await.is(200)), (most, most - 1, 60));
    assert_eq!(left(program.get("/v1/clients/abc").await.is(404)), (most, most - 2, 60));
    for _ in 2..most {
        program.get("/v1/workspaces").await.is(200);
    }
    firm.portal.wait(std::time::Duration::from_secs(20));
    let said = program.post("/v1/companies", json!({"name": "Too much"})).await;
    said.refuses(429, "");
    assert_eq!(said.headers["retry-after"], "40");
    assert_eq!(left(&said), (most, 0, 40));
    other.get("/v1/workspaces").await.is(200);
    firm.portal.wait(std::time::Duration::from_secs(40));
    let names = program.get("/v1/companies?name=Too%20much").await;
    assert!(names.is(200).ids().is_empty());
}

#[tokio::test]
async fn the_same_key_and_body_is_done_once() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let asking = program.with("idempotency-key", "import-1");
    let body = json!({"name": "Acme", "customFields": {"b": 1, "a": [2]}});
    let first = asking.post("/v1/companies", body.clone()).await;
    first.is(200);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    // The order of fields and white space do not matter.
    let again = r#"{ "customFields": {"a": [2], "b": 1}, "name": "Acme" }"#;
    let again = asking.call(Method::POST, "/v1/companies", Some(again.to_string())).await;
    assert_eq!((again.status, &again.json), (first.status, &first.json));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(program.get("/v1/companies?name=Acme").await.ids().len(), 1);
    asking.post("/v1/companies", json!({"name": "Other"})).await.refuses(409, "");
    asking.post("/v1/projects", json!({"title": "Acme"})).await.refuses(409, "");
    // The same name with another API key is independent; so is a new name.
    let other = firm.portal.program_of(firm.jane).await.with("idempotency-key", "import-1");
    other.post("/v1/companies", body.clone()).await.refuses(409, "name");
    // Refused calls are not remembered.
    let retried = program.with("idempotency-key", "import-2");
    retried.post("/v1/companies", json!({"name": "acme"})).await.refuses(409, "name");
    retried.post("/v1/companies", json!({"name": "Acme 2"})).await.is(200);
    // After a day, the name is free again.
    firm.portal.wait(std::time::Duration::from_secs(24 * 3600));
    asking.post("/v1/companies", body).await.refuses(409, "name");
    for bad in ["", " ", "a\u{e9}", &"x".repeat(256)] {
        let said = program.with("idempotency-key", bad).post("/v1/companies", json!({"name": "B"})).await;
        said.refuses(400, "Idempotency-Key");
    }
}

#[tokio::test]
async fn an_answer_with_a_link_is_given_again_and_lies_nowhere_in_the_open() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await.with("idempotency-key", "invite");
    let body = json!({"givenName": "Zoe", "email": "zoe@client.example"});
    let first = program.post("/v1/clients?sendInvite=true", body.clone()).await;
    let link = first.is(200).text_at("/inviteUrl");
    assert!(link.starts_with("http://portal.example/sign-in/link/"));
    let again = program.post("/v1/clients?sendInvite=true", body.clone()).await;
    assert_eq!(again.json, first.json);
    // Without the invitation, it is a different request.
    program.post("/v1/clients", body).await.refuses(409, "");
    let kept: Vec<Vec<u8>> = firm
        .portal
        .read(|reader| Ok(reader.all("SELECT answer FROM first_answers", &[], |row| row.get(0))?))
        .await;
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].windows(7).any(|seven| seven == b"sign-in"));
    let id = first.text_at("/id");
    let shown = program.get(&format!("/v1/clients/{id}")).await;
    assert_eq!(
        (shown.json["inviteUrl"].clone(), shown.text_at("/status")),
        (Value::Null, "invited".to_string())
    );
    let mut browser = firm.portal.browser();
    let path = link.strip_prefix("http://portal.example").unwrap();
    browser.post(path, &[]).await;
    assert!(browser.is_signed_in().await);
}

#[tokio::test]
async fn messages_under_one_idempotency_key_are_one() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await.with("idempotency-key", "hello");
    let body = json!({"channelId": firm.channel, "text": "Hello"});
    let first = program.post("/v1/messages", body.clone()).await;
    let again = program.post("/v1/messages", body).await;
    assert_eq!(first.is(200).json, again.is(200).json);
    assert!(first.json["deliveries"].is_array());
    let list = program.get(&format!("/v1/messages?channelId={}", firm.channel)).await;
    assert_eq!(list.ids().len(), 2);
    let id = MessageId::new(MORNING).to_string();
    program.post("/v1/messages", json!({"channelId": firm.channel, "text": "Hello", "id": id})).await.is(409);
}
