//! The OpenAPI description, generated from the code. Each call describes itself; what they share is added here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use utoipa::openapi::OpenApi as Description;
use utoipa::{OpenApi, ToSchema};

use crate::api::openapi_schemas::{self, reference};
use crate::api::{
    audit_log, channels, client_access, clients, companies, early_access, event_payload, events, file_calls,
    file_channels, file_permissions, idempotency, internal_user_access, internal_users, members, messages,
    notices, notifications, projects, schemas, search, settings, webhooks, workspace_pictures, workspaces,
};
use crate::app::App;
use crate::http::routes::Routes;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/openapi.json", show)
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Portal Messaging", description = "What other programs talk to: everything that the pages can do."),
    paths(
        workspaces::show, workspaces::change, workspace_pictures::set, workspace_pictures::remove,
        settings::show, settings::change,
        internal_users::make, internal_users::list, internal_users::show, internal_users::change, internal_users::delete,
        internal_user_access::send_invitation, internal_user_access::take_back,
        internal_user_access::deactivate, internal_user_access::reactivate,
        clients::make, clients::list, clients::show, clients::change, clients::replace, clients::delete, clients::export,
        client_access::send_invitation, client_access::take_back,
        client_access::deactivate, client_access::reactivate,
        companies::make, companies::list, companies::show, companies::change, companies::delete,
        projects::make, projects::list, projects::show, projects::change, projects::delete,
        channels::make, channels::list, channels::show, channels::change, channels::read,
        members::list, members::add, members::change, members::leave,
        messages::send, messages::list, messages::show, messages::change, messages::delete,
        notices::send_now, notices::call_off, search::find,
        file_channels::make, file_channels::list, file_channels::show,
        file_calls::make_file, file_calls::make_folder, file_calls::make_link, file_calls::list,
        file_calls::show, file_calls::change, file_calls::delete, file_calls::restore, file_calls::download, file_calls::download_url,
        file_permissions::of_folder, file_permissions::of_root,
        notifications::list, notifications::mark_read, notifications::mark_unread, notifications::delete,
        events::open,
        webhooks::make, webhooks::list, webhooks::show, webhooks::delete, webhooks::enable, webhooks::calls, webhooks::again,
        early_access::list, early_access::delete, audit_log::list,
    ),
    components(schemas(Refusal, event_payload::EventPayload, event_payload::MessageStatus, events::Scope, schemas::Filter, schemas::Limit, schemas::EventKind, schemas::DeedField, schemas::BrandPicture)),
    tags(
        (name = "Workspace", description = "The firm's portal and its settings."),
        (name = "Internal users", description = "The firm's own people."),
        (name = "Clients", description = "Client users: the clients' people."),
        (name = "Companies", description = "Client companies, which group client users."),
        (name = "Projects", description = "Pieces of work with their own client users and internal users."),
        (name = "Message channels", description = "Conversations, each about one client user, company, project or group."),
        (name = "Messages", description = "What is written in them."),
        (name = "File channels", description = "Folder trees, each about one client user, company, project or group."),
        (name = "Files", description = "Files, folders and links in them."),
        (name = "Notifications", description = "In-product notifications of what is unread."),
        (name = "Events", description = "What happens, as it happens."),
        (name = "Webhooks", description = "Addresses of programs that are called when something happens."),
        (name = "Early access", description = "Who asked for a portal of their own."),
        (name = "Records", description = "Who changed what, and who looked at exports."),
    ),
)]
struct Api;

/// Why a call was refused.
#[derive(ToSchema)]
#[allow(dead_code, reason = "for the description; `answers` writes it")]
struct Refusal {
    /// For programs: `invalid`, `unreadable`, `notFound`, `conflict`, `tooMany`, `storageFull`, `unavailable` and so on.
    pub(crate) code: String,
    /// For people.
    pub(crate) message: String,
    /// The field, filter or header that cannot be taken.
    #[schema(nullable = false)]
    pub(crate) field: Option<String>,
}

/// For raw bytes of any type.
const BYTES: &str = "application/octet-stream";

pub(crate) static DESCRIPTION: LazyLock<Value> = LazyLock::new(|| complete(&Api::openapi()));

/// The description as served.
static WRITTEN: OnceLock<String> = OnceLock::new();

async fn show(State(app): State<App>) -> Response {
    let written = WRITTEN.get_or_init(|| written(&DESCRIPTION, app.web.room.file_max));
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], written.as_str()).into_response()
}

/// Serializes the description with this installation's upload limit, in bytes.
fn written(description: &Value, file_max: i64) -> String {
    let mut described = description.clone();
    let settings = &mut described["components"]["schemas"]["ChangedSettings"]["properties"];
    settings["uploadLimitBytes"]["maximum"] = json!(file_max);
    described.to_string()
}

/// Adds what all calls share. Works on JSON, because `utoipa`'s types lack parts of the standard.
fn complete(api: &Description) -> Value {
    let mut api = serde_json::to_value(api).expect("a description made by `utoipa` has a JSON form");
    api["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    api["components"]["securitySchemes"] = json!({
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "bearer": {"type": "http", "scheme": "bearer"},
    });
    api["security"] = json!([{"key": []}, {"bearer": []}]);
    let mut asked = BTreeSet::new();
    for (path, calls) in entries(&mut api["paths"]) {
        for (method, call) in entries(calls) {
            if method == "put" && path.contains("/pictures/") {
                call["requestBody"] = json!({"content": {BYTES: {"schema": {}}}});
            }
            share(&path, &method, call);
            if path.contains("/download") {
                hands_out(&path, call);
            }
            if path.ends_with("/export") {
                call["responses"]["200"]["content"] = json!({"application/zip": {"schema": {}}});
            }
            let body = call["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str();
            asked.extend(body.map(str::to_string));
        }
    }
    // Schemas nested in request bodies are inputs too.
    let sent: String =
        asked.iter().filter_map(|name| api.pointer(&name[1..])).map(Value::to_string).collect();
    for (name, schema) in entries(&mut api["components"]["schemas"]) {
        let itself = format!("#/components/schemas/{name}");
        let is_sent = asked.contains(&itself) || sent.contains(&format!("{itself:?}"));
        if !is_sent && name != "Refusal" {
            always_there(schema);
        }
    }
    openapi_schemas::complete(&mut api["components"]["schemas"]);
    api
}

fn entries(of: &mut Value) -> impl Iterator<Item = (String, &mut Value)> {
    of.as_object_mut().into_iter().flatten().map(|(name, value)| (name.clone(), value))
}

/// Adds what a call shares with others of its kind.
fn share(path: &str, method: &str, call: &mut Value) {
    let changes = method != "get";
    let has_body = !call["requestBody"].is_null();
    if has_body {
        call["requestBody"]["required"] = json!(true);
    }
    let mut parameters: Vec<Value> = call["parameters"].as_array().cloned().unwrap_or_default();
    if path.contains("{id}") {
        parameters
            .insert(0, json!({"name": "id", "in": "path", "required": true, "schema": reference("Id")}));
    }
    if method == "post" {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "The same key and body within 24 hours gives the first answer again.",
            "schema": {"type": "string", "pattern": "^[!-~]([ -~]*[!-~])?$", "maxLength": idempotency::CHARACTERS},
        }));
    }
    parameters.iter_mut().for_each(openapi_schemas::may_be_empty);
    let mut refusals = BTreeMap::from([
        ("401", "The key is missing or not good."),
        ("429", "Too many calls, streams, or invitations of one person: Retry-After says for how long."),
        (
            "503",
            "The database cannot be reached at present, or too many are reading it: Retry-After says when to try again.",
        ),
        (
            "507",
            "The server has no room left (`storageFull`). Nothing was kept; the same call can be made again later.",
        ),
    ]);
    if has_body || !parameters.is_empty() {
        refusals.insert("400", "A value cannot be taken: `field` names it.");
    }
    if path.contains('{') || has_body || parameters.iter().any(|one| one["name"] == "channelId") {
        refusals.insert("404", "It is not there, or not in this workspace.");
    }
    if changes {
        refusals.insert("409", "It contradicts what is there already.");
    }
    if has_body || method == "post" {
        refusals.insert("413", "The body is too large.");
        if call["requestBody"]["content"][BYTES].is_null() {
            refusals.insert("415", "The body is not JSON in UTF-8.");
        }
    }
    for (status, description) in refusals {
        call["responses"][status] = json!({
            "description": description,
            "content": {"application/json": {"schema": reference("Refusal")}},
        });
    }
    for status in ["429", "503"] {
        call["responses"][status]["headers"] = json!({
            "Retry-After": {"required": true, "description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
        });
    }
    call["responses"]["401"]["headers"] = json!({
        "WWW-Authenticate": {"required": true, "description": "How to ask.", "schema": {"type": "string"}},
    });
    let number = |about: &str| json!({"required": true, "description": about, "schema": {"type": "integer", "minimum": 0}});
    call["responses"]["200"]["headers"] = json!({
        "RateLimit-Limit": number("Calls that the key may make in a minute."),
        "RateLimit-Remaining": number("Calls that it has left in this minute."),
        "RateLimit-Reset": number("Seconds until it has all of them again."),
    });
    call["responses"]["200"]["description"] = json!("Done.");
    if !parameters.is_empty() {
        call["parameters"] = Value::Array(parameters);
    }
}

/// Adds the other answers of calls that serve bytes.
fn hands_out(path: &str, call: &mut Value) {
    call["responses"]["403"] = json!({
        "description": "The file is held back: not checked yet, or found to be harmful.",
        "content": {"application/json": {"schema": reference("Refusal")}},
    });
    if path.ends_with("/download") {
        // Files may have any content type.
        call["responses"]["200"]["content"] = json!({"*/*": {"schema": {}}});
        call["responses"]["206"] =
            json!({"description": "A stretch of it.", "content": {"*/*": {"schema": {}}}});
        call["responses"]["500"] = json!({
            "description": "Its bytes are no longer those that arrived (`fileDamaged`). Found while a large file is sent, \
                the connection ends before the last byte.",
            "content": {"application/json": {"schema": reference("Refusal")}},
        });
        call["responses"]["304"] = json!({"description": "It is as it was (If-None-Match)."});
        call["responses"]["416"] = json!({"description": "The stretch lies behind the end."});
    }
}

/// Marks all fields of an answer as required; those without a value are null. Exceptions are the token on the last page
/// of a list, and the channel of events that happen outside one.
fn always_there(schema: &mut Value) {
    // `get_mut`, because indexing would insert a null.
    let parts = schema.get_mut("allOf").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(always_there);
    let Some(fields) = schema["properties"].as_object() else { return };
    let optional = ["nextToken", "channelId"];
    let is_told = fields.contains_key("workspaceId");
    let names: Vec<&String> = fields
        .keys()
        .filter(|name| !optional.contains(&name.as_str()) || (*name == "channelId" && !is_told))
        .collect();
    let names = json!(names);
    schema["required"] = names;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router;

    #[test]
    fn every_call_is_described_and_nothing_else() {
        let served: BTreeSet<(String, String)> = router::routes()
            .into_iter()
            .filter(|route| route.path.starts_with("/v1/"))
            .filter(|route| !["/v1/openapi.json", "/v1/docs"].contains(&route.path))
            .map(|route| (route.method.to_string().to_lowercase(), route.path.to_string()))
            .collect();
        let described: BTreeSet<(String, String)> = DESCRIPTION["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, calls)| {
                calls.as_object().unwrap().keys().map(|method| (method.clone(), path.clone()))
            })
            .collect();
        assert_eq!(described, served);
    }

    #[test]
    fn what_is_referred_to_is_there() {
        let written = written(&DESCRIPTION, 1_000);
        let schemas = DESCRIPTION["components"]["schemas"].as_object().unwrap();
        let mut count = 0;
        for part in written.split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
            count += 1;
        }
        assert!(count > 100, "{count}");
        assert_eq!(DESCRIPTION["openapi"], "3.1.0");
    }

    #[test]
    fn what_is_answered_is_always_there() {
        let client = &DESCRIPTION["components"]["schemas"]["Client"];
        assert_eq!(
            client["required"].as_array().unwrap().len(),
            client["properties"].as_object().unwrap().len()
        );
        let list = &DESCRIPTION["components"]["schemas"]["List_Client"];
        assert_eq!(list["required"], json!(["data"]));
        let new = &DESCRIPTION["components"]["schemas"]["NewClient"];
        assert_eq!(new["required"], json!(["email"]));
    }
}
