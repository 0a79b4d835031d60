//! What admins do, done through the API (D4): invitations, access, the brand, deleted files, early access, the audit log.

use axum::http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::support::Firm;

#[tokio::test]
async fn s2_a_program_sends_an_invitation_again_and_takes_it_back() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let (oskar, tom) = (firm.oskar.person, firm.tom.person);
    let client = format!("/v1/clients/{oskar}");
    let invited = program.post(&format!("{client}/invitation"), json!({})).await;
    assert_eq!(invited.is(200).text_at("/status"), "invited");
    let link = invited.text_at("/inviteUrl");
    let again = program.post(&format!("{client}/invitation"), json!({})).await;
    assert_ne!(again.is(200).text_at("/inviteUrl"), link);
    let back = program.delete(&format!("{client}/invitation")).await;
    assert_eq!(back.is(200).json, json!({"id": oskar, "object": "invitation", "deleted": true}));
    assert_eq!(program.get(&client).await.text_at("/status"), "notInvited");
    let mut browser = firm.portal.browser();
    browser.post(link.strip_prefix("http://portal.example").unwrap(), &[]).await;
    assert!(!browser.is_signed_in().await, "its links are no longer good");
    program.delete(&format!("{client}/invitation")).await.is(200);

    let internal = format!("/v1/internal-users/{tom}");
    let invited = program.post(&format!("{internal}/invitation"), json!({})).await;
    assert_eq!(invited.is(200).text_at("/status"), "invited");
    program.delete(&format!("{internal}/invitation")).await.is(200);
    assert_eq!(program.get(&internal).await.text_at("/status"), "notInvited");
    // Client users are not found as internal users, nor the reverse.
    for path in [format!("/v1/clients/{tom}"), format!("/v1/internal-users/{oskar}")] {
        for act in ["invitation", "deactivate", "reactivate"] {
            program.post(&format!("{path}/{act}"), json!({})).await.refuses(404, "");
        }
        program.delete(&format!("{path}/invitation")).await.refuses(404, "");
    }
    // An accepted invitation cannot be revoked.
    let link = program.post(&format!("{client}/invitation"), json!({})).await.text_at("/inviteUrl");
    browser.post(link.strip_prefix("http://portal.example").unwrap(), &[]).await;
    assert!(browser.is_signed_in().await);
    program.delete(&format!("{client}/invitation")).await.refuses(409, "");
}

#[tokio::test]
async fn c3_a_program_takes_access_away_and_gives_it_back() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    for (path, actor) in [
        (format!("/v1/clients/{}", firm.oskar.person), firm.oskar),
        (format!("/v1/internal-users/{}", firm.tom.person), firm.tom),
    ] {
        let mut browser = firm.browser_of(actor).await;
        assert!(browser.is_signed_in().await);
        let members = async || {
            let channel = program.get(&format!("/v1/message-channels/{}", firm.channel)).await;
            channel.json["memberIds"].as_array().unwrap().contains(&json!(actor.person))
        };
        let off = program.post(&format!("{path}/deactivate"), json!({})).await;
        assert_eq!(off.is(200).text_at("/status"), "deactivated");
        assert!(!browser.is_signed_in().await && !members().await);
        assert_eq!(program.post(&format!("{path}/deactivate"), json!({})).await.is(200).json, off.json);
        program.post(&format!("{path}/invitation"), json!({})).await.refuses(409, "");
        let on = program.post(&format!("{path}/reactivate"), json!({})).await;
        assert_ne!(on.is(200).text_at("/status"), "deactivated");
        assert!(members().await);
    }
    let jane = format!("/v1/internal-users/{}/deactivate", firm.jane.person);
    program.post(&jane, json!({})).await.refuses(409, "role");
}

#[tokio::test]
async fn b1_a_program_changes_name_and_colours_of_the_firm() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let before = program.get("/v1/workspaces").await;
    let change = json!({
        "brandName": "Harbor & Rao", "colorAccent": "#0B7A5C", "colorSidebarBackground": "#12324a",
        "colorSidebarText": "#ffffff",
    });
    let changed = program.patch("/v1/workspaces", change).await;
    assert_eq!(
        (changed.is(200).text_at("/brandName"), changed.text_at("/colorAccent")),
        ("Harbor & Rao".to_string(), "#0b7a5c".to_string())
    );
    assert_eq!(program.get("/v1/workspaces").await.json, changed.json);
    firm.browser_of(firm.jane).await.get("/messages").await.is(200).shows("Harbor &#38; Rao");
    // Unreadable text is refused, whichever of the two colors is named.
    let said = program.patch("/v1/workspaces", json!({"colorSidebarText": "#143550"})).await;
    said.refuses(409, "colorSidebarText");
    program
        .patch("/v1/workspaces", json!({"colorSidebarBackground": "#fefefe"}))
        .await
        .refuses(409, "colorSidebarText");
    assert_eq!(program.get("/v1/workspaces").await.json, changed.json, "nothing half-done");
    let own = json!({
        "brandName": "Harbor & Lee", "colorAccent": null, "colorSidebarBackground": "", "colorSidebarText": null,
    });
    assert_eq!(program.patch("/v1/workspaces", own).await.is(200).json, before.json);
    let other = firm.portal.program_of(firm.stranger).await;
    assert_eq!(other.get("/v1/workspaces").await.text_at("/brandName"), "Another firm");
}

#[tokio::test]
async fn b2_a_program_sets_the_pictures_of_the_firm_and_takes_them_away() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let picture = firm.picture();
    for (place, field) in [("logo", "fullLogoUrl"), ("icon", "squareIconUrl"), ("cover", "coverImageUrl")] {
        let path = format!("/v1/workspaces/pictures/{place}");
        let put = async |bytes: &[u8]| program.send(Method::PUT, &path, Some(bytes.to_vec())).await;
        let set = put(&picture).await;
        let address = set.is(200).text_at(&format!("/{field}"));
        let path_of_it = address.strip_prefix("http://portal.example").unwrap();
        firm.portal.browser().get(path_of_it).await.is(200);
        for none in [&b""[..], b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", &picture[..60]] {
            put(none).await.refuses(400, place);
        }
        put(&vec![0; 10_000_001]).await.refuses(413, place);
        assert_eq!(program.get("/v1/workspaces").await.json, set.json, "nothing half-done");
        program.delete(&path).await.is(200);
        program.delete(&path).await.is(200);
        assert!(program.get("/v1/workspaces").await.json[field].is_null());
    }
    program.send(Method::PUT, "/v1/workspaces/pictures/hat", Some(picture)).await.refuses(404, "");
    program.delete("/v1/workspaces/pictures/hat").await.refuses(404, "");
}

#[tokio::test]
async fn f6_what_was_deleted_comes_back() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let make = async |path: &str| {
        let body = json!({"channelId": firm.channel, "path": path, "linkUrl": "https://a.example/"});
        program.post("/v1/files/link", body).await.is(200).text_at("/id")
    };
    let id = make("Rules/House").await;
    let path = format!("/v1/files/{id}");
    program.delete(&path).await.is(200);
    program.get(&path).await.refuses(404, "");
    make("Rules/House").await;
    let back = program.post(&format!("{path}/restore"), json!({})).await;
    assert_eq!(back.is(200).text_at("/path"), "Rules/House (2)", "the name is in use meanwhile");
    assert_eq!(program.post(&format!("{path}/restore"), json!({})).await.is(200).json, back.json);
    assert_eq!(program.get(&path).await.is(200).json, back.json);
    program.post(&format!("/v1/files/{}/restore", firm.channel), json!({})).await.refuses(404, "");
    // Without access to the channel, nothing can be restored.
    program.delete(&path).await.is(200);
    let stranger = firm.portal.program_of(firm.stranger).await;
    stranger.post(&format!("{path}/restore"), json!({})).await.refuses(404, "");
}

#[tokio::test]
async fn e1_entries_are_listed_and_removed() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let rui = firm.early_access("Rui").await;
    firm.portal.wait(std::time::Duration::from_secs(1));
    let zoe = firm.early_access("Zoe").await;
    let list = program.get("/v1/early-access").await;
    assert_eq!(list.is(200).ids(), [zoe.to_string(), rui.to_string()]);
    assert_eq!(
        list.json["data"][1],
        json!({
            "id": rui, "object": "earlyAccessEntry", "createdAt": "2026-01-05T09:00:00.000Z", "name": "Rui",
            "email": "rui@later.example", "company": null, "isSuspicious": false,
        })
    );
    let page = program.get("/v1/early-access?limit=1").await;
    let rest = program.get(&format!("/v1/early-access?nextToken={}", page.text_at("/nextToken"))).await;
    assert_eq!(rest.ids(), [rui.to_string()]);
    assert!(program.get("/v1/early-access?isSuspicious=true").await.is(200).ids().is_empty());
    program.get("/v1/early-access?isSuspicious=maybe").await.refuses(400, "isSuspicious");
    let path = format!("/v1/early-access/{rui}");
    assert_eq!(
        program.delete(&path).await.is(200).json,
        json!({"id": rui, "object": "earlyAccessEntry", "deleted": true})
    );
    program.delete(&path).await.refuses(404, "");
    assert_eq!(program.get("/v1/early-access").await.ids(), [zoe.to_string()]);
}

#[tokio::test]
async fn r1_records_are_listed_and_narrowed() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    firm.portal.wait(std::time::Duration::from_secs(3600));
    let tom = firm.tom.person;
    program.patch(&format!("/v1/internal-users/{tom}"), json!({"givenName": "Thomas"})).await.is(200);
    program.patch("/v1/settings", json!({"waitMinutes": 9})).await.is(200);
    let deeds = async |query: &str| {
        let list = program.get(&format!("/v1/records?{query}")).await;
        let data = list.is(200).json["data"].as_array().unwrap().clone();
        data.iter().map(|one| one["deed"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    let newest = program.get("/v1/records?limit=2").await;
    assert_eq!(
        newest.is(200).json["data"][0],
        json!({
            "id": newest.json["data"][0]["id"], "object": "record", "createdAt": "2026-01-05T10:00:00.000Z",
            "personId": firm.jane.person, "via": "program", "deed": "settings.changed", "aboutId": null,
            "aboutType": null, "changes": [{"field": "waitMinutes", "before": "5", "after": "9"}],
        })
    );
    assert_eq!(newest.json["data"][1]["aboutId"], json!(tom));
    assert_eq!(newest.json["data"][1]["aboutType"], "internalUser");
    let rest = program.get(&format!("/v1/records?nextToken={}", newest.text_at("/nextToken"))).await;
    assert_eq!(newest.ids().len() + rest.ids().len(), program.get("/v1/records").await.ids().len());
    assert_eq!(deeds("about=settings&since=2026-01-05T09:30:00Z").await, ["settings.changed"]);
    let people = deeds("about=people").await;
    assert!(people.len() > 2 && people.iter().all(|deed| deed.starts_with("people.")), "{people:?}");
    assert_eq!(deeds(&format!("personId={tom}")).await, ["people.changed", "people.added"]);
    assert_eq!(deeds("since=2026-01-05T10:30:00.000%2B00:30").await.len(), 2);
    assert_eq!(deeds("until=2026-01-05T09:00:00Z&about=&personId=&since=").await, Vec::<String>::new());
    program.get("/v1/records?about=planets").await.refuses(400, "about");
    program.get("/v1/records?since=yesterday").await.refuses(400, "since");
    program.get("/v1/records?until=2026-13-01T00:00:00Z").await.refuses(400, "until");
    program.get("/v1/records?personId=abc").await.refuses(400, "personId");
    // Nothing of this firm is shown to another.
    let stranger = firm.portal.program_of(firm.stranger).await;
    let theirs = stranger.get("/v1/records").await;
    let about: Vec<&Value> = theirs.is(200).json["data"].as_array().unwrap().iter().collect();
    assert!(about.iter().all(|one| one["personId"] != json!(firm.jane.person)), "{about:?}");
}

#[tokio::test]
async fn r3_all_about_a_client_user_is_handed_out_and_that_is_a_record() {
    let firm = Firm::new().await;
    let program = firm.portal.program_of(firm.jane).await;
    let path = format!("/v1/clients/{}/export", firm.oskar.person);
    let stranger = firm.portal.program_of(firm.stranger).await;
    stranger.get(&path).await.refuses(404, "");
    program.get(&format!("/v1/clients/{}/export", firm.tom.person)).await.refuses(404, "");
    let exports = async || program.get("/v1/records?about=exports").await.is(200).json["data"].clone();
    assert_eq!(exports().await, json!([]));
    let (status, headers, body) = program.open(Method::GET, &path, None).await;
    assert_eq!((status.as_u16(), &headers["content-type"]), (200, &"application/zip".parse().unwrap()));
    let bytes = body.collect().await.unwrap().to_bytes();
    assert!(bytes.starts_with(b"PK\x03\x04"));
    for name in [&b"profile.csv"[..], b"messages.csv", b"notices.csv", b"texts.csv"] {
        assert!(bytes.windows(name.len()).any(|found| found == name));
    }
    let kept = exports().await;
    assert_eq!(
        (&kept[0]["deed"], &kept[0]["aboutId"], &kept[0]["via"]),
        (&json!("exports.person"), &json!(firm.oskar.person), &json!("program"))
    );
}
