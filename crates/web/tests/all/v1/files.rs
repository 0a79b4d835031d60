//! Files, folders and links through the API: created, uploaded, listed, served and deleted (F1, F2, F5 to F7).

use axum::http::Method;
use domain::administration::team;
use domain::files::permissions;
use domain::kernel::{access, ids};
use serde_json::{Value, json};

use crate::support::{Firm, Program, Said};

impl Program<'_> {
    async fn makes(&self, kind: &str, firm: &Firm, path: &str, more: Value) -> Said {
        let mut body = json!({"channelId": firm.channel, "path": path});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post(&format!("/v1/files/{kind}"), body).await
    }

    /// Creates a file and uploads its bytes. Returns its id.
    async fn brings(&self, firm: &Firm, path: &str, bytes: &str) -> String {
        let made = self.makes("file", firm, path, json!({})).await;
        made.is(200);
        let address = within(&made.text_at("/uploadUrl"));
        firm.portal.nobody().send(Method::PUT, &address, Some(bytes.into())).await.is(200);
        made.text_at("/id")
    }
}

/// The path of an absolute address of the portal.
fn within(address: &str) -> String {
    let (_, rest) = address.split_once("://").unwrap();
    rest[rest.find('/').unwrap()..].to_string()
}

#[tokio::test]
async fn f7_the_file_channel_of_a_subject_is_its_message_channel() {
    let firm = Firm::new().await;
    let jane = firm.portal.program_of(firm.jane).await;
    let wanted = json!({"membershipType": "individual", "clientId": firm.oskar.person});
    let made = jane.post("/v1/channels/files", wanted.clone()).await;
    made.is(200);
    assert_eq!(made.text_at("/id"), firm.channel.to_string());
    assert_eq!(made.text_at("/object"), "fileChannel");
    assert_eq!(made.text_at("/title"), "Oskar Kowalski");
    assert_eq!(jane.post("/v1/channels/files", wanted).await.json, made.json);
    assert_eq!(jane.get(&format!("/v1/channels/files/{}", firm.channel)).await.json, made.json);
    for subject in [
        json!({"membershipType": "company", "companyId": firm.northwind}),
        json!({"membershipType": "project", "projectId": firm.renovation}),
    ] {
        let made = jane.post("/v1/channels/files", subject.clone()).await;
        made.is(200);
        let kind = subject["membershipType"].as_str().unwrap();
        let list = jane.get(&format!("/v1/channels/files?membershipType={kind}&limit=1")).await;
        assert_eq!(list.ids(), [made.text_at("/id")]);
    }
    let (first, all) = (jane.get("/v1/channels/files?limit=2").await, jane.get("/v1/channels/files").await);
    let rest = jane.get(&format!("/v1/channels/files?nextToken={}", first.text_at("/nextToken"))).await;
    assert_eq!([first.ids(), rest.ids()].concat(), all.ids());
}

#[tokio::test]
async fn f2_a_file_waits_for_its_bytes_and_hands_them_out() {
    let firm = Firm::new().await;
    let jane = firm.portal.program_of(firm.jane).await;
    let made = jane.makes("file", &firm, "Contracts/2026/deed.txt", json!({})).await;
    made.is(200);
    let id = made.text_at("/id");
    assert_eq!(made.text_at("/status"), "pending");
    assert_eq!(made.text_at("/path"), "Contracts/2026/deed.txt");
    assert_eq!(made.text_at("/name"), "deed.txt");
    assert_eq!(made.json["downloadUrl"], Value::Null);
    jane.get(&format!("/v1/files/{id}/download")).await.is(404);
    jane.get(&format!("/v1/files/{id}/download-url")).await.is(404);

    let nobody = firm.portal.nobody();
    let address = within(&made.text_at("/uploadUrl"));
    let forged = format!("{address}x");
    for (address, status) in [(&forged, 404), (&address, 200), (&address, 409)] {
        nobody.send(Method::PUT, address, Some(b"The deed.".to_vec())).await.is(status);
    }

    let found = jane.get(&format!("/v1/files/{id}")).await;
    assert_eq!(found.text_at("/status"), "completed");
    assert_eq!(
        (found.json["size"].as_i64(), found.text_at("/contentType").as_str()),
        (Some(9), "text/plain")
    );
    assert_eq!(found.json["uploadUrl"], Value::Null);
    assert_eq!(found.text_at("/creatorId"), firm.jane.person.to_string());
    let whole = jane.get(&format!("/v1/files/{id}/download")).await;
    assert_eq!(whole.is(200).text, "The deed.");
    let part = jane.with("range", "bytes=4-7").get(&format!("/v1/files/{id}/download")).await;
    assert_eq!(
        (part.is(206).text.as_str(), &part.headers["content-range"]),
        ("deed", &"bytes 4-7/9".parse().unwrap())
    );
    let url = jane.get(&format!("/v1/files/{id}/download-url")).await.text_at("/downloadUrl");
    for address in [url, found.text_at("/downloadUrl")] {
        assert_eq!(nobody.get(&within(&address)).await.is(200).text, "The deed.");
        firm.portal.wait(std::time::Duration::from_secs(14 * 60));
    }
    firm.portal.wait(std::time::Duration::from_secs(60));
    nobody.get(&within(&found.text_at("/downloadUrl"))).await.is(404);
}

#[tokio::test]
async fn f2_an_address_ends_with_the_admin_who_made_the_key() {
    let firm = Firm::new().await;
    let (owner, tom) = (firm.jane, firm.tom.person);
    let admin = team::InternalInput { role: access::Role::Admin.into(), ..Default::default() };
    let staff = team::InternalInput { role: access::Role::Staff.into(), ..Default::default() };
    firm.portal.write(move |tx| team::edit_internal(tx, &owner, tom, &admin)).await;
    let actor = firm.portal.read(move |reader| access::actor(reader, owner.workspace, tom)).await.unwrap();
    let program = firm.portal.program_of(actor).await;
    let id = program.brings(&firm, "deed.txt", "The deed.").await;
    let address = within(&program.get(&format!("/v1/files/{id}/download-url")).await.text_at("/downloadUrl"));
    firm.portal.nobody().get(&address).await.is(200);
    firm.portal.write(move |tx| team::edit_internal(tx, &owner, tom, &staff)).await;
    firm.portal.nobody().get(&address).await.is(404);
}

#[tokio::test]
async fn f1_a_path_in_use_gets_a_number_and_lists_follow_folders_page_by_page() {
    let firm = Firm::new().await;
    let jane = firm.portal.program_of(firm.jane).await;
    let mut made = Vec::new();
    for path in ["A/1.txt", "A/1.txt", "A/B/2.txt", "3.txt"] {
        made.push(jane.makes("file", &firm, path, json!({})).await.is(200).text_at("/id"));
    }
    assert_eq!(jane.get(&format!("/v1/files/{}", made[1])).await.text_at("/path"), "A/1 (2).txt");
    let list = |path: &str| format!("/v1/files?channelId={}&path={path}", firm.channel);
    let names = |said: &Said| -> Vec<String> {
        said.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["path"].as_str().unwrap().to_string())
            .collect()
    };
    assert_eq!(names(&jane.get(&list("A")).await), ["A/B/2.txt", "A/B", "A/1 (2).txt", "A/1.txt"]);
    assert_eq!(names(&jane.get(&list("a%2FB%2F")).await), ["A/B/2.txt"]);
    assert_eq!(names(&jane.get(&list("")).await).len(), 6);
    for none in ["3.txt", "C", "A/C"] {
        assert!(names(&jane.get(&list(none)).await).is_empty(), "{none}");
    }
    let first = jane.get(&format!("{}&limit=3", list(""))).await;
    jane.makes("folder", &firm, "Later", json!({})).await.is(200);
    let rest = jane.get(&format!("{}&nextToken={}", list(""), first.text_at("/nextToken"))).await;
    let seen = [names(&first), names(&rest)].concat();
    assert_eq!(seen, ["3.txt", "A/B/2.txt", "A/B", "A/1 (2).txt", "A/1.txt", "A"]);
    assert_eq!(rest.json.get("nextToken"), None);
    jane.makes("file", &firm, "3.txt/4.txt", json!({})).await.is(409);
    jane.get("/v1/files").await.refuses(400, "channelId");
}

#[tokio::test]
async fn f6_folders_have_permissions_and_are_deleted_empty_only() {
    let firm = Firm::new().await;
    let jane = firm.portal.program_of(firm.jane).await;
    let folder = jane.makes("folder", &firm, "Rules", json!({"clientPermissions": "read_only"})).await;
    let id = folder.is(200).text_at("/id");
    assert_eq!(folder.text_at("/clientPermissions"), "read-only");
    let (oskar, channel) = (firm.oskar, firm.channel);
    let inside: ids::FileId = id.parse().unwrap();
    let may =
        || firm.portal.read(move |reader| permissions::may_change(reader, &oskar, channel, Some(inside)));
    assert!(!may().await);
    let place = format!("/v1/files/{id}/permissions/");
    for (word, shown) in
        [("read_write", "read-write"), ("read-only", "read-only"), ("read-write", "read-write")]
    {
        let changed = jane.put(&place, json!({"clientPermissions": word})).await;
        assert_eq!(changed.is(200).text_at("/clientPermissions"), shown);
    }
    assert!(may().await);
    for wrong in [json!({}), json!({"clientPermissions": null}), json!({"clientPermissions": "none"})] {
        jane.put(&place, wrong).await.refuses(400, "clientPermissions");
    }
    let file = jane.makes("link", &firm, "Rules/Site", json!({"linkUrl": "https://a.example/x"})).await;
    assert_eq!(file.is(200).text_at("/linkUrl"), "https://a.example/x");
    assert_eq!(file.text_at("/object"), "link");
    let link = file.text_at("/id");
    jane.put(&format!("/v1/files/{link}/permissions/"), json!({"clientPermissions": "read_only"}))
        .await
        .is(409);
    let refused = jane.delete(&format!("/v1/files/{id}")).await;
    refused.is(400);
    assert_eq!(refused.text_at("/message"), "Folder is not empty");
    let gone = jane.delete(&format!("/v1/files/{link}")).await;
    assert_eq!(gone.json, json!({"id": link, "object": "link", "deleted": true}));
    jane.get(&format!("/v1/files/{link}")).await.is(404);
    jane.delete(&format!("/v1/files/{id}")).await.is(200);
    jane.delete(&format!("/v1/files/{id}")).await.is(404);
}

#[tokio::test]
async fn f6_entries_are_renamed_and_moved_within_their_channel() {
    let firm = Firm::new().await;
    let jane = firm.portal.program_of(firm.jane).await;
    let file = jane.brings(&firm, "Plans/plan.txt", "The plan.").await;
    let folder = jane.get(&format!("/v1/files?channelId={}", firm.channel)).await.text_at("/data/1/id");
    let link =
        jane.makes("link", &firm, "Site", json!({"linkUrl": "https://a.example/"})).await.text_at("/id");
    let change = async |id: &str, body: Value| jane.patch(&format!("/v1/files/{id}"), body).await;
    let moved = change(&file, json!({"path": "Contracts/2026/deed.txt"})).await;
    assert_eq!(
        (moved.is(200).text_at("/path"), moved.text_at("/id")),
        ("Contracts/2026/deed.txt".into(), file.clone())
    );
    let whole = change(&folder, json!({"path": "Contracts/Plans"})).await;
    assert_eq!(whole.is(200).text_at("/path"), "Contracts/Plans");
    let renamed = change(&link, json!({"path": "Contracts/Court", "linkUrl": "https://b.example/"})).await;
    assert_eq!(
        (renamed.is(200).text_at("/name"), renamed.text_at("/linkUrl")),
        ("Court".into(), "https://b.example/".into())
    );
    assert_eq!(change(&link, json!({})).await.is(200).json["path"], renamed.json["path"]);
    // A refused change has no effect, not even in part.
    change(&link, json!({"path": "New/Court", "linkUrl": "ftp://b.example/"})).await.refuses(400, "linkUrl");
    change(&link, json!({"path": "Contracts/Plans"})).await.refuses(409, "path");
    change(&folder, json!({"path": "Contracts/Plans/New/Plans"})).await.refuses(409, "");
    change(&file, json!({"linkUrl": "https://b.example/"})).await.refuses(409, "");
    let all = jane.get(&format!("/v1/files?channelId={}", firm.channel)).await;
    assert_eq!(all.ids().len(), 5, "{}", all.text);
}

#[tokio::test]
async fn f6_all_of_a_channel_has_permissions_too() {
    let firm = Firm::new().await;
    let jane = firm.portal.program_of(firm.jane).await;
    let (oskar, channel) = (firm.oskar, firm.channel);
    let may = || firm.portal.read(move |reader| permissions::may_change(reader, &oskar, channel, None));
    let shown = format!("/v1/channels/files/{channel}");
    assert_eq!(jane.get(&shown).await.text_at("/clientPermissions"), "read-write");
    let root = "/v1/files/root/permissions/";
    let closed = jane.put(root, json!({"clientPermissions": "read_only", "channelId": channel})).await;
    assert_eq!(closed.is(200).text_at("/id"), channel.to_string());
    assert_eq!(closed.text_at("/clientPermissions"), "read-only");
    assert_eq!(jane.get(&shown).await.json, closed.json);
    assert!(!may().await);
    // A folder shows its effective permissions, inherited ones included.
    let rules = jane.makes("folder", &firm, "Rules", json!({})).await;
    assert_eq!(rules.is(200).text_at("/clientPermissions"), "read-only");
    jane.put(root, json!({"clientPermissions": "read_write", "channelId": channel})).await.is(200);
    assert!(may().await);
    let rules = jane.get(&format!("/v1/files/{}", rules.text_at("/id"))).await;
    assert_eq!(rules.text_at("/clientPermissions"), "read-write");
    jane.put(
        &format!("/v1/files/{}/permissions/", rules.text_at("/id")),
        json!({"clientPermissions": "read_only"}),
    )
    .await
    .is(200);
    let below = jane.makes("folder", &firm, "Rules/Old", json!({})).await;
    assert_eq!(below.is(200).text_at("/clientPermissions"), "read-only");
    jane.put(root, json!({"clientPermissions": "read_only"})).await.refuses(400, "channelId");
    // A folder may be named together with its own channel, but with no other.
    let folder = jane.makes("folder", &firm, "Plans", json!({})).await.text_at("/id");
    let place = format!("/v1/files/{folder}/permissions/");
    jane.put(&place, json!({"clientPermissions": "read_only", "channelId": channel})).await.is(200);
    let other = json!({"clientPermissions": "read_write", "channelId": firm.northwind});
    jane.put(&place, other).await.refuses(404, "channelId");
}

#[tokio::test]
async fn b3_addresses_of_bytes_are_at_the_portals_own_host() {
    let firm = Firm::new().await;
    let sam = firm.portal.program_of(firm.stranger).await;
    let new = json!({"givenName": "Ann", "email": "ann@client.example"});
    let client = sam.post("/v1/clients", new).await.text_at("/id");
    let channel = sam.get(&format!("/v1/channels/files?clientId={client}")).await.text_at("/data/0/id");
    let made = sam.post("/v1/files/file", json!({"channelId": channel, "path": "deed.txt"})).await;
    let address = made.is(200).text_at("/uploadUrl");
    assert!(address.starts_with("http://another.example/signed/"), "{address}");
}

#[tokio::test]
async fn f1_files_are_sent_with_messages_and_have_no_second_entry() {
    let firm = Firm::new().await;
    let jane = firm.portal.program_of(firm.jane).await;
    let id = jane.brings(&firm, "Plans/plan.txt", "The plan.").await;
    let waiting = jane.makes("file", &firm, "later.txt", json!({})).await.text_at("/id");
    let send = |files: Value| json!({"channelId": firm.channel, "text": "", "attachmentIds": files});
    let sent = jane.post("/v1/messages", send(json!([id]))).await;
    sent.is(200);
    assert_eq!(sent.json["isAttachmentIncluded"], true);
    assert_eq!(sent.text_at("/attachments/0/id"), id);
    let listed = jane.get(&format!("/v1/messages?channelId={}&limit=1", firm.channel)).await;
    for shown in
        [sent.text_at("/attachments/0/downloadUrl"), listed.text_at("/data/0/attachments/0/downloadUrl")]
    {
        assert_eq!(firm.portal.nobody().get(&within(&shown)).await.is(200).text, "The plan.");
    }
    assert_eq!(jane.get(&format!("/v1/files/{id}")).await.text_at("/messageId"), sent.text_at("/id"));
    let all = jane.get(&format!("/v1/files?channelId={}", firm.channel)).await;
    assert_eq!(all.ids().len(), 3, "{}", all.text);
    jane.post("/v1/messages", send(json!([waiting]))).await.refuses(400, "attachmentIds");
    jane.post("/v1/messages", send(json!([firm.channel]))).await.refuses(404, "attachmentIds");
    jane.delete(&format!("/v1/files/{id}")).await.is(200);
    let after = jane.get(&format!("/v1/messages/{}", sent.text_at("/id"))).await;
    assert_eq!(after.text_at("/attachments/0/status"), "removed");
    assert_eq!(after.json["attachments"][0]["downloadUrl"], Value::Null);
    assert_eq!(after.text_at("/attachments/0/name"), "plan.txt");
}
