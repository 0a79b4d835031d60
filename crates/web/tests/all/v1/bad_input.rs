//! Every field of every call: missing, null, of the wrong kind, too long, of others; and bodies that are none.

use axum::http::Method;
use domain::companies;
use domain::ids::{CompanyId, MessageId};
use serde_json::{Value, json};

use crate::support::{Firm, MORNING};

/// What a field takes.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Id,
    Ids,
    Flag,
    Number,
    Word,
    Fields,
    Address,
}

/// How a field behaves: whether it must be there, and whether null stands for no value.
#[derive(Clone, Copy, PartialEq)]
enum Must {
    BeThere,
    NotBeNull,
    Nothing,
}

struct Call {
    method: Method,
    path: String,
    good: Value,
    fields: Vec<(&'static str, Kind, Must)>,
}

fn calls(firm: &Firm) -> Vec<Call> {
    use Kind::{Address, Fields, Flag, Id, Ids, Number, Text, Word};
    use Must::{BeThere, NotBeNull, Nothing};
    let call = |method, path: String, good, fields: &[(&'static str, Kind, Must)]| Call {
        method,
        path,
        good,
        fields: fields.to_vec(),
    };
    let (oskar, tom) = (firm.oskar.person, firm.tom.person);
    let person = [("givenName", Text, Nothing), ("familyName", Text, Nothing), ("email", Address, BeThere)];
    let changed =
        [("givenName", Text, NotBeNull), ("familyName", Text, NotBeNull), ("email", Address, NotBeNull)];
    let belongs = [
        ("phone", Text, Nothing),
        ("companyId", Id, Nothing),
        ("companyIds", Ids, Nothing),
        ("customFields", Fields, Nothing),
    ];
    let access = [
        ("role", Word, Nothing),
        ("isClientAccessLimited", Flag, Nothing),
        ("companyAccessList", Ids, Nothing),
    ];
    let looks = [
        ("iconImageUrl", Text, Nothing),
        ("fallbackColor", Text, Nothing),
        ("customFields", Fields, Nothing),
    ];
    let a = json!({"givenName": "A", "familyName": "B", "email": "new@client.example"});
    vec![
        call(Method::POST, "/v1/clients".into(), a.clone(), &[&person[..], &belongs].concat()),
        call(Method::PATCH, format!("/v1/clients/{oskar}"), json!({}), &[&changed[..], &belongs].concat()),
        call(Method::PUT, format!("/v1/clients/{oskar}"), a.clone(), &belongs),
        call(Method::POST, "/v1/internal-users".into(), a, &[&person[..], &access].concat()),
        call(
            Method::PATCH,
            format!("/v1/internal-users/{tom}"),
            json!({}),
            &[&changed[..], &access.map(|(name, kind, _)| (name, kind, NotBeNull))].concat(),
        ),
        call(
            Method::POST,
            "/v1/companies".into(),
            json!({"name": "A"}),
            &[&[("name", Text, BeThere)], &looks[..]].concat(),
        ),
        call(
            Method::PATCH,
            format!("/v1/companies/{}", firm.northwind),
            json!({}),
            &[&[("name", Text, NotBeNull)], &looks[..]].concat(),
        ),
        call(
            Method::POST,
            "/v1/projects".into(),
            json!({"title": "A"}),
            &[
                ("title", Text, BeThere),
                ("companyId", Id, Nothing),
                ("clientIds", Ids, Nothing),
                ("internalUserIds", Ids, Nothing),
            ],
        ),
        call(
            Method::PATCH,
            format!("/v1/projects/{}", firm.renovation),
            json!({}),
            &[
                ("title", Text, NotBeNull),
                ("companyId", Id, Nothing),
                ("clientIds", Ids, NotBeNull),
                ("internalUserIds", Ids, NotBeNull),
                ("isArchived", Flag, NotBeNull),
            ],
        ),
        call(
            Method::POST,
            "/v1/files/file".into(),
            json!({"channelId": firm.channel, "path": "A/b"}),
            &[("channelId", Id, BeThere), ("path", Text, BeThere)],
        ),
        call(
            Method::POST,
            "/v1/files/folder".into(),
            json!({"channelId": firm.channel, "path": "A"}),
            &[("channelId", Id, BeThere), ("path", Text, BeThere), ("clientPermissions", Word, Nothing)],
        ),
        call(
            Method::POST,
            "/v1/files/link".into(),
            json!({"channelId": firm.channel, "path": "A", "linkUrl": "https://a.example/"}),
            &[("channelId", Id, BeThere), ("path", Text, BeThere), ("linkUrl", Address, BeThere)],
        ),
        call(
            Method::PATCH,
            "/v1/settings".into(),
            json!({}),
            &[
                ("waitMinutes", Number, NotBeNull),
                ("hideText", Flag, NotBeNull),
                ("replyLinks", Word, NotBeNull),
                ("defaultChannel", Word, NotBeNull),
            ],
        ),
        call(
            Method::POST,
            "/v1/message-channels".into(),
            json!({"membershipType": "individual", "clientId": oskar}),
            &[("membershipType", Word, BeThere), ("clientId", Id, BeThere)],
        ),
        call(
            Method::POST,
            "/v1/message-channels".into(),
            json!({"membershipType": "company", "companyId": firm.northwind}),
            &[("companyId", Id, BeThere)],
        ),
        call(
            Method::POST,
            "/v1/message-channels".into(),
            json!({"membershipType": "project", "projectId": firm.renovation}),
            &[("projectId", Id, BeThere)],
        ),
        call(
            Method::POST,
            format!("/v1/message-channels/{}/read", firm.channel),
            json!({"messageId": firm.message}),
            &[("messageId", Id, BeThere), ("readerId", Id, Nothing)],
        ),
        call(
            Method::POST,
            "/v1/messages".into(),
            json!({"channelId": firm.channel, "text": "A"}),
            &[
                ("channelId", Id, BeThere),
                ("text", Text, BeThere),
                ("id", Id, Nothing),
                ("senderId", Id, Nothing),
                ("attachmentIds", Ids, Nothing),
            ],
        ),
        call(
            Method::PATCH,
            format!("/v1/messages/{}", firm.message),
            json!({"text": "A"}),
            &[("text", Text, BeThere)],
        ),
    ]
}

/// Values that a field of a kind does not take, with the statuses that say so.
fn wrong(kind: Kind, name: &str) -> Vec<Value> {
    let long = "x".repeat(20_000);
    let hostile = ["a\u{0}b", "a\u{1b}[31mb", "a\u{85}b", "a\u{7f}"];
    let mut wrong = match kind {
        Kind::Text | Kind::Address => vec![json!(5), json!(true), json!([]), json!({"a": 1}), json!(long)],
        Kind::Id => vec![json!(5), json!([]), json!({}), json!("abc"), json!("00000000"), json!(long)],
        Kind::Ids => vec![json!("abc"), json!(5), json!({}), json!(["abc"]), json!([null]), json!([[]])],
        Kind::Flag => vec![json!("true"), json!(1), json!([])],
        Kind::Number => {
            vec![json!("7"), json!(0), json!(61), json!(1.5), json!(1e99), json!([]), json!(true)]
        }
        Kind::Word => vec![json!("nothing"), json!(""), json!(5), json!([]), json!("Individual")],
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
        "iconImageUrl" => wrong.extend(["ftp://a.b", "javascript:alert(1)", "a b"].map(|text| json!(text))),
        "fallbackColor" => wrong.extend(["red", "#12345", "#12345g"].map(|text| json!(text))),
        "title" | "name" => wrong.extend(["", "  ", "\u{200b}", "a\nb"].map(|text| json!(text))),
        "text" => wrong.extend(["", " \n", "\u{200b}\u{202e}"].map(|text| json!(text))),
        _ => {}
    }
    wrong
}

#[tokio::test]
async fn every_field_that_cannot_be_taken_is_named() {
    let firm = Firm::new().await;
    let count = calls(&firm).len();
    for at in 0..count {
        let program = firm.portal.program_of(firm.jane).await;
        let Call { method, path, good, fields } = calls(&firm).swap_remove(at);
        for (name, kind, must) in fields {
            let send = async |value: Option<Value>| {
                let mut body = good.clone();
                match value {
                    Some(value) => body[name] = value,
                    None => drop(body.as_object_mut().unwrap().remove(name)),
                }
                firm.portal.wait(std::time::Duration::from_secs(1));
                program.call(method.clone(), &path, Some(body.to_string())).await
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
    // Nothing of all that was done.
    let program = firm.portal.program_of(firm.jane).await;
    assert_eq!(program.get("/v1/clients").await.ids().len(), 2);
    assert_eq!(program.get("/v1/companies").await.ids().len(), 2);
    assert_eq!(program.get("/v1/projects").await.ids().len(), 1);
    assert_eq!(program.get("/v1/internal-users").await.ids().len(), 3);
    let messages = program.get(&format!("/v1/messages?channelId={}", firm.channel)).await;
    assert_eq!(messages.text_at("/data/0/text"), "Good morning!");
    assert_eq!(messages.ids().len(), 1);
}

#[tokio::test]
async fn ids_that_name_nothing_here_are_not_found_and_named() {
    let firm = Firm::new().await;
    let stranger = firm.stranger;
    let theirs: CompanyId = firm.portal.write(move |tx| companies::add(tx, &stranger, "Secret Ltd")).await;
    let nothing = MessageId::new(MORNING).to_string();
    let program = firm.portal.program_of(firm.jane).await;
    for call in calls(&firm) {
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
                let mut body = call.good.clone();
                body[name] = value;
                let said = program.call(call.method.clone(), &call.path, Some(body.to_string())).await;
                let found = said.json["field"].as_str().unwrap_or("");
                // The channel that a message goes to is what the call is about.
                let about = if name == "channelId" { "" } else { name };
                assert_eq!((said.status.as_u16(), found), (404, about), "{} {name}", call.path);
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
    program.get(&format!("/v1/messages?channelId={nothing}")).await.refuses(404, "");
    program.get("/v1/messages?channelId=abc").await.refuses(400, "channelId");
    program.get("/v1/messages?channelId=").await.refuses(400, "channelId");
    program.get("/v1/messages").await.refuses(400, "channelId");
    // As filters they find nothing.
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
    for call in calls(&firm) {
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
            send(broken.as_bytes().to_vec()).await.is(400);
        }
        send(b"{\"text\": \"\xc3\x28\"}".to_vec()).await.is(400);
        send(b"\xef\xbb\xbf{}".to_vec()).await.is(400);
        let deep = format!("{{\"unknown\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        send(deep.into_bytes()).await.is(400);
        let twice = format!("{{\"unknown\": 1, \"unknown\": 2, {}", &call.good.to_string()[1..]);
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
