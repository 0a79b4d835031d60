//! Channels and messages through `/v1`, compared with the pages.

use domain::administration::projects::{self, ProjectInput};
use domain::kernel::ids::{self, MessageId};
use serde_json::{Value, json};

use crate::support::{Firm, MORNING};

#[tokio::test]
async fn a_channel_of_each_kind_is_made_once() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (oskar, jane, tom) = (firm.oskar.person, firm.jane.person, firm.tom.person);
    let anna = json!({"givenName": "Anna", "email": "anna@client.example", "companyId": firm.northwind});
    let anna = program.post("/v1/clients", anna).await.is(200).text_at("/id");
    for (body, kind, fields, title, members) in [
        (
            json!({"membershipType": "individual", "clientId": oskar}),
            "individual",
            json!({"clientId": oskar, "companyId": null, "projectId": null, "membershipEntityId": oskar}),
            "Oskar Kowalski",
            json!([oskar, jane, tom]),
        ),
        (
            json!({"membershipType": "company", "companyId": firm.northwind, "memberIds": []}),
            "company",
            json!({"clientId": null, "companyId": firm.northwind, "projectId": null, "membershipEntityId": firm.northwind}),
            "Northwind Bakery",
            json!([anna, oskar, jane, tom]),
        ),
        (
            json!({"membershipType": "project", "projectId": firm.renovation}),
            "project",
            json!({"clientId": null, "companyId": null, "projectId": firm.renovation, "membershipEntityId": firm.renovation}),
            "Renovation",
            json!([oskar, jane, tom]),
        ),
        (
            json!({"membershipType": "group", "memberIds": [oskar, anna]}),
            "group",
            json!({"clientId": null, "companyId": firm.northwind, "projectId": null, "membershipEntityId": firm.northwind}),
            "Anna, Oskar Kowalski",
            json!([anna, oskar, jane, tom]),
        ),
    ] {
        let made = program.post("/v1/message-channels", body.clone()).await;
        let id = made.is(200).text_at("/id");
        assert_eq!(
            (made.text_at("/object"), made.text_at("/membershipType")),
            ("messageChannel".into(), kind.into())
        );
        for (name, value) in fields.as_object().unwrap() {
            assert_eq!(&made.json[name], value, "{kind} {name}");
        }
        assert_eq!(
            (made.text_at("/title"), &made.json["memberIds"]),
            (title.to_string(), &members),
            "{kind}"
        );
        let again = program.post("/v1/message-channels", body).await;
        assert_eq!(again.text_at("/id"), id, "C1");
        assert_eq!(program.get(&format!("/v1/message-channels/{id}")).await.json, again.json);
        let listed =
            program.get(&format!("/v1/message-channels?membershipType={kind}&memberId={oskar}")).await;
        assert!(listed.ids().contains(&id), "{kind}");
        let mut browser = firm.browser_of(firm.jane).await;
        browser.get(&format!("/messages/{id}")).await.is(200).shows(title);
    }
    // A person's id matches no company channel, and a company's id no channel of a person.
    let listed = async |query: String| program.get(&format!("/v1/message-channels?{query}")).await.ids();
    assert_eq!(listed(format!("clientId={oskar}")).await, [firm.channel.to_string()]);
    for wrong in [format!("clientId={}", firm.northwind), format!("companyId={oskar}")] {
        assert!(listed(wrong.clone()).await.is_empty(), "{wrong}");
    }
    // The older way to name the subject, before it had fields of its own.
    let old = json!({"membershipType": "individual", "membershipEntityId": oskar, "companyId": ""});
    assert_eq!(
        program.post("/v1/message-channels", old).await.is(200).text_at("/id"),
        firm.channel.to_string()
    );
    let strangers = json!({"membershipType": "group", "memberIds": [oskar, firm.maria.person]});
    program.post("/v1/message-channels", strangers).await.refuses(400, "memberIds");
    let alone = json!({"membershipType": "group", "memberIds": [oskar]});
    program.post("/v1/message-channels", alone).await.refuses(400, "memberIds");
    let colleague = json!({"membershipType": "group", "memberIds": [oskar, tom]});
    program.post("/v1/message-channels", colleague).await.refuses(404, "memberIds");
}

#[tokio::test]
async fn a_message_is_sent_as_somebody_who_is_in_the_channel() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (channel, oskar) = (firm.channel, firm.oskar.person);
    let said = program.post("/v1/messages", json!({"channelId": channel, "text": "Hello **you**"})).await;
    let id = said.is(200).text_at("/id");
    assert_eq!(
        said.json,
        json!({
            "id": id, "object": "message", "createdAt": "2026-01-05T09:00:00.000Z", "updatedAt": "2026-01-05T09:00:00.000Z",
            "channelId": channel, "senderId": firm.jane.person, "text": "Hello **you**", "isAttachmentIncluded": false,
            "attachments": [], "editedAt": null, "deletedAt": null, "seenBy": [], "deliveries": said.json["deliveries"],
        })
    );
    let as_oskar = json!({"channelId": channel, "text": "Hi", "senderId": oskar});
    assert_eq!(program.post("/v1/messages", as_oskar).await.is(200).text_at("/senderId"), oskar.to_string());
    let no_member = json!({"channelId": channel, "text": "Hi", "senderId": firm.maria.person});
    program.post("/v1/messages", no_member).await.refuses(400, "senderId");

    // The key's admin can read a channel that they are not a member of, but not write in it.
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
    let quiet = quiet.is(200).text_at("/id");
    program.post("/v1/messages", json!({"channelId": quiet, "text": "Psst"})).await.refuses(400, "senderId");
    program.post("/v1/messages", json!({"channelId": quiet, "text": "Psst", "senderId": tom})).await.is(200);
    assert_eq!(program.get(&format!("/v1/messages?channelId={quiet}")).await.ids().len(), 1);
    let mut browser = firm.browser_of(firm.jane).await;
    browser.get(&format!("/messages/{quiet}")).await.is(404);
}

#[tokio::test]
async fn m2_the_same_id_again_is_the_same_message() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let id = MessageId::new(MORNING).to_string();
    let body = json!({"channelId": firm.channel, "text": "Once", "id": id});
    let first = program.post("/v1/messages", body.clone()).await;
    assert_eq!(first.is(200).text_at("/id"), id);
    let mut changed = body.clone();
    changed["text"] = json!("Twice");
    for again in [body, changed] {
        assert_eq!(program.post("/v1/messages", again).await.is(200).json, first.json);
    }
    let as_oskar =
        json!({"channelId": firm.channel, "text": "Once", "id": id, "senderId": firm.oskar.person});
    program.post("/v1/messages", as_oskar).await.refuses(409, "");
    let four = json!({"channelId": firm.channel, "text": "x", "id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427"});
    program.post("/v1/messages", four).await.refuses(400, "id");
    assert_eq!(program.get(&format!("/v1/messages?channelId={}", firm.channel)).await.ids().len(), 2);
}

#[tokio::test]
async fn messages_are_edited_deleted_and_read_for_anybody() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (channel, message, tom) = (firm.channel, firm.message, firm.tom.person);
    let (list, path) = (format!("/v1/messages?channelId={channel}"), format!("/v1/messages/{message}"));
    let shown = program.get(&path).await;
    assert_eq!(shown.is(200).json, program.get(&list).await.json["data"][0]);
    let unread = |said: &crate::support::Said| said.json["unreadCount"].as_i64().unwrap();
    let channel_path = format!("/v1/message-channels/{channel}");
    assert_eq!(unread(&program.get(&channel_path).await), 1);

    let read = format!("{channel_path}/read");
    firm.portal.wait(std::time::Duration::from_secs(60));
    let after = program.post(&read, json!({"messageId": message, "readerId": tom})).await;
    assert_eq!(unread(after.is(200)), 1, "Jane has not read it");
    let seen = program.get(&path).await;
    assert_eq!(seen.json["seenBy"], json!([{"id": tom, "at": "2026-01-05T09:01:00.000Z"}]));
    assert_eq!(unread(program.post(&read, json!({"messageId": message})).await.is(200)), 0);
    program
        .post(&read, json!({"messageId": message, "readerId": firm.maria.person}))
        .await
        .refuses(400, "readerId");

    let edited = program.patch(&path, json!({"text": "Good evening!"})).await;
    assert_eq!(
        (edited.is(200).text_at("/text"), edited.text_at("/editedAt"), edited.text_at("/senderId")),
        ("Good evening!".into(), "2026-01-05T09:01:00.000Z".into(), firm.oskar.person.to_string())
    );
    let mut browser = firm.browser_of(firm.tom).await;
    browser.get(&format!("/messages/{channel}")).await.shows("Good evening!");

    let gone = program.delete(&path).await;
    assert_eq!(gone.is(200).json, json!({"id": message, "object": "message", "deleted": true}));
    program.delete(&path).await.is(200);
    program.patch(&path, json!({"text": "Again"})).await.refuses(409, "");
    let left = program.get(&list).await;
    assert_eq!(
        (left.text_at("/data/0/text"), left.text_at("/data/0/deletedAt")),
        ("".into(), "2026-01-05T09:01:00.000Z".into())
    );
    assert_eq!(
        (&left.json["data"][0]["deliveries"], &left.json["data"][0]["seenBy"]),
        (&json!([]), &json!([]))
    );
    assert!(!left.text.contains("evening"));
}

#[tokio::test]
async fn messages_are_listed_newest_first_across_pages_while_others_post() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    for number in 0..9 {
        let text = format!("Message {number}");
        program.post("/v1/messages", json!({"channelId": firm.channel, "text": text})).await.is(200);
    }
    let list = format!("/v1/messages?channelId={}", firm.channel);
    let all = program.get(&list).await.ids();
    let (mut seen, mut path) = (Vec::new(), format!("{list}&limit=3"));
    loop {
        let page = program.get(&path).await;
        seen.extend(page.is(200).ids());
        firm.posts(firm.oskar, firm.channel, "In between").await;
        let Some(token) = page.json["nextToken"].as_str() else { break };
        path = format!("{list}&limit=3&nextToken={token}");
    }
    assert_eq!(seen, all);
    assert_eq!(seen.len(), 10);
    // A page token of one channel is invalid in another.
    let token = program.get(&format!("{list}&limit=1")).await.text_at("/nextToken");
    let other = json!({"membershipType": "company", "companyId": firm.northwind});
    let other = program.post("/v1/message-channels", other).await.text_at("/id");
    program.get(&format!("/v1/messages?channelId={other}&nextToken={token}")).await.refuses(400, "nextToken");
}

#[tokio::test]
async fn n12_what_became_of_a_message_for_each_recipient() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (oskar, tom) = (firm.oskar.person, firm.tom.person);
    let path = format!("/v1/clients/{oskar}?sendInvite=true");
    program.patch(&path, json!({})).await.is(200);
    let said = program.post("/v1/messages", json!({"channelId": firm.channel, "text": "Hello"})).await;
    let of = |said: &crate::support::Said, person: ids::PersonId| -> Value {
        let all = said.json["deliveries"].as_array().unwrap();
        all.iter().find(|one| one["recipientId"] == json!(person)).cloned().unwrap()
    };
    assert_eq!(
        of(&said, oskar),
        json!({"recipientId": oskar, "state": "due", "at": "2026-01-05T09:05:00.000Z", "reason": null, "email": null, "text": null})
    );
    assert_eq!(
        (&of(&said, tom)["state"], &of(&said, tom)["reason"]),
        (&json!("suppressed"), &json!("notInvited"))
    );
    assert_eq!(said.json["deliveries"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn c8_a_channel_is_archived_and_a_new_message_brings_it_back() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let path = format!("/v1/message-channels/{}", firm.channel);
    let archived = program.patch(&path, json!({"isArchived": true})).await;
    assert_eq!(archived.is(200).text_at("/archivedAt"), "2026-01-05T09:00:00.000Z");
    assert_eq!(program.get(&path).await.json, archived.json);
    program.post("/v1/messages", json!({"channelId": firm.channel, "text": "Once more"})).await.is(200);
    assert_eq!(program.get(&path).await.json["archivedAt"], Value::Null);
    program.patch(&path, json!({"isArchived": true})).await.is(200);
    assert_eq!(program.patch(&path, json!({"isArchived": false})).await.json["archivedAt"], Value::Null);
}

#[tokio::test]
async fn c9_who_is_named_twice_for_a_group_is_taken_for_a_mistake() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (oskar, maria) = (firm.oskar.person, firm.maria.person);
    for people in [json!([oskar, oskar]), json!([oskar, maria, oskar])] {
        for kind in ["group", "individual"] {
            let body = json!({"membershipType": kind, "clientId": oskar, "memberIds": people});
            let said = program.post("/v1/message-channels", body).await;
            said.refuses(400, "memberIds");
            assert!(said.text_at("/message").contains("only once"), "{}", said.text);
        }
    }
    // A name given twice in an unordered list counts once (D3).
    let body = json!({"title": "Extension", "clientIds": [oskar, maria, oskar]});
    let made = program.post("/v1/projects", body).await;
    assert_eq!(made.is(200).json["clientIds"].as_array().unwrap().len(), 2);
}
