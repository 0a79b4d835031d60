//! Every call of the API, with every kind of key, and its answer.

use std::collections::BTreeSet;

use axum::http::Method;
use domain::administration::deactivation;
use domain::administration::team;
use domain::files::creating;
use domain::kernel::access;
use domain::tenant::api_keys;

use crate::support::{Firm, Program};

/// The method, the path as routed, the path as called, the body, and the status for a key of this firm.
type Row = (&'static str, &'static str, &'static str, &'static str, u16);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    ("GET", "/v1/workspaces", "/v1/workspaces", "", 200),
    ("PATCH", "/v1/workspaces", "/v1/workspaces", r##"{"colorAccent": "#0b7a5c"}"##, 200),
    ("PUT", "/v1/workspaces/pictures/{picture}", "/v1/workspaces/pictures/logo", "no picture", 400),
    ("DELETE", "/v1/workspaces/pictures/{picture}", "/v1/workspaces/pictures/logo", "", 200),
    ("GET", "/v1/settings", "/v1/settings", "", 200),
    ("PATCH", "/v1/settings", "/v1/settings", r#"{"waitMinutes": 7}"#, 200),
    ("POST", "/v1/internal-users", "/v1/internal-users", r#"{"givenName": "A", "email": "[new]@firm.example"}"#, 200),
    ("GET", "/v1/internal-users", "/v1/internal-users", "", 200),
    ("GET", "/v1/internal-users/{id}", "/v1/internal-users/[tom]", "", 200),
    ("PATCH", "/v1/internal-users/{id}", "/v1/internal-users/[tom]", r#"{"givenName": "T"}"#, 200),
    ("DELETE", "/v1/internal-users/{id}", "/v1/internal-users/[tom]", "", 200),
    ("POST", "/v1/internal-users/{id}/invitation", "/v1/internal-users/[tom]/invitation", "{}", 200),
    ("DELETE", "/v1/internal-users/{id}/invitation", "/v1/internal-users/[tom]/invitation", "", 200),
    ("POST", "/v1/internal-users/{id}/deactivate", "/v1/internal-users/[tom]/deactivate", "{}", 200),
    ("POST", "/v1/internal-users/{id}/reactivate", "/v1/internal-users/[tom]/reactivate", "{}", 200),
    ("POST", "/v1/clients", "/v1/clients", r#"{"givenName": "A", "email": "[new]@client.example"}"#, 200),
    ("GET", "/v1/clients", "/v1/clients", "", 200),
    ("GET", "/v1/clients/{id}", "/v1/clients/[oskar]", "", 200),
    ("PATCH", "/v1/clients/{id}", "/v1/clients/[oskar]", r#"{"givenName": "O"}"#, 200),
    ("PUT", "/v1/clients/{id}", "/v1/clients/[oskar]", r#"{"givenName": "O", "familyName": "K"}"#, 200),
    ("DELETE", "/v1/clients/{id}", "/v1/clients/[oskar]", "", 200),
    ("GET", "/v1/clients/{id}/export", "/v1/clients/[oskar]/export", "", 200),
    ("POST", "/v1/clients/{id}/invitation", "/v1/clients/[oskar]/invitation", "{}", 200),
    ("DELETE", "/v1/clients/{id}/invitation", "/v1/clients/[oskar]/invitation", "", 200),
    ("POST", "/v1/clients/{id}/deactivate", "/v1/clients/[oskar]/deactivate", "{}", 200),
    ("POST", "/v1/clients/{id}/reactivate", "/v1/clients/[oskar]/reactivate", "{}", 200),
    ("POST", "/v1/companies", "/v1/companies", r#"{"name": "[new]"}"#, 200),
    ("GET", "/v1/companies", "/v1/companies", "", 200),
    ("GET", "/v1/companies/{id}", "/v1/companies/[northwind]", "", 200),
    ("PATCH", "/v1/companies/{id}", "/v1/companies/[northwind]", r#"{"name": "[new]"}"#, 200),
    ("DELETE", "/v1/companies/{id}", "/v1/companies/[northwind]", "", 200),
    ("POST", "/v1/projects", "/v1/projects", r#"{"title": "A"}"#, 200),
    ("GET", "/v1/projects", "/v1/projects", "", 200),
    ("GET", "/v1/projects/{id}", "/v1/projects/[renovation]", "", 200),
    ("PATCH", "/v1/projects/{id}", "/v1/projects/[renovation]", r#"{"title": "A"}"#, 200),
    ("DELETE", "/v1/projects/{id}", "/v1/projects/[renovation]", "", 200),
    ("POST", "/v1/message-channels", "/v1/message-channels", r#"{"membershipType": "individual", "clientId": "[oskar]"}"#, 200),
    ("GET", "/v1/message-channels", "/v1/message-channels", "", 200),
    ("GET", "/v1/message-channels/{id}", "/v1/message-channels/[channel]", "", 200),
    ("PATCH", "/v1/message-channels/{id}", "/v1/message-channels/[channel]", r#"{"isArchived": true}"#, 200),
    ("POST", "/v1/message-channels/{id}/read", "/v1/message-channels/[channel]/read", r#"{"messageId": "[message]"}"#, 200),
    ("GET", "/v1/message-channels/{id}/members", "/v1/message-channels/[channel]/members", "", 200),
    ("POST", "/v1/message-channels/{id}/members", "/v1/message-channels/[channel]/members", r#"{"memberId": "[tom]"}"#, 200),
    ("PATCH", "/v1/message-channels/{id}/members/{member}", "/v1/message-channels/[channel]/members/[tom]", r#"{"isMuted": true}"#, 200),
    ("DELETE", "/v1/message-channels/{id}/members/{member}", "/v1/message-channels/[channel]/members/[tom]", "", 200),
    ("POST", "/v1/messages", "/v1/messages", r#"{"channelId": "[channel]", "text": "A"}"#, 200),
    ("GET", "/v1/messages", "/v1/messages?channelId=[channel]", "", 200),
    ("GET", "/v1/messages/{id}", "/v1/messages/[message]", "", 200),
    ("PATCH", "/v1/messages/{id}", "/v1/messages/[message]", r#"{"text": "A"}"#, 200),
    ("DELETE", "/v1/messages/{id}", "/v1/messages/[message]", "", 200),
    ("GET", "/v1/messages/search", "/v1/messages/search?words=morning&channelId=[channel]", "", 200),
    ("POST", "/v1/messages/{id}/send-now", "/v1/messages/[message]/send-now", "{}", 200),
    ("POST", "/v1/messages/{id}/call-off", "/v1/messages/[message]/call-off", "{}", 200),
    ("POST", "/v1/channels/files", "/v1/channels/files", r#"{"membershipType": "individual", "clientId": "[oskar]"}"#, 200),
    ("GET", "/v1/channels/files", "/v1/channels/files", "", 200),
    ("GET", "/v1/channels/files/{id}", "/v1/channels/files/[channel]", "", 200),
    ("POST", "/v1/files/file", "/v1/files/file", r#"{"channelId": "[channel]", "path": "A"}"#, 200),
    ("POST", "/v1/files/folder", "/v1/files/folder", r#"{"channelId": "[channel]", "path": "A"}"#, 200),
    ("POST", "/v1/files/link", "/v1/files/link", r#"{"channelId": "[channel]", "path": "A", "linkUrl": "https://a.example/"}"#, 200),
    ("GET", "/v1/files", "/v1/files?channelId=[channel]", "", 200),
    ("GET", "/v1/files/{id}", "/v1/files/[file]", "", 200),
    ("PATCH", "/v1/files/{id}", "/v1/files/[file]", r#"{"path": "A/b.txt"}"#, 200),
    ("DELETE", "/v1/files/{id}", "/v1/files/[file]", "", 200),
    ("POST", "/v1/files/{id}/restore", "/v1/files/[file]/restore", "{}", 200),
    ("GET", "/v1/files/{id}/download", "/v1/files/[file]/download", "", 200),
    ("GET", "/v1/files/{id}/download-url", "/v1/files/[file]/download-url", "", 200),
    ("PUT", "/v1/files/{id}/permissions/", "/v1/files/[folder]/permissions/", r#"{"clientPermissions": "read_only"}"#, 200),
    ("PUT", "/v1/files/root/permissions/", "/v1/files/root/permissions/", r#"{"clientPermissions": "read_only", "channelId": "[channel]"}"#, 200),
    ("GET", "/v1/notifications", "/v1/notifications?includeRead=true", "", 200),
    ("POST", "/v1/notifications/{id}/read", "/v1/notifications/[notification]/read", "{}", 200),
    ("POST", "/v1/notifications/{id}/unread", "/v1/notifications/[notification]/unread", "{}", 200),
    ("DELETE", "/v1/notifications/{id}", "/v1/notifications/[notification]", "", 200),
    ("POST", "/v1/webhooks", "/v1/webhooks", r#"{"url": "https://hooks.example/"}"#, 200),
    ("GET", "/v1/webhooks", "/v1/webhooks", "", 200),
    ("GET", "/v1/webhooks/{id}", "/v1/webhooks/[webhook]", "", 200),
    ("DELETE", "/v1/webhooks/{id}", "/v1/webhooks/[webhook]", "", 200),
    ("POST", "/v1/webhooks/{id}/enable", "/v1/webhooks/[webhook]/enable", "{}", 200),
    ("GET", "/v1/webhooks/{id}/calls", "/v1/webhooks/[webhook]/calls", "", 200),
    ("POST", "/v1/webhooks/{id}/calls/{call}/again", "/v1/webhooks/[webhook]/calls/[call]/again", "{}", 200),
    ("GET", "/v1/early-access", "/v1/early-access", "", 200),
    ("DELETE", "/v1/early-access/{id}", "/v1/early-access/[entry]", "", 200),
    ("GET", "/v1/records", "/v1/records", "", 200),
    ("GET", "/v1/events", "/v1/events?channelId=[channel]", "", 200),
];

/// Addresses that need no key.
const OPEN: &[&str] = &["/v1/openapi.json", "/v1/docs"];

async fn fill(firm: &Firm, text: &str) -> String {
    let mut filled = text
        .replace("[channel]", &firm.channel.to_string())
        .replace("[message]", &firm.message.to_string())
        .replace("[oskar]", &firm.oskar.person.to_string())
        .replace("[tom]", &firm.tom.person.to_string())
        .replace("[northwind]", &firm.northwind.to_string())
        .replace("[renovation]", &firm.renovation.to_string())
        .replace("[new]", "new");
    if filled.contains("[file]") {
        let (_, file) = firm.sends_file(firm.oskar, firm.channel, "Northwind.txt", b"Good morning").await;
        filled = filled.replace("[file]", &file.to_string());
    }
    if filled.contains("[folder]") {
        let (jane, channel) = (firm.jane, firm.channel);
        let make = move |tx: &mut store::Tx| creating::make_folder(tx, &jane, channel, None, "Northwind");
        filled = filled.replace("[folder]", &firm.portal.write(make).await.to_string());
    }
    if filled.contains("[webhook]") {
        let (webhook, call) = firm.webhook().await;
        filled = filled.replace("[webhook]", &webhook.to_string()).replace("[call]", &call.to_string());
    }
    if filled.contains("[entry]") {
        filled = filled.replace("[entry]", &firm.early_access("Rui").await.to_string());
    }
    if filled.contains("[notification]") {
        filled = filled.replace("[notification]", &firm.notification().await.to_string());
    }
    filled
}

async fn status(firm: &Firm, program: &Program<'_>, row: &Row) -> u16 {
    let (method, _, call, body, _) = row;
    let filled = fill(firm, body).await.into_bytes();
    let body = (!body.is_empty()).then_some(filled);
    let method: Method = method.parse().unwrap();
    program.open(method, &fill(firm, call).await, body).await.0.as_u16()
}

#[test]
fn every_call_says_for_whom_it_is() {
    let there: BTreeSet<(String, &str)> = web::routes()
        .into_iter()
        .filter(|route| route.path.starts_with("/v1/") && !OPEN.contains(&route.path))
        .map(|route| (route.method.to_string(), route.path))
        .collect();
    let said: BTreeSet<(String, &str)> = TABLE.iter().map(|row| (row.0.to_string(), row.1)).collect();
    assert_eq!(there, said);
    assert_eq!(TABLE.len(), said.len(), "twice in the table");
}

#[tokio::test]
async fn a_key_opens_its_own_workspace_and_nothing_opens_without_one() {
    let mut wrong = Vec::new();
    for row in TABLE {
        let firm = Firm::new().await;
        let mut expect = |who: &str, expected: &[u16], found: u16| {
            if !expected.contains(&found) {
                wrong.push(format!("{} {} {who}: {found}, not {expected:?}", row.0, row.1));
            }
        };
        let nobody = firm.portal.nobody();
        expect("without a key", &[401], status(&firm, &nobody, row).await);
        let forged = nobody.keyed("a".repeat(64));
        expect("with a forged key", &[401], status(&firm, &forged, row).await);
        // A session is not a key, neither in its cookie nor sent as one.
        let cookie = firm.browser_of(firm.jane).await.cookie.unwrap();
        let in_a_browser = nobody.with("cookie", &format!("portal={cookie}"));
        expect("with a session", &[401], status(&firm, &in_a_browser, row).await);
        let as_key = nobody.keyed(cookie);
        expect("with a session as a key", &[401], status(&firm, &as_key, row).await);

        let revoked = firm.portal.program_of(firm.jane).await;
        revoke_all(&firm).await;
        expect("with a revoked key", &[401], status(&firm, &revoked, row).await);

        // Calls that name nothing of this firm act on, or read from, the other firm.
        let stranger = firm.portal.program_of(firm.stranger).await;
        let names_something = row.2.contains('[') || (row.3.contains('[') && !row.3.contains("[new]"));
        let expected: &[u16] = if names_something { &[404] } else { &[row.4] };
        expect("of another firm", expected, status(&firm, &stranger, row).await);

        let jane = firm.portal.program_of(firm.jane).await;
        expect("of this firm", &[row.4], status(&firm, &jane, row).await);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn revoke_all(firm: &Firm) {
    let jane = firm.jane;
    firm.portal
        .write(move |tx| {
            for key in api_keys::list(tx, &jane)? {
                api_keys::revoke(tx, &jane, key.id)?;
            }
            Ok(())
        })
        .await;
}

#[tokio::test]
async fn a_key_of_another_firm_changes_nothing_and_sees_nothing_here() {
    let firm = Firm::new().await;
    let (jane, stranger) =
        (firm.portal.program_of(firm.jane).await, firm.portal.program_of(firm.stranger).await);
    // People are notified only once they are invited, so do it before comparing.
    firm.notification().await;
    let before = jane.get(&format!("/v1/messages?channelId={}", firm.channel)).await;
    for row in TABLE.iter().filter(|row| row.1 != "/v1/events") {
        let filled = fill(&firm, row.3).await;
        let body = (!row.3.is_empty()).then_some(filled);
        let said = stranger.call(row.0.parse().unwrap(), &fill(&firm, row.2).await, body).await;
        for secret in ["Oskar", "Northwind", "Renovation", "Good morning", "Harbor & Lee"] {
            assert!(!said.text.contains(secret), "{} {}: {}", row.0, row.1, said.text);
        }
    }
    let after = jane.get(&format!("/v1/messages?channelId={}", firm.channel)).await;
    // Leave out the files that Oskar sent meanwhile.
    let mut words = after.json["data"].clone();
    words.as_array_mut().unwrap().retain(|message| message["isAttachmentIncluded"] == false);
    assert_eq!(before.json["data"], words);
    let here = jane.get("/v1/clients").await;
    assert_eq!(here.json["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_key_ends_with_its_admin() {
    let firm = Firm::new().await;
    let (jane, tom) = (firm.jane, firm.tom.person);
    let tom_actor = firm
        .portal
        .write(move |tx| {
            let admin = team::InternalInput { role: access::Role::Admin.into(), ..Default::default() };
            team::edit_internal(tx, &jane, tom, &admin)?;
            access::actor(tx, jane.workspace, tom)
        })
        .await
        .unwrap();
    let program = firm.portal.program_of(tom_actor).await;
    program.get("/v1/workspaces").await.is(200);
    firm.portal.write(move |tx| deactivation::deactivate(tx, &jane, tom)).await;
    program.get("/v1/workspaces").await.refuses(401, "");
    firm.portal.write(move |tx| deactivation::reactivate(tx, &jane, tom)).await;
    program.get("/v1/workspaces").await.is(200);
    firm.portal
        .write(move |tx| {
            let staff = team::InternalInput { role: access::Role::Staff.into(), ..Default::default() };
            team::edit_internal(tx, &jane, tom, &staff)
        })
        .await;
    let said = program.get("/v1/workspaces").await;
    said.refuses(401, "");
    assert_eq!(said.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_key_may_come_as_a_bearer_token_or_behind_its_workspace() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let key = program.key.clone().unwrap();
    let nobody = firm.portal.nobody();
    nobody.with("authorization", &format!("Bearer {key}")).get("/v1/workspaces").await.is(200);
    nobody.with("authorization", &format!("Basic {key}")).get("/v1/workspaces").await.is(401);
    let sent = |key: String| nobody.keyed(key);
    let (here, there) = (firm.workspace, firm.stranger.workspace);
    sent(format!("{here}/{key}")).get("/v1/workspaces").await.is(200);
    sent(format!("{here}/{key}/token")).get("/v1/workspaces").await.is(200);
    sent(format!("{there}/{key}")).get("/v1/workspaces").await.is(401);
    sent(format!("x/{key}")).get("/v1/workspaces").await.is(401);
    for open in OPEN {
        nobody.get(open).await.is(200);
    }
}

#[tokio::test]
async fn the_last_use_of_a_key_is_noted() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let jane = firm.jane;
    let used = || firm.portal.read(move |reader| Ok(api_keys::list(reader, &jane)?[0].used_at));
    assert_eq!(used().await, None);
    program.get("/v1/nothing").await.is(404);
    assert_eq!(used().await, None, "nothing was called");
    program.get("/v1/workspaces").await.is(200);
    assert_eq!(used().await, Some(crate::support::MORNING));
}
