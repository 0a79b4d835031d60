//! Every field of every call: missing, null, of the wrong type, too long, or somebody else's; and malformed bodies.

mod calls;
mod limits;

use std::collections::BTreeSet;

use domain::administration::companies;
use domain::kernel::ids::{CompanyId, MessageId};
use serde_json::{Value, json};

use self::calls::{Call, Kind, Must, Things, calls};
use crate::support::{Firm, MORNING, Said};

/// Values that a field of this kind refuses.
fn wrong(kind: Kind, name: &str) -> Vec<Value> {
    let long = "x".repeat(20_000);
    let hostile = ["a\u{0}b", "a\u{1b}[31mb", "a\u{85}b", "a\u{7f}"];
    let mut wrong = match kind {
        Kind::Text | Kind::Address => vec![json!(5), json!(true), json!([]), json!({"a": 1}), json!(long)],
        Kind::Id => vec![json!(5), json!([]), json!({}), json!("abc"), json!("00000000"), json!(long)],
        Kind::Ids => vec![json!("abc"), json!(5), json!({}), json!(["abc"]), json!([null]), json!([[]])],
        Kind::Flag => vec![json!("true"), json!(1), json!([])],
        Kind::Number => {
            vec![
                json!("7"),
                json!(0),
                json!(-1),
                json!(1.5),
                json!(1e99),
                json!(i64::MAX),
                json!([]),
                json!(true),
            ]
        }
        Kind::Word => vec![json!("nothing"), json!(""), json!(5), json!([]), json!("Individual")],
        Kind::Words => vec![
            json!("*"),
            json!(5),
            json!({}),
            json!([]),
            json!(["nothing"]),
            json!([5]),
            json!([null]),
            json!([["*"]]),
            json!([long]),
        ],
        Kind::Object => vec![json!(5), json!([]), json!("x"), json!(true)],
        Kind::Fields => vec![
            json!(5),
            json!([]),
            json!("x"),
            json!({"a": "\u{0}"}),
            json!({"": 1}),
            json!({"a": [[[[[[1]]]]]]}),
            json!({"a": "x".repeat(70_000)}),
        ],
    };
    if matches!(kind, Kind::Text | Kind::Address) {
        wrong.extend(hostile.map(|text| json!(text)));
    }
    if kind == Kind::Address {
        wrong.extend(["", "a", "a@b", "a b@c.de", "a@b..de", "a@b.de, c@d.de"].map(|text| json!(text)));
    }
    match name {
        "phone" => wrong.extend(["12", "+44 call me", "+0441234567"].map(|text| json!(text))),
        "linkUrl" | "url" => wrong.extend(
            [
                "https://a*/",
                "https://-a.example/",
                "https://a..example/",
                "https://",
                "https://a b/",
                "https://a:99999/",
            ]
            .map(|text| json!(text)),
        ),
        "iconImageUrl" => wrong.extend(["ftp://a.b", "javascript:alert(1)", "a b"].map(|text| json!(text))),
        "fallbackColor" | "colorAccent" | "colorSidebarBackground" | "colorSidebarText" => {
            wrong.extend(["red", "#12345", "#12345g"].map(|text| json!(text)))
        }
        "title" | "name" | "brandName" => {
            wrong.extend(["", "  ", "\u{200b}", "a\nb"].map(|text| json!(text)))
        }
        "waitMinutes" => wrong.push(json!(61)),
        "uploadLimitBytes" => wrong.push(json!(1_000_001)),
        "text" | "welcome.text" => wrong.extend(["", " \n", "\u{200b}\u{202e}"].map(|text| json!(text))),
        _ => {}
    }
    wrong
}

/// A body with another value for a field, or without the field.
fn with(good: &Value, name: &str, value: Option<Value>) -> Value {
    let mut body = good.clone();
    let (inside, name) = match name.split_once('.') {
        Some((outer, name)) => (&mut body[outer], name),
        None => (&mut body, name),
    };
    match value {
        Some(value) => inside[name] = value,
        None => drop(inside.as_object_mut().unwrap().remove(name)),
    }
    body
}

#[tokio::test]
async fn every_field_that_a_call_takes_is_tried_here() {
    let firm = Firm::new().await;
    let described = firm.portal.nobody().get("/v1/openapi.json").await.json;
    let things = Things::new(&firm).await;
    let tried = calls(&firm, &things);
    let is_tried = |method: &str, route: &str, name: Option<&str>| {
        tried.iter().any(|call| {
            let is_it = call.method.as_str().eq_ignore_ascii_case(method) && call.route == route;
            is_it && name.is_none_or(|name| call.fields.iter().any(|(other, ..)| *other == name))
        })
    };
    for (route, methods) in described["paths"].as_object().unwrap() {
        for (method, call) in methods.as_object().unwrap() {
            if ["get", "delete"].contains(&method.as_str()) {
                continue;
            }
            if call["requestBody"]["content"]["application/octet-stream"].is_object() {
                continue; // Bytes have no fields; each such call has tests of its own.
            }
            assert!(is_tried(method, route, None), "{method} {route}");
            let body = &call["requestBody"]["content"]["application/json"]["schema"];
            for name in names(&described, body) {
                assert!(is_tried(method, route, Some(&name)), "{method} {route} {name}");
            }
        }
    }
}

/// The fields of an object in the API's description, including those of nested objects.
fn names(described: &Value, schema: &Value) -> BTreeSet<String> {
    let reference = schema["$ref"].as_str().map(|reference| &reference[1..]);
    let object = reference.and_then(|pointer| described.pointer(pointer)).unwrap_or(schema);
    let mut found = BTreeSet::new();
    for (name, field) in object["properties"].as_object().into_iter().flatten() {
        found.insert(name.clone());
        found.extend(names(described, field).iter().map(|inner| format!("{name}.{inner}")));
    }
    found
}

#[tokio::test]
async fn every_field_that_cannot_be_taken_is_named() {
    let firm = Firm::new().await;
    let things = Things::new(&firm).await;
    let before = everything(&firm).await;
    for Call { method, path, good, fields, .. } in calls(&firm, &things) {
        let program = firm.portal.program_of(firm.jane).await;
        for (name, kind, must) in fields {
            let send = async |value: Option<Value>| -> Said {
                firm.portal.wait(std::time::Duration::from_secs(1));
                program.call(method.clone(), &path, Some(with(&good, name, value).to_string())).await
            };
            for value in wrong(kind, name) {
                let said = send(Some(value.clone())).await;
                let shown: String = value.to_string().chars().take(60).collect();
                assert_eq!(
                    (said.status.as_u16(), said.json["field"].as_str()),
                    (400, Some(name)),
                    "{method} {path} {name} {shown}: {}",
                    said.text
                );
            }
            if must == Must::BeThere {
                send(None).await.refuses(400, name);
            }
            if must != Must::Nothing {
                send(Some(Value::Null)).await.refuses(400, name);
            }
        }
    }
    assert_eq!(everything(&firm).await, before, "nothing of all that was done");
}

/// Everything that calls could have changed.
async fn everything(firm: &Firm) -> Vec<Value> {
    let program = firm.portal.program_of(firm.jane).await;
    let lists = [
        "clients",
        "companies",
        "projects",
        "internal-users",
        "message-channels",
        "settings",
        "webhooks",
        "workspaces",
    ];
    let of_channel =
        ["channels/files", "messages", "files"].map(|list| format!("{list}?channelId={}", firm.channel));
    let mut found = Vec::new();
    for list in lists.map(str::to_string).into_iter().chain(of_channel) {
        let mut said = program.get(&format!("/v1/{list}")).await.is(200).json.clone();
        for one in said["data"].as_array_mut().into_iter().flatten() {
            // Delivery times depend on the clock, which the test moves.
            one.as_object_mut().unwrap().remove("deliveries");
        }
        found.push(said);
    }
    found
}

#[tokio::test]
async fn ids_that_name_nothing_here_are_not_found_and_named() {
    let firm = Firm::new().await;
    let stranger = firm.stranger;
    let theirs: CompanyId = firm.portal.write(move |tx| companies::add(tx, &stranger, "Secret Ltd")).await;
    let nothing = MessageId::new(MORNING).to_string();
    let program = firm.portal.program_of(firm.jane).await;
    let things = Things::new(&firm).await;
    for call in calls(&firm, &things) {
        for (name, kind, _) in call.fields {
            if name == "id" {
                continue;
            }
            for id in [theirs.to_string(), nothing.clone(), stranger.person.to_string()] {
                let value = match kind {
                    Kind::Id => json!(id),
                    Kind::Ids => json!([id]),
                    _ => continue,
                };
                let body = with(&call.good, name, Some(value)).to_string();
                let said = program.call(call.method.clone(), &call.path, Some(body)).await;
                let found = said.json["field"].as_str().unwrap_or("");
                assert_eq!((said.status.as_u16(), found), (404, name), "{} {name}", call.path);
                assert!(!said.text.contains("Secret"));
            }
        }
    }
    for path in ["clients", "companies", "projects", "internal-users", "message-channels", "messages"] {
        for id in [theirs.to_string(), nothing.clone(), "abc".to_string(), firm.workspace.to_string()] {
            program.get(&format!("/v1/{path}/{id}")).await.refuses(404, "");
            program.patch(&format!("/v1/{path}/{id}"), json!({"text": "a"})).await;
            let said = program.delete(&format!("/v1/{path}/{id}")).await;
            assert!(matches!(said.status.as_u16(), 404 | 405), "{path}");
        }
    }
    for list in ["messages", "files", "events"] {
        program.get(&format!("/v1/{list}?channelId={nothing}")).await.refuses(404, "channelId");
        program.get(&format!("/v1/{list}?channelId={theirs}")).await.refuses(404, "channelId");
    }
    program.get("/v1/messages?channelId=abc").await.refuses(400, "channelId");
    program.get("/v1/messages?channelId=").await.refuses(400, "channelId");
    program.get("/v1/messages").await.refuses(400, "channelId");
    // Used as filters, they match nothing.
    for path in [
        "clients?companyId",
        "message-channels?memberId",
        "message-channels?membershipEntityId",
        "message-channels?clientId",
    ] {
        assert!(program.get(&format!("/v1/{path}={theirs}")).await.is(200).ids().is_empty(), "{path}");
        let field = path.split('?').next_back().unwrap();
        program.get(&format!("/v1/{path}=abc")).await.refuses(400, field);
        program.get(&format!("/v1/{path}=")).await.is(200);
    }
    program.get("/v1/companies?isPlaceholder=maybe").await.refuses(400, "isPlaceholder");
    program.get("/v1/message-channels?membershipType=dm").await.refuses(400, "membershipType");
    program.get("/v1/clients?givenName=%00").await.refuses(400, "givenName");
    program.get("/v1/clients?givenName=%C3%28").await.refuses(400, "");
    program.get("/v1/clients?givenName=a&givenName=b").await.refuses(400, "givenName");
    program
        .post("/v1/clients?sendInvite=perhaps", json!({"givenName": "A", "email": "a@b.de"}))
        .await
        .refuses(400, "sendInvite");
}

#[tokio::test]
async fn bodies_that_are_no_json_object_in_utf_8_are_refused_before_anything_is_done() {
    let firm = Firm::new().await;
    let things = Things::new(&firm).await;
    for call in calls(&firm, &things) {
        let program = firm.portal.program_of(firm.jane).await;
        let send = |bytes: Vec<u8>| program.send(call.method.clone(), &call.path, Some(bytes));
        for broken in [
            "",
            "x",
            "[]",
            "5",
            "null",
            "\"a\"",
            "{",
            "{\"a\":}",
            "{} {}",
            "{\"a\": 1,}",
            "{'a': 1}",
            "{\"a\": NaN}",
            "{\"text\": \"\\ud800\"}",
            "{\"unknown\": \"\\udc00\"}",
        ] {
            // A call without fields accepts an empty body.
            let may_be_empty = call.fields.is_empty() && broken.is_empty();
            send(broken.as_bytes().to_vec()).await.is(if may_be_empty { 200 } else { 400 });
        }
        send(b"{\"text\": \"\xc3\x28\"}".to_vec()).await.is(400);
        send(b"\xef\xbb\xbf{}".to_vec()).await.is(400);
        for levels in [10_000, 100_000] {
            let deep = format!("{{\"unknown\": {}{}}}", "[".repeat(levels), "]".repeat(levels));
            send(deep.into_bytes()).await.is(400);
        }
        let twice = "{\"unknown\": 1, \"unknown\": 2}".to_string();
        send(twice.into_bytes()).await.is(400);
        let large = format!("{{\"unknown\": \"{}\"}}", "x".repeat(20_000_000));
        send(large.into_bytes()).await.refuses(413, "");
        for kind in
            ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"]
        {
            let said = program
                .with("content-type", kind)
                .call(call.method.clone(), &call.path, Some(call.good.to_string()))
                .await;
            said.refuses(415, "");
        }
        let packed = program.with("content-encoding", "gzip");
        packed.call(call.method.clone(), &call.path, Some(call.good.to_string())).await.refuses(415, "");
    }
}

#[tokio::test]
async fn hostile_text_comes_back_as_it_was_sent() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let texts = [
        "😀👩‍👩‍👧",
        "\u{202e}gnp.exe",
        "<b>x</b>\"'&amp;",
        "e\u{301}\u{feff}x",
        "'; DROP TABLE people; --",
        "{{ 7 * 7 }} ${x} %s",
        "\u{fffd}\u{10ffff}",
        " two\n\nlines\twith a tab ",
    ];
    for text in texts {
        let body = json!({"channelId": firm.channel, "text": text});
        assert_eq!(program.post("/v1/messages", body).await.is(200).text_at("/text"), text);
        if !text.contains('\n') {
            let name = program.post("/v1/companies", json!({"name": text})).await;
            assert_eq!(name.is(200).text_at("/name"), text);
        }
        let fields = json!({"customFields": {"note": text}});
        let said = program.patch(&format!("/v1/clients/{}", firm.oskar.person), fields).await;
        assert_eq!(said.is(200).text_at("/customFields/note"), text);
    }
    let said = program.post("/v1/messages", json!({"channelId": firm.channel, "text": "a\r\nb\rc"})).await;
    assert_eq!(said.is(200).text_at("/text"), "a\nb\nc");
}
