//! Parts of the description that attributes cannot express: fields that depend on others, and nested values.

use domain::channels::starting::GROUP_MIN;
use domain::kernel::custom_fields::DEPTH_MAX;
use domain::kernel::limits::PEOPLE_AT_ONCE;
use serde_json::{Value, json};

pub(crate) fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Allows an optional filter to be empty, which means no filter.
pub(crate) fn may_be_empty(parameter: &mut Value) {
    let is_filter = parameter["in"] == "query" && parameter["required"] != true;
    if is_filter && parameter["name"] != "nextToken" {
        let schema = parameter["schema"].take();
        parameter["schema"] = json!({"anyOf": [schema, {"type": "string", "enum": [""]}]});
    }
}

/// Completes the schemas of request bodies.
pub(crate) fn complete(schemas: &mut Value) {
    let named = |field: &str| json!({"required": [field], "properties": { (field): reference("Name") }});
    for person in ["NewClient", "ReplacedClient", "NewInternalUser"] {
        // One of the names is required.
        schemas[person]["anyOf"] = json!([named("givenName"), named("familyName")]);
    }
    // Names in a change must not both be blank.
    let seen = |field: &str| json!({"properties": { (field): reference("Name") }});
    for person in ["ChangedClient", "ChangedInternalUser"] {
        schemas[person]["anyOf"] = json!([seen("givenName"), seen("familyName")]);
    }
    let people = json!({"type": "array", "items": reference("Id"), "minItems": GROUP_MIN, "maxItems": PEOPLE_AT_ONCE, "uniqueItems": true});
    let kind = |kind: &str, field: &str, value: Value| {
        json!({
            "required": [field],
            "properties": { "membershipType": {"type": "string", "enum": [kind]}, (field): value },
        })
    };
    schemas["NewChannel"]["anyOf"] = json!([
        kind("individual", "clientId", reference("Id")),
        kind("company", "companyId", reference("Id")),
        kind("project", "projectId", reference("Id")),
        kind("group", "memberIds", people),
    ]);
    let name = schemas["CustomFields"]["propertyNames"].clone();
    schemas["CustomFields"]["additionalProperties"] = nested(DEPTH_MAX - 1, &name);
}

/// A value of a custom field with at most `depth` levels of nesting.
fn nested(depth: usize, name: &Value) -> Value {
    let text = json!({"type": "string", "pattern": "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$"});
    let plain = json!({"type": ["null", "boolean", "number"]});
    if depth == 0 {
        return json!({"anyOf": [text, plain]});
    }
    let inside = nested(depth - 1, name);
    let object = json!({"type": "object", "propertyNames": name, "additionalProperties": inside});
    json!({"anyOf": [text, plain, {"type": "array", "items": inside}, object]})
}
