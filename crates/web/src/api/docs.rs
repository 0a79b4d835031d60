//! Renders the API description as a page, without scripts or external resources.

use askama::Template;
use axum::http::StatusCode;
use serde_json::Value;

use crate::api::openapi::DESCRIPTION;
use crate::http::answers::{Result, page};
use crate::http::routes::Routes;
use crate::http::theme::Theme;

pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/v1/docs", docs)
}

#[derive(Template)]
#[template(path = "v1/docs.html")]
struct DocsPage {
    look: Theme,
    parts: Vec<Part>,
    objects: Vec<Object>,
}

/// A tag of the description with its calls.
struct Part {
    name: String,
    about: String,
    calls: Vec<Call>,
}

impl Part {
    fn anchor(&self) -> String {
        self.name.to_lowercase().replace(' ', "-")
    }
}

struct Call {
    method: String,
    path: String,
    title: String,
    about: String,
    parameters: Vec<Field>,
    body: Vec<Field>,
    answer: Option<String>,
    statuses: Vec<(String, String)>,
}

/// A resource that calls answer.
struct Object {
    name: String,
    about: String,
    fields: Vec<Field>,
}

struct Field {
    name: String,
    place: &'static str,
    kind: String,
    is_required: bool,
    about: String,
}

async fn docs(look: Theme) -> Result {
    let described = &*DESCRIPTION;
    let parts = list(&described["tags"])
        .map(|tag| Part {
            name: text(&tag["name"]),
            about: text(&tag["description"]),
            calls: calls(described, &text(&tag["name"])),
        })
        .collect();
    let objects = entries(&described["components"]["schemas"])
        .filter(|(name, schema)| schema["properties"]["object"].is_object() || name.as_str() == "Refusal")
        .map(|(name, schema)| Object {
            name: name.clone(),
            about: text(&schema["description"]),
            fields: fields(described, schema),
        })
        .collect();
    page(StatusCode::OK, &DocsPage { look, parts, objects })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_string()
}

fn entries(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flatten()
}

fn list(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}

fn calls(described: &Value, tag: &str) -> Vec<Call> {
    let mut found = Vec::new();
    for (path, calls) in entries(&described["paths"]) {
        for method in ["post", "get", "put", "patch", "delete"] {
            let call = &calls[method];
            if list(&call["tags"]).any(|one| one == tag) {
                found.push(read(described, method, path, call));
            }
        }
    }
    found
}

fn read(described: &Value, method: &str, path: &str, call: &Value) -> Call {
    // Every filter may also be empty; the page says that once for all.
    let shown = |one: &Value| one.pointer("/schema/anyOf/0").unwrap_or(&one["schema"]).clone();
    let parameter = |one: &Value| Field {
        name: text(&one["name"]),
        place: match one["in"].as_str() {
            Some("path") => "in the path",
            Some("header") => "header",
            _ => "in the address",
        },
        kind: kind(described, &shown(one)),
        is_required: one["required"] == true,
        about: text(&one["description"]),
    };
    let body = &call["requestBody"]["content"]["application/json"]["schema"];
    let answer = &call["responses"]["200"]["content"]["application/json"]["schema"];
    Call {
        method: method.to_uppercase(),
        path: path.to_string(),
        title: text(&call["summary"]),
        about: text(&call["description"]),
        parameters: list(&call["parameters"]).map(parameter).collect(),
        body: fields(described, resolved(described, body)),
        answer: (!answer.is_null()).then(|| kind(described, answer)),
        statuses: entries(&call["responses"])
            .map(|(status, answer)| (status.clone(), text(&answer["description"])))
            .collect(),
    }
}

fn resolved<'a>(described: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => described.pointer(pointer).expect("a reference leads to a schema"),
        None => schema,
    }
}

/// The fields of a schema, including those of its `allOf` parts.
fn fields(described: &Value, schema: &Value) -> Vec<Field> {
    let mut found: Vec<Field> =
        list(&schema["allOf"]).flat_map(|part| fields(described, resolved(described, part))).collect();
    let required: Vec<&str> = list(&schema["required"]).filter_map(Value::as_str).collect();
    found.extend(entries(&schema["properties"]).map(|(name, field)| {
        let about =
            [field, resolved(described, field)].into_iter().find_map(|one| one["description"].as_str());
        Field {
            name: name.clone(),
            place: "",
            kind: kind(described, field),
            is_required: required.contains(&name.as_str()),
            about: about.unwrap_or_default().to_string(),
        }
    }));
    found
}

/// A short name for a schema's type.
fn kind(described: &Value, schema: &Value) -> String {
    let one_of = list(&schema["oneOf"]).chain(list(&schema["anyOf"]));
    let kinds: Vec<String> = one_of.map(|one| kind(described, one)).collect();
    if !kinds.is_empty() {
        return kinds.join(" or ");
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let meant = resolved(described, schema);
        if meant["type"] == "array" {
            return kind(described, meant);
        }
        if let (Some(least), Some(most)) = (meant["minimum"].as_i64(), meant["maximum"].as_i64()) {
            return format!("{least} to {most}");
        }
        let words = list(&meant["enum"]).filter_map(Value::as_str);
        let words: Vec<String> = words.map(|word| format!("{word:?}")).collect();
        return if words.is_empty() { name.replace("List_", "list of ") } else { words.join(" or ") };
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", kind_of_items(described, schema)),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let words = kinds.iter().filter_map(Value::as_str).map(|word| match word {
                "array" => format!("list of {}", kind_of_items(described, schema)),
                word => word.to_string(),
            });
            words.collect::<Vec<_>>().join(" or ")
        }
        _ => "any".to_string(),
    }
}

fn kind_of_items(described: &Value, schema: &Value) -> String {
    kind(described, &schema["items"])
}
