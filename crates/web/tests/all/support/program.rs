//! API clients that call `/v1` with a key.

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::{Method, Request, StatusCode};
use domain::kernel::access::Actor;
use domain::tenant::{api_keys, workspaces};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::{HOST, Portal};

/// An API client; it sends its key with every call.
#[derive(Clone)]
pub struct Program<'a> {
    portal: &'a Portal,
    pub key: Option<String>,
    /// The host that it calls.
    pub host: String,
    /// Additional headers.
    pub headers: Vec<(&'static str, String)>,
}

#[derive(Debug)]
pub struct Said {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Portal {
    /// An API client without a key.
    pub fn nobody(&self) -> Program<'_> {
        Program { portal: self, key: None, host: HOST.to_string(), headers: Vec::new() }
    }

    /// An API client with a key that an admin created.
    pub async fn program_of(&self, admin: Actor) -> Program<'_> {
        let secret = self.write(move |tx| api_keys::create(tx, &admin, "Import")).await;
        let host = self.read(move |reader| Ok(workspaces::find(reader, admin.workspace)?.host)).await;
        let key = Some(secret.reveal().to_string());
        Program { key, host: host.unwrap_or(HOST.to_string()), ..self.nobody() }
    }
}

impl Program<'_> {
    pub async fn get(&self, path: &str) -> Said {
        self.call(Method::GET, path, None).await
    }

    pub async fn delete(&self, path: &str) -> Said {
        self.call(Method::DELETE, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Said {
        self.call(Method::POST, path, Some(body.to_string())).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Said {
        self.call(Method::PATCH, path, Some(body.to_string())).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Said {
        self.call(Method::PUT, path, Some(body.to_string())).await
    }

    /// The same client with another key.
    pub fn keyed(&self, key: String) -> Self {
        Program { key: Some(key), ..self.clone() }
    }

    /// The same client with an additional header.
    pub fn with(&self, name: &'static str, value: &str) -> Self {
        let mut headers = self.headers.clone();
        headers.retain(|(other, _)| *other != name);
        headers.push((name, value.to_string()));
        Program { headers, ..self.clone() }
    }

    pub async fn call(&self, method: Method, path: &str, body: Option<String>) -> Said {
        self.send(method, path, body.map(String::into_bytes)).await
    }

    /// Sends a body as it is.
    pub async fn send(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Said {
        let (status, headers, body) = self.open(method, path, body).await;
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Said { status, headers, json, text }
    }

    /// Calls an address without waiting for the end of the body.
    pub async fn open(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> (StatusCode, HeaderMap, Body) {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if let Some(key) = &self.key {
            request = request.header("x-api-key", key);
        }
        if body.is_some() && !self.headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(HeaderName::from_static(name), value);
        }
        let request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        let (parts, body) = self.portal.router.clone().oneshot(request).await.unwrap().into_parts();
        (parts.status, parts.headers, body)
    }
}

impl Said {
    #[track_caller]
    pub fn is(&self, status: u16) -> &Said {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Asserts a refusal with this status that names this field; "" for none.
    #[track_caller]
    pub fn refuses(&self, status: u16, field: &str) -> &Said {
        self.is(status);
        assert_eq!(self.json["field"].as_str().unwrap_or(""), field, "{}", self.text);
        assert!(self.json["code"].is_string() && self.json["message"].is_string(), "{}", self.text);
        self
    }

    /// The string at a JSON pointer.
    #[track_caller]
    pub fn text_at(&self, pointer: &str) -> String {
        let found = self.json.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_else(|| panic!("no text at {pointer} in {}", self.text)).to_string()
    }

    /// The ids in a list.
    pub fn ids(&self) -> Vec<String> {
        let data = self.json["data"].as_array().unwrap();
        data.iter().map(|one| one["id"].as_str().unwrap().to_string()).collect()
    }
}
