//! The limits in the API's description are exact (D3): the limit itself is accepted, one more is refused at its field.

use serde_json::{Value, json};

use super::calls::{Call, Things, calls};
use super::with;
use crate::support::Firm;

/// A field's schema without the alternative that permits null.
fn resolved<'a>(described: &'a Value, schema: &'a Value) -> &'a Value {
    let of = |pointer: &str| described.pointer(&pointer[1..]).unwrap();
    let alternatives = schema["oneOf"].as_array().into_iter().flatten();
    let reference = alternatives.chain([schema]).find_map(|one| one["$ref"].as_str());
    reference.map_or(schema, of)
}

/// The schema of a call's field, nested ones included.
fn field<'a>(described: &'a Value, call: &Call, name: &str) -> &'a Value {
    let method = call.method.as_str().to_lowercase();
    let body =
        &described["paths"][call.route][method]["requestBody"]["content"]["application/json"]["schema"];
    name.split('.')
        .fold(resolved(described, body), |object, name| resolved(described, &object["properties"][name]))
}

/// Values at the limits of a schema and just beyond them; `one` and `other` are valid items of a list.
fn around(schema: &Value, one: &Value, other: &Value) -> (Vec<Value>, Vec<Value>) {
    let (mut within, mut beyond) = (Vec::new(), Vec::new());
    let number = |name: &str| schema[name].as_u64().map(|number| number as usize);
    let several = |count: usize| Value::Array(vec![one.clone(); count]);
    let is_each_once = schema["uniqueItems"] == true;
    if let Some(most) = number("maxItems") {
        beyond.push(several(most + 1));
        within.extend((!is_each_once).then(|| several(most)));
    }
    if let Some(least) = number("minItems") {
        beyond.push(several(least - 1));
        within.push(several(least));
    }
    if is_each_once {
        beyond.push(json!([one, other, one]));
    }
    if let Some(most) = number("maxLength") {
        let begin = schema["examples"][0].as_str().unwrap();
        let long = |count: usize| json!(format!("{begin}{}", "a".repeat(count - begin.chars().count())));
        beyond.push(long(most + 1));
        // The parts of an email address and of a path have limits of their own.
        let has_parts = begin.contains('@') || (begin.contains('/') && !begin.contains("://"));
        within.extend((!has_parts).then(|| long(most)));
    }
    if let Some(least) = schema["minimum"].as_i64() {
        beyond.push(json!(least - 1));
        within.push(json!(least));
    }
    if let Some(most) = schema["maximum"].as_i64() {
        beyond.push(json!(most + 1));
        within.push(json!(most));
    }
    (within, beyond)
}

#[tokio::test]
async fn every_limit_that_is_described_is_kept_to_the_unit() {
    let firm = Firm::new().await;
    let described = firm.portal.nobody().get("/v1/openapi.json").await.json;
    let things = Things::new(&firm).await;
    let (mut beyond, mut within) = (Vec::new(), Vec::new());
    for call in calls(&firm, &things) {
        for (name, ..) in &call.fields {
            let schema = field(&described, &call, name);
            assert!(schema.is_object(), "{} {name}", call.route);
            let [one, other] = if *name == "events" {
                ["message.sent", "client.*"].map(|word| json!(word))
            } else {
                [json!(firm.oskar.person), json!(firm.maria.person)]
            };
            let (taken, refused) = around(schema, &one, &other);
            within.extend(taken.into_iter().map(|value| (call.clone(), *name, value)));
            beyond.extend(refused.into_iter().map(|value| (call.clone(), *name, value)));
        }
    }
    assert!(beyond.len() > 40 && within.len() > 30, "{} {}", beyond.len(), within.len());
    let program = firm.portal.program_of(firm.jane).await;
    let send = async |call: &Call, name: &str, value: Value| {
        firm.portal.wait(std::time::Duration::from_secs(1));
        let body = with(&call.good, name, Some(value)).to_string();
        program.call(call.method.clone(), &call.path, Some(body)).await
    };
    for (call, name, value) in beyond {
        let said = send(&call, name, value).await;
        let found = (said.status.as_u16(), said.json["field"].as_str());
        assert_eq!(found, (400, Some(name)), "{} {name}: {}", call.route, said.text);
    }
    // Whether what they name exists does not matter here.
    for (call, name, value) in within {
        let said = send(&call, name, value).await;
        assert_ne!(said.status.as_u16(), 400, "{} {name}: {}", call.route, said.text);
    }
}
