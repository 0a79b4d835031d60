//! People, companies and projects through `/v1`, compared with the pages.

use serde_json::{Value, json};

use crate::support::Firm;

#[tokio::test]
async fn a_client_is_made_changed_replaced_and_deleted() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let made = program
        .post(
            "/v1/clients",
            json!({"givenName": "Zoë", "familyName": "Ångström", "email": "Zoe@client.example", "phone": "+44 20 7946 0018",
                   "companyIds": [firm.santos, firm.northwind], "customFields": {"tags": ["vip"], "note": "x"}}),
        )
        .await;
    let id = made.is(200).text_at("/id");
    assert_eq!(
        made.json,
        json!({
            "id": id, "object": "client", "createdAt": "2026-01-05T09:00:00.000Z", "updatedAt": "2026-01-05T09:00:00.000Z",
            "givenName": "Zoë", "familyName": "Ångström", "email": "Zoe@client.example", "phone": "+442079460018",
            "companyId": firm.santos, "companyIds": [firm.santos, firm.northwind], "status": "notInvited",
            "fallbackColor": made.json["fallbackColor"], "avatarImageUrl": null, "inviteUrl": null,
            "firstLoginDate": null, "lastLoginDate": null, "creationMethod": "api",
            "customFields": {"note": "x", "tags": ["vip"]},
        })
    );
    let path = format!("/v1/clients/{id}");
    assert_eq!(program.get(&path).await.json, made.json);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get(&format!("/clients/{id}")).await.is(200).shows("Zoë").shows("Santos Imports");

    firm.portal.wait(std::time::Duration::from_secs(60));
    let changed = program
        .patch(
            &path,
            json!({"familyName": "Å", "companyId": firm.northwind, "customFields": {"note": "", "n": 1}}),
        )
        .await;
    assert_eq!(changed.is(200).json["companyIds"], json!([firm.northwind]));
    assert_eq!(changed.json["customFields"], json!({"tags": ["vip"], "n": 1}));
    assert_eq!(
        (changed.text_at("/givenName"), changed.text_at("/familyName"), changed.text_at("/updatedAt")),
        ("Zoë".to_string(), "Å".to_string(), "2026-01-05T09:01:00.000Z".to_string())
    );
    assert_eq!(program.patch(&path, json!({})).await.is(200).json, changed.json);

    let replaced = program.put(&path, json!({"givenName": "Zoe", "familyName": "A"})).await;
    assert_eq!(
        (replaced.is(200).text_at("/email"), &replaced.json["phone"], &replaced.json["customFields"]),
        ("Zoe@client.example".to_string(), &Value::Null, &json!({}))
    );
    let company = replaced.text_at("/companyId");
    let placeholder = program.get(&format!("/v1/companies/{company}")).await;
    assert_eq!(placeholder.json["isPlaceholder"], true);
    program.put(&path, json!({})).await.refuses(400, "givenName");

    let gone = program.delete(&path).await;
    assert_eq!(gone.is(200).json, json!({"id": id, "object": "client", "deleted": true}));
    program.get(&path).await.refuses(404, "");
    program.delete(&path).await.refuses(404, "");
    program.patch(&path, json!({"givenName": "B"})).await.refuses(404, "");
    // The conversation with a deleted client user stays readable on its page too.
    firm.posts(firm.oskar, firm.channel, "Before I go").await;
    program.delete(&format!("/v1/clients/{}", firm.oskar.person)).await.is(200);
    jane.get(&format!("/messages/{}", firm.channel))
        .await
        .is(200)
        .shows("Before I go")
        .shows("Oskar Kowalski");
    program.get(&format!("/v1/companies/{company}")).await.refuses(404, "");
    assert!(!program.get("/v1/clients").await.ids().contains(&id));
    jane.get(&format!("/clients/{id}")).await.is(404);
    jane.get("/clients").await.hides("Zoe");
    // The address is free again, until somebody else has it.
    let again = json!({"givenName": "Z", "email": "zoe@client.example"});
    program.post("/v1/clients", again.clone()).await.is(200);
    program.post("/v1/clients", again).await.refuses(409, "email");
}

#[tokio::test]
async fn clients_are_found_by_exact_values() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (oskar, maria) = (firm.oskar.person.to_string(), firm.maria.person.to_string());
    for (query, found) in [
        ("", vec![&maria, &oskar]),
        ("email=oskar@client.example", vec![&oskar]),
        ("email=Oskar@CLIENT.example", vec![&oskar]),
        ("email=oskar@client", vec![]),
        ("givenName=Maria&familyName=Santos", vec![&maria]),
        ("givenName=Maria&familyName=Kowalski", vec![]),
        ("givenName=Mar", vec![]),
        (&format!("companyId={}", firm.northwind), vec![&oskar]),
        ("companyId=&email=&givenName=&familyName=", vec![&maria, &oskar]),
    ] {
        let ids = program.get(&format!("/v1/clients?{query}")).await.ids();
        assert_eq!(ids.iter().collect::<Vec<_>>(), found, "{query}");
    }
}

#[tokio::test]
async fn an_invitation_is_sent_now_and_then_not_too_often() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let path = format!("/v1/clients/{}?sendInvite=true", firm.oskar.person);
    for _ in 0..10 {
        let said = program.patch(&path, json!({})).await;
        assert_eq!(said.is(200).text_at("/status"), "invited");
        assert!(said.json["inviteUrl"].is_string());
    }
    let said = program.patch(&path, json!({"givenName": "Changed"})).await;
    said.refuses(429, "");
    assert!(said.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 3600);
    let shown = program.get(&format!("/v1/clients/{}", firm.oskar.person)).await;
    assert_eq!(shown.text_at("/givenName"), "Oskar", "nothing half-done");
    let sent: i64 = firm
        .portal
        .read(|reader| {
            let sql = "SELECT count(*) FROM deliveries WHERE kind = 'invitation'";
            Ok(reader.one(sql, &[], |row| row.get(0))?)
        })
        .await;
    assert_eq!(sent, 10);
}

#[tokio::test]
async fn companies_are_made_renamed_and_deleted_and_their_clients_stay() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let made = program
        .post(
            "/v1/companies",
            json!({"name": " Acme ", "iconImageUrl": "https://example.com/a.png", "fallbackColor": "#9BBFFF"}),
        )
        .await;
    let id = made.is(200).text_at("/id");
    assert_eq!(
        made.json,
        json!({
            "id": id, "object": "company", "createdAt": "2026-01-05T09:00:00.000Z", "updatedAt": "2026-01-05T09:00:00.000Z",
            "name": "Acme", "iconImageUrl": "https://example.com/a.png", "fallbackColor": "#9bbfff",
            "isPlaceholder": false, "customFields": {},
        })
    );
    program.post("/v1/companies", json!({"name": "acme"})).await.refuses(409, "name");
    assert_eq!(program.get("/v1/companies?name=ACME").await.ids(), std::slice::from_ref(&id));
    let client = json!({"givenName": "Zoe", "email": "zoe@client.example", "companyId": id});
    let zoe = program.post("/v1/clients", client).await.is(200).text_at("/id");
    let channel =
        program.post("/v1/message-channels", json!({"membershipType": "company", "companyId": id})).await;
    let channel = channel.is(200).text_at("/id");
    let path = format!("/v1/companies/{id}");
    let renamed = program.patch(&path, json!({"name": "Acme Ltd", "iconImageUrl": null})).await;
    assert_eq!(
        (renamed.is(200).text_at("/name"), &renamed.json["iconImageUrl"]),
        ("Acme Ltd".to_string(), &Value::Null)
    );
    let shown = program.get(&format!("/v1/message-channels/{channel}")).await;
    assert_eq!(shown.text_at("/title"), "Acme Ltd");
    program.patch(&path, json!({"name": "Northwind Bakery"})).await.refuses(409, "name");

    program.delete(&path).await.is(200);
    program.get(&path).await.refuses(404, "");
    let zoe = program.get(&format!("/v1/clients/{zoe}")).await;
    let placeholder = program.get(&format!("/v1/companies/{}", zoe.text_at("/companyId"))).await;
    assert_eq!(placeholder.json["isPlaceholder"], true);
    // The conversation stays readable for the firm.
    let shown = program.get(&format!("/v1/message-channels/{channel}")).await;
    assert_eq!(shown.is(200).text_at("/title"), "Acme Ltd");
    assert!(!shown.text.contains(&zoe.text_at("/id")));
    let (real, placeholders) = (
        program.get("/v1/companies?isPlaceholder=false").await,
        program.get("/v1/companies?isPlaceholder=true").await,
    );
    assert_eq!((real.ids().len(), placeholders.ids().len()), (2, 1));
    assert_eq!(program.get("/v1/companies").await.ids().len(), 3);
}

#[tokio::test]
async fn projects_bring_clients_of_different_companies_together() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let made = program
        .post("/v1/projects", json!({"title": "Tower", "clientIds": [firm.oskar.person, firm.maria.person]}))
        .await;
    let id = made.is(200).text_at("/id");
    assert_eq!(
        made.json,
        json!({
            "id": id, "object": "project", "createdAt": "2026-01-05T09:00:00.000Z", "updatedAt": "2026-01-05T09:00:00.000Z",
            "title": "Tower", "companyId": null, "clientIds": [firm.maria.person, firm.oskar.person],
            "internalUserIds": [firm.jane.person], "archivedAt": null,
        })
    );
    let path = format!("/v1/projects/{id}");
    let changed = program
        .patch(
            &path,
            json!({"title": "Spire", "companyId": firm.northwind, "clientIds": [firm.oskar.person],
                   "internalUserIds": [firm.tom.person], "isArchived": true}),
        )
        .await;
    assert_eq!(changed.is(200).json["clientIds"], json!([firm.oskar.person]));
    assert_eq!(changed.json["internalUserIds"], json!([firm.tom.person]));
    assert_eq!(changed.text_at("/archivedAt"), "2026-01-05T09:00:00.000Z");
    program.patch(&path, json!({"internalUserIds": []})).await.refuses(400, "internalUserIds");
    assert_eq!(program.get("/v1/projects").await.ids(), [id, firm.renovation.to_string()]);
    program.delete(&path).await.is(200);
    program.get(&path).await.refuses(404, "");
}

#[tokio::test]
async fn internal_users_are_managed_and_the_last_admin_stays() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let made = program
        .post(
            "/v1/internal-users?sendInvite=true",
            json!({"givenName": "Eve", "email": "eve@firm.example", "role": "admin", "isClientAccessLimited": true,
                   "companyAccessList": [firm.santos]}),
        )
        .await;
    let id = made.is(200).text_at("/id");
    assert_eq!(
        made.json,
        json!({
            "id": id, "object": "internalUser", "createdAt": "2026-01-05T09:00:00.000Z",
            "updatedAt": made.json["updatedAt"], "givenName": "Eve", "familyName": "", "email": "eve@firm.example",
            "role": "admin", "status": "invited", "fallbackColor": made.json["fallbackColor"], "avatarImageUrl": null,
            "isClientAccessLimited": true, "companyAccessList": [firm.santos],
        })
    );
    let path = format!("/v1/internal-users/{id}");
    let changed = program.patch(&path, json!({"role": "staff", "companyAccessList": []})).await;
    assert_eq!(
        (changed.is(200).text_at("/role"), &changed.json["companyAccessList"]),
        ("staff".to_string(), &json!([]))
    );
    assert_eq!(program.get("/v1/internal-users").await.ids().len(), 4);
    program.delete(&path).await.is(200);
    program.get(&path).await.refuses(404, "");
    program.delete(&format!("/v1/internal-users/{}", firm.jane.person)).await.refuses(409, "role");
    let staff = json!({"role": "staff"});
    program.patch(&format!("/v1/internal-users/{}", firm.jane.person), staff).await.refuses(409, "role");
    // A client user is not an internal user.
    program.get(&format!("/v1/internal-users/{}", firm.oskar.person)).await.refuses(404, "");
    program.get(&format!("/v1/clients/{}", firm.tom.person)).await.refuses(404, "");
}

#[tokio::test]
async fn the_workspace_and_its_settings() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let workspace = program.get("/v1/workspaces").await;
    assert_eq!(
        (
            workspace.is(200).text_at("/brandName"),
            workspace.text_at("/portalUrl"),
            workspace.text_at("/labels/groupTerm")
        ),
        ("Harbor & Lee".to_string(), "http://portal.example".to_string(), "company".to_string())
    );
    let before = program.get("/v1/settings").await;
    assert_eq!(before.is(200).json["waitMinutes"], 5);
    assert_eq!(before.json["welcome"]["senderId"], json!(firm.jane.person));
    let change = json!({
        "waitMinutes": 60, "hideText": true, "replyLinks": "signIn", "defaultChannel": "company",
        "clientsMayStartChannels": true, "clientsMayInviteColleagues": true, "peopleMaySignUp": true, "uploadLimitBytes": 5_000,
        "welcome": {"enabled": false, "text": "Hello {{client.givenName}}", "senderId": firm.tom.person},
    });
    let after = program.patch("/v1/settings", change.clone()).await;
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&after.is(200).json[name], value, "{name}");
    }
    for (welcome, status, field) in [
        (json!({"text": "{{nobody}}"}), 400, "welcome.text"),
        (json!({"text": 5}), 400, "welcome.text"),
        (json!({"enabled": null}), 400, "welcome.enabled"),
        (json!({"senderId": firm.oskar.person}), 404, "welcome.senderId"),
        (json!(null), 400, "welcome"),
    ] {
        program
            .patch("/v1/settings", json!({"waitMinutes": 9, "welcome": welcome}))
            .await
            .refuses(status, field);
    }
    assert_eq!(program.get("/v1/settings").await.json, after.json);
    let mut jane = firm.browser_of(firm.jane).await;
    jane.get("/settings/messaging").await.shows("value=\"60\"");
    assert_eq!(program.patch("/v1/settings", json!({"waitMinutes": 60.0})).await.is(200).json, after.json);
    program.patch("/v1/settings", json!({"waitMinutes": 7, "hideText": 5})).await.refuses(400, "hideText");
    assert_eq!(program.get("/v1/settings").await.json["waitMinutes"], 60, "nothing half-done");
}
