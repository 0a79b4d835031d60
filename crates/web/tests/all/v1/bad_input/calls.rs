//! Every call that takes a body, with all its fields.

use axum::http::Method;
use domain::files::creating;
use domain::kernel::ids::{CallId, FileId, NotificationId, WebhookId};
use serde_json::{Value, json};

use crate::support::Firm;
use Kind::{Address, Fields, Flag, Id, Ids, Number, Object, Text, Word, Words};
use Must::{BeThere, NotBeNull, Nothing};

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Text,
    Id,
    Ids,
    Flag,
    Number,
    Word,
    Words,
    Fields,
    Address,
    Object,
}

/// Whether a field is required, and whether null means no value.
#[derive(Clone, Copy, PartialEq)]
pub enum Must {
    BeThere,
    NotBeNull,
    Nothing,
}

/// A field: its name (nested names joined by a dot), its kind, and whether it is required.
pub type Field = (&'static str, Kind, Must);

#[derive(Clone)]
pub struct Call {
    pub method: Method,
    /// The path as in the description. `path` is the one called.
    pub route: &'static str,
    pub path: String,
    /// A valid body.
    pub good: Value,
    pub fields: Vec<Field>,
}

impl Call {
    fn new(method: Method, route: &'static str, id: &dyn ToString, good: Value, fields: &[Field]) -> Call {
        let path = route.replace("{id}", &id.to_string());
        Call { method, route, path, good, fields: fields.to_vec() }
    }
}

/// Things that calls are about, besides those of the firm.
pub struct Things {
    folder: FileId,
    notification: NotificationId,
    webhook: WebhookId,
    call: CallId,
}

impl Things {
    pub async fn new(firm: &Firm) -> Things {
        let (jane, channel) = (firm.jane, firm.channel);
        let folder =
            firm.portal.write(move |tx| creating::make_folder(tx, &jane, channel, None, "Rules")).await;
        let (webhook, call) = firm.webhook().await;
        Things { folder, notification: firm.notification().await, webhook, call }
    }
}

pub fn calls(firm: &Firm, things: &Things) -> Vec<Call> {
    [
        people(firm),
        places(firm),
        conversations(firm),
        filed(firm, things),
        others(),
        without_fields(firm, things),
    ]
    .concat()
}

/// Calls without fields. Each call undoes the one before it.
fn without_fields(firm: &Firm, things: &Things) -> Vec<Call> {
    let mut calls = Vec::new();
    let (client, internal) = (firm.oskar.person, firm.tom.person);
    for (routes, id) in [
        (
            ["/v1/clients/{id}/invitation", "/v1/clients/{id}/deactivate", "/v1/clients/{id}/reactivate"],
            client,
        ),
        (
            [
                "/v1/internal-users/{id}/invitation",
                "/v1/internal-users/{id}/deactivate",
                "/v1/internal-users/{id}/reactivate",
            ],
            internal,
        ),
    ] {
        calls.extend(routes.map(|route| Call::new(Method::POST, route, &id, json!({}), &[])));
    }
    calls.push(Call::new(Method::POST, "/v1/files/{id}/restore", &things.folder, json!({}), &[]));
    for route in ["/v1/messages/{id}/send-now", "/v1/messages/{id}/call-off"] {
        calls.push(Call::new(Method::POST, route, &firm.message, json!({}), &[]));
    }
    for route in ["/v1/notifications/{id}/read", "/v1/notifications/{id}/unread"] {
        calls.push(Call::new(Method::POST, route, &things.notification, json!({}), &[]));
    }
    calls.push(Call::new(Method::POST, "/v1/webhooks/{id}/enable", &things.webhook, json!({}), &[]));
    let again = "/v1/webhooks/{id}/calls/{call}/again";
    calls.push(Call {
        path: again.replace("{id}", &things.webhook.to_string()).replace("{call}", &things.call.to_string()),
        ..Call::new(Method::POST, again, &"", json!({}), &[])
    });
    calls
}

fn people(firm: &Firm) -> Vec<Call> {
    let (oskar, tom) = (firm.oskar.person, firm.tom.person);
    let named = [("givenName", Text, Nothing), ("familyName", Text, Nothing)];
    let renamed =
        [("givenName", Text, NotBeNull), ("familyName", Text, NotBeNull), ("email", Address, NotBeNull)];
    let person = [&named[..], &[("email", Address, BeThere)]].concat();
    let replaced = [&named[..], &[("email", Address, NotBeNull)]].concat();
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
    let changed_access = access.map(|(name, kind, _)| (name, kind, NotBeNull));
    let new = json!({"givenName": "A", "familyName": "B", "email": "new@client.example"});
    let (client, internal) = ("/v1/clients/{id}", "/v1/internal-users/{id}");
    vec![
        Call::new(Method::POST, "/v1/clients", &"", new.clone(), &[&person[..], &belongs].concat()),
        Call::new(Method::PATCH, client, &oskar, json!({}), &[&renamed[..], &belongs].concat()),
        Call::new(Method::PUT, client, &oskar, new.clone(), &[&replaced[..], &belongs].concat()),
        Call::new(Method::POST, "/v1/internal-users", &"", new, &[&person[..], &access].concat()),
        Call::new(Method::PATCH, internal, &tom, json!({}), &[&renamed[..], &changed_access].concat()),
    ]
}

fn places(firm: &Firm) -> Vec<Call> {
    let looks = [
        ("iconImageUrl", Text, Nothing),
        ("fallbackColor", Text, Nothing),
        ("customFields", Fields, Nothing),
    ];
    let company = [&[("name", Text, BeThere)], &looks[..]].concat();
    let changed_company = [&[("name", Text, NotBeNull)], &looks[..]].concat();
    let project = [
        ("title", Text, BeThere),
        ("companyId", Id, Nothing),
        ("clientIds", Ids, Nothing),
        ("internalUserIds", Ids, Nothing),
    ];
    let changed_project = [
        ("title", Text, NotBeNull),
        ("companyId", Id, Nothing),
        ("clientIds", Ids, NotBeNull),
        ("internalUserIds", Ids, NotBeNull),
        ("isArchived", Flag, NotBeNull),
    ];
    let (one_company, one_project) = ("/v1/companies/{id}", "/v1/projects/{id}");
    vec![
        Call::new(Method::POST, "/v1/companies", &"", json!({"name": "A"}), &company),
        Call::new(Method::PATCH, one_company, &firm.northwind, json!({}), &changed_company),
        Call::new(Method::POST, "/v1/projects", &"", json!({"title": "A"}), &project),
        Call::new(Method::PATCH, one_project, &firm.renovation, json!({}), &changed_project),
    ]
}

fn conversations(firm: &Firm) -> Vec<Call> {
    let mut calls = Vec::new();
    for route in ["/v1/message-channels", "/v1/channels/files"] {
        for (kind, field, named) in [
            ("individual", "clientId", json!(firm.oskar.person)),
            ("company", "companyId", json!(firm.northwind)),
            ("project", "projectId", json!(firm.renovation)),
        ] {
            let own = [("membershipType", Word, BeThere), (field, Id, BeThere)];
            let good = json!({"membershipType": kind, (field): named});
            calls.push(Call::new(Method::POST, route, &"", good, &own));
            let instead = [("membershipEntityId", Id, Nothing)];
            let good = json!({"membershipType": kind, "membershipEntityId": named});
            calls.push(Call::new(Method::POST, route, &"", good, &instead));
        }
        let good = json!({"membershipType": "group", "memberIds": [firm.oskar.person, firm.maria.person]});
        calls.push(Call::new(Method::POST, route, &"", good, &[("memberIds", Ids, BeThere)]));
    }
    let (channel, message) = (firm.channel, firm.message);
    let read = [("messageId", Id, BeThere), ("readerId", Id, Nothing)];
    let sent = [
        ("channelId", Id, BeThere),
        ("text", Text, BeThere),
        ("id", Id, Nothing),
        ("senderId", Id, Nothing),
        ("attachmentIds", Ids, Nothing),
    ];
    let archived = [("isArchived", Flag, BeThere)];
    let (channel_itself, good_channel) = ("/v1/message-channels/{id}", json!({"isArchived": false}));
    let members = "/v1/message-channels/{id}/members";
    let one_member = Call {
        path: format!("/v1/message-channels/{channel}/members/{}", firm.tom.person),
        ..Call::new(
            Method::PATCH,
            "/v1/message-channels/{id}/members/{member}",
            &"",
            json!({"isMuted": true}),
            &[("isMuted", Flag, BeThere)],
        )
    };
    let (read_up_to, one) = ("/v1/message-channels/{id}/read", "/v1/messages/{id}");
    let good = json!({"channelId": channel, "text": "A"});
    calls.extend([
        Call::new(Method::PATCH, channel_itself, &channel, good_channel, &archived),
        Call::new(
            Method::POST,
            members,
            &channel,
            json!({"memberId": firm.tom.person}),
            &[("memberId", Id, BeThere)],
        ),
        one_member,
        Call::new(Method::POST, read_up_to, &channel, json!({"messageId": message}), &read),
        Call::new(Method::POST, "/v1/messages", &"", good, &sent),
        Call::new(Method::PATCH, one, &message, json!({"text": "A"}), &[("text", Text, BeThere)]),
    ]);
    calls
}

fn filed(firm: &Firm, things: &Things) -> Vec<Call> {
    let place = [("channelId", Id, BeThere), ("path", Text, BeThere)];
    let folder = [&place[..], &[("clientPermissions", Word, Nothing)]].concat();
    let link = [&place[..], &[("linkUrl", Address, BeThere)]].concat();
    let changed = [("path", Text, NotBeNull), ("linkUrl", Address, NotBeNull)];
    let permissions = |channel| [("clientPermissions", Word, BeThere), ("channelId", Id, channel)];
    let good = json!({"channelId": firm.channel, "path": "A/b"});
    let good_link = json!({"channelId": firm.channel, "path": "A", "linkUrl": "https://a.example/"});
    let good_permissions = json!({"channelId": firm.channel, "clientPermissions": "read_only"});
    let (of_folder, of_root) = ("/v1/files/{id}/permissions/", "/v1/files/root/permissions/");
    vec![
        Call::new(Method::POST, "/v1/files/file", &"", good.clone(), &place),
        Call::new(Method::POST, "/v1/files/folder", &"", good, &folder),
        Call::new(Method::POST, "/v1/files/link", &"", good_link, &link),
        Call::new(Method::PATCH, "/v1/files/{id}", &things.folder, json!({}), &changed),
        Call::new(Method::PUT, of_folder, &things.folder, good_permissions.clone(), &permissions(Nothing)),
        Call::new(Method::PUT, of_root, &"", good_permissions, &permissions(BeThere)),
    ]
}

fn others() -> Vec<Call> {
    let settings = [
        ("waitMinutes", Number, NotBeNull),
        ("hideText", Flag, NotBeNull),
        ("replyLinks", Word, NotBeNull),
        ("defaultChannel", Word, NotBeNull),
        ("clientsMayStartChannels", Flag, NotBeNull),
        ("clientsMayInviteColleagues", Flag, NotBeNull),
        ("peopleMaySignUp", Flag, NotBeNull),
        ("uploadLimitBytes", Number, NotBeNull),
        ("welcome", Object, NotBeNull),
        ("welcome.enabled", Flag, NotBeNull),
        ("welcome.text", Text, NotBeNull),
        ("welcome.senderId", Id, NotBeNull),
    ];
    let webhook = [("url", Address, BeThere), ("events", Words, Nothing)];
    let good_webhook = json!({"url": "https://hooks.example/"});
    let brand = [
        ("brandName", Text, NotBeNull),
        ("colorAccent", Text, Nothing),
        ("colorSidebarBackground", Text, Nothing),
        ("colorSidebarText", Text, Nothing),
    ];
    vec![
        Call::new(Method::PATCH, "/v1/workspaces", &"", json!({}), &brand),
        Call::new(Method::PATCH, "/v1/settings", &"", json!({"welcome": {}}), &settings),
        Call::new(Method::POST, "/v1/webhooks", &"", good_webhook, &webhook),
    ]
}
