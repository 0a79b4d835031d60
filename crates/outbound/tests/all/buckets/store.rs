//! A small store that speaks as much of S3 as the portal needs, on this machine and in memory: objects whole, in stretches
//! and in parts, listed and removed. Who is not the one with the key gets nothing.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, RANGE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

pub(crate) const KEY: &str = "portal";
pub(crate) const NAME: &str = "files";

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Bytes>,
    /// Parts of objects that are not whole yet.
    parts: BTreeMap<String, BTreeMap<usize, Bytes>>,
    calls: Vec<String>,
    is_broken: bool,
}

/// The store.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Store {
    pub(crate) async fn start() -> Store {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let store = Store { address: listener.local_addr().unwrap(), state: Arc::default() };
        let serving = store.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let store = serving.clone();
                let answer = service_fn(move |request| {
                    let store = store.clone();
                    async move { Ok::<_, Infallible>(store.answer(request).await) }
                });
                tokio::spawn(
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer),
                );
            }
        });
        store
    }

    pub(crate) fn setting(&self) -> String {
        format!("s3://{KEY}:secret@{}/{NAME}?region=here-1", self.address)
    }

    /// What lies there, by name.
    pub(crate) fn names(&self) -> Vec<String> {
        self.state.lock().unwrap().objects.keys().cloned().collect()
    }

    /// Objects that are not whole.
    pub(crate) fn unfinished(&self) -> usize {
        self.state.lock().unwrap().parts.len()
    }

    /// How often a method was called.
    pub(crate) fn calls(&self, method: &str) -> usize {
        self.state.lock().unwrap().calls.iter().filter(|call| call.as_str() == method).count()
    }

    /// From now on parts are refused.
    pub(crate) fn break_down(&self) {
        self.state.lock().unwrap().is_broken = true;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let sign = head.headers.get(AUTHORIZATION).and_then(|sign| sign.to_str().ok()).unwrap_or("");
        if !sign.contains(&format!("Credential={KEY}/")) || !sign.contains("/here-1/s3/aws4_request") {
            return plain(StatusCode::FORBIDDEN, "<Error><Code>AccessDenied</Code></Error>");
        }
        let mut state = self.state.lock().unwrap();
        state.calls.push(head.method.to_string());
        let Some(name) = head.uri.path().strip_prefix(&format!("/{NAME}")) else {
            return plain(StatusCode::NOT_FOUND, "<Error><Code>NoSuchBucket</Code></Error>");
        };
        let name = name.trim_start_matches('/').to_string();
        let asked: BTreeMap<String, String> =
            url::form_urlencoded::parse(head.uri.query().unwrap_or("").as_bytes()).into_owned().collect();
        let upload = asked.get("uploadId").cloned();
        match (head.method, upload) {
            (Method::GET, _) if name.is_empty() => listed(&state),
            (Method::POST, None) if asked.contains_key("uploads") => {
                let id = format!("{name}+{}", state.calls.len());
                state.parts.insert(id.clone(), BTreeMap::new());
                let said = format!(
                    "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                );
                plain(StatusCode::OK, &said)
            }
            (Method::PUT, Some(_)) if state.is_broken => {
                plain(StatusCode::FORBIDDEN, "<Error><Code>Broken</Code></Error>")
            }
            (Method::PUT, Some(id)) => {
                let number = asked["partNumber"].parse().unwrap();
                state.parts.get_mut(&id).unwrap().insert(number, body);
                tagged(StatusCode::OK)
            }
            (Method::POST, Some(id)) => {
                let parts = state.parts.remove(&id).unwrap();
                let whole: Vec<u8> = parts.into_values().flatten().collect();
                state.objects.insert(name, Bytes::from(whole));
                plain(
                    StatusCode::OK,
                    "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>",
                )
            }
            (Method::DELETE, Some(id)) => {
                state.parts.remove(&id);
                plain(StatusCode::NO_CONTENT, "")
            }
            (Method::PUT, None) => {
                state.objects.insert(name, body);
                tagged(StatusCode::OK)
            }
            (Method::DELETE, None) => {
                state.objects.remove(&name);
                plain(StatusCode::NO_CONTENT, "")
            }
            (Method::GET | Method::HEAD, None) => match state.objects.get(&name) {
                None => plain(StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>"),
                Some(object) => {
                    handed_out(object, head.headers.get(RANGE).and_then(|range| range.to_str().ok()))
                }
            },
            _ => plain(StatusCode::NOT_IMPLEMENTED, "<Error><Code>NotImplemented</Code></Error>"),
        }
    }
}

fn plain(status: StatusCode, words: &str) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::from(words.to_string())).unwrap()
}

fn tagged(status: StatusCode) -> Response<Full<Bytes>> {
    Response::builder().status(status).header("etag", "\"e\"").body(Full::default()).unwrap()
}

fn handed_out(object: &Bytes, range: Option<&str>) -> Response<Full<Bytes>> {
    let answer =
        Response::builder().header("etag", "\"e\"").header("last-modified", "Mon, 05 Jan 2026 09:00:00 GMT");
    let Some(range) = range.and_then(|range| range.strip_prefix("bytes=")) else {
        return answer.header("content-length", object.len()).body(Full::from(object.clone())).unwrap();
    };
    let (first, last) = range.split_once('-').unwrap();
    let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
    let last = last.min(object.len().saturating_sub(1));
    if first > last {
        return plain(StatusCode::RANGE_NOT_SATISFIABLE, "");
    }
    answer
        .status(StatusCode::PARTIAL_CONTENT)
        .header("content-range", format!("bytes {first}-{last}/{}", object.len()))
        .body(Full::from(object.slice(first..=last)))
        .unwrap()
}

fn listed(state: &State) -> Response<Full<Bytes>> {
    let entries: String = state
        .objects
        .iter()
        .map(|(name, object)| {
            format!(
                "<Contents><Key>{name}</Key><Size>{}</Size><LastModified>2026-01-05T09:00:00.000Z</LastModified>\
                 <ETag>\"e\"</ETag></Contents>",
                object.len()
            )
        })
        .collect();
    plain(
        StatusCode::OK,
        &format!("<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"),
    )
}
