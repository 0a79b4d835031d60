//! A portal in the test's own process, with an SQLite database of its own and a clock that the test moves, and browsers
//! that call it: they keep their cookie, and their requests appear to come from the portal's own pages.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    unused_imports,
    reason = "each test binary uses a part of it"
)]
mod files;
mod firm;
mod program;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderMap};
use axum::http::{Method, Request, StatusCode};
use domain::arrival::sign_in::{self, Prepared};
use domain::files::uploads::StorageLimits;
use domain::identity::sessions;
use domain::identity::sign_in_links::{self, LinkKind};
use domain::kernel::error;
use domain::kernel::ids::{PersonId, SignInId, WorkspaceId};
use domain::tenant::workspaces;
use http_body_util::BodyExt;
use outbound::blobs::{Blobs, Memory};
use outbound::text::Texter;
use outbound::webhooks::{Caller, Reach};
use store::{Clock, Reader, Setting, Store, Time, Tx};
use tower::ServiceExt;

#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub use files::{metadata, unzipped};
pub use firm::Firm;
pub use program::{Program, Said};

/// Monday 5 January 2026, 09:00 UTC: the start of every test.
pub const MORNING: Time = Time(1_767_603_600_000);

/// The host of every portal's first workspace.
pub const HOST: &str = "portal.example";

/// Calls that an API client may make in a minute.
pub const CALLS_PER_MINUTE: u32 = 300;

/// The size limit of a file in bytes.
const FILE_MAX: i64 = 1_000_000;

/// A size limit that is larger than what is recorded in one step.
const VAST: i64 = 50_000_000;

/// The texts provider; its token signs callbacks. Nothing listens at this address.
pub const TEXTS: &str = "twilio://AC1:12345@127.0.0.1:9?from=+15005550006";

pub struct Portal {
    pub store: Store,
    pub blobs: Memory,
    pub router: Router,
    _ending: Ending,
    _folder: Option<tempfile::TempDir>,
}

/// Ends what runs in the background when a portal is dropped.
struct Ending {
    stop: tokio::sync::watch::Sender<bool>,
    store: Store,
}

impl Portal {
    /// A portal before set-up.
    pub fn empty() -> Portal {
        Portal::open(false, FILE_MAX)
    }

    fn open(is_scanned: bool, file_max: i64) -> Portal {
        let folder = testing::folder().unwrap();
        let setting = Setting::Sqlite(folder.path().join("portal.db"));
        let store = Store::open(&setting, Clock::simulated(MORNING), domain::MIGRATIONS).unwrap();
        let memory = Memory::default();
        let portal = Portal::node(&store, Blobs::Memory(memory.clone()), is_scanned, file_max);
        Portal { blobs: memory, _folder: Some(folder), ..portal }
    }

    /// One of several nodes that share a database and files, which take files so large that their progress is recorded
    /// in steps. `blobs` of the portal holds nothing then.
    pub fn vast_beside(store: &Store, blobs: Blobs) -> Portal {
        Portal::node(store, blobs, false, VAST)
    }

    fn node(store: &Store, blobs: Blobs, is_scanned: bool, file_max: i64) -> Portal {
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let web = web::Web {
            store: store.clone(),
            texter: Arc::new(Texter::from_setting(TEXTS).unwrap()),
            caller: Arc::new(Caller::new(Reach::Internet)),
            blobs: Arc::new(blobs),
            room: StorageLimits { file_max, workspace_max: file_max.max(10_000_000) },
            is_scanned,
            wait: None,
            public_url: format!("http://{HOST}"),
            metrics: Arc::new(String::new),
            metrics_open: false,
            calls_per_minute: CALLS_PER_MINUTE,
            stopping,
        };
        let ending = Ending { stop, store: store.clone() };
        Portal {
            store: store.clone(),
            blobs: Memory::default(),
            router: web::router(web),
            _ending: ending,
            _folder: None,
        }
    }

    pub async fn write<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&mut Tx) -> error::Result<T> + Clone + Send + 'static,
    ) -> T {
        self.store.write(closure).await.unwrap()
    }

    pub async fn read<T: Send + 'static>(
        &self,
        closure: impl FnOnce(&Reader) -> error::Result<T> + Clone + Send + 'static,
    ) -> T {
        self.store.read(closure).await.unwrap()
    }

    pub fn wait(&self, span: Duration) {
        self.store.clock().advance(span);
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser<'_> {
        Browser {
            portal: self,
            host: HOST.to_string(),
            cookie: None,
            site: "same-origin",
            accept: "text/html",
            signature: None,
        }
    }

    /// A browser in which somebody is signed in.
    pub async fn browser_of(&self, workspace: WorkspaceId, person: PersonId) -> Browser<'_> {
        let secret = self.write(move |tx| sessions::start(tx, workspace, person, "test")).await;
        let host = self.read(move |reader| Ok(workspaces::find(reader, workspace)?.host)).await;
        let cookie = Some(secret.reveal().to_string());
        Browser {
            portal: self,
            host: host.unwrap_or(HOST.to_string()),
            cookie,
            site: "same-origin",
            accept: "text/html",
            signature: None,
        }
    }

    /// The mail for a sign-in request, as the worker would compose it.
    pub async fn mail(&self, workspace: WorkspaceId, sign_in: SignInId) -> Option<Prepared> {
        self.write(move |tx| sign_in::prepare_mail(tx, workspace, sign_in)).await
    }

    /// The path of a link that signs somebody in.
    pub async fn link(&self, workspace: WorkspaceId, person: PersonId, kind: LinkKind) -> String {
        let secret = self.write(move |tx| sign_in_links::create_link(tx, workspace, person, kind)).await;
        format!("/sign-in/link/{}", secret.reveal())
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.store.close();
    }
}

/// A browser: it keeps the cookie that it was given.
#[derive(Clone)]
pub struct Browser<'a> {
    portal: &'a Portal,
    pub host: String,
    pub cookie: Option<String>,
    /// The site that its requests claim to come from (Fetch Metadata).
    pub site: &'static str,
    /// The `Accept` header.
    pub accept: &'static str,
    /// The signature header that the texts provider sends.
    pub signature: Option<String>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    /// The body, decoded lossily.
    pub text: String,
}

impl Answer {
    /// The address that it redirects to; empty if it does not redirect.
    pub fn to(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |to| to.to_str().unwrap())
    }

    #[track_caller]
    pub fn shows(&self, text: &str) -> &Answer {
        assert!(self.text.contains(text), "{text:?} is not on the page ({}):\n{}", self.status, self.text);
        self
    }

    #[track_caller]
    pub fn hides(&self, text: &str) -> &Answer {
        assert!(!self.text.contains(text), "{text:?} is on the page:\n{}", self.text);
        self
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Answer {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// Asserts a redirect to `to`.
    #[track_caller]
    pub fn goes(&self, to: &str) -> &Answer {
        assert_eq!((self.status.as_u16(), self.to()), (303, to), "{}", self.text);
        self
    }

    /// The error messages at fields, in the order of the page.
    pub fn errors(&self) -> Vec<&str> {
        let after = self.text.split("<p class=\"error\"").skip(1);
        let said =
            after.filter_map(|rest| rest.split_once('>')?.1.split_once('<')).map(|(message, _)| message);
        // Empty elements are placeholders for scripts.
        said.filter(|message| !message.is_empty()).collect()
    }
}

async fn answer(status: StatusCode, headers: HeaderMap, body: Body) -> Answer {
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Answer { status, headers, bytes, text }
}

impl Browser<'_> {
    /// The same browser, whose requests reach another node.
    pub fn at<'a>(&self, node: &'a Portal) -> Browser<'a> {
        Browser {
            portal: node,
            host: self.host.clone(),
            cookie: self.cookie.clone(),
            site: self.site,
            accept: self.accept,
            signature: self.signature.clone(),
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub async fn head(&mut self, path: &str) -> Answer {
        self.call(Method::HEAD, path, None).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(path, &serde_html_form::to_string(fields).unwrap()).await
    }

    /// Submits a form with values of any type; a repeated name has several values.
    pub async fn fill(&mut self, path: &str, fields: &[(&str, &dyn ToString)]) -> Answer {
        let fields: Vec<(&str, String)> =
            fields.iter().map(|(name, value)| (*name, value.to_string())).collect();
        self.send(path, &serde_html_form::to_string(&fields).unwrap()).await
    }

    /// Submits an encoded form.
    pub async fn send(&mut self, path: &str, form: &str) -> Answer {
        self.call(Method::POST, path, Some(form.to_string())).await
    }

    pub async fn is_signed_in(&mut self) -> bool {
        self.get("/profile").await.status == 200
    }

    /// Follows a redirect.
    pub async fn follow(&mut self, answer: &Answer) -> Answer {
        self.get(answer.to()).await
    }

    async fn call(&mut self, method: Method, path: &str, form: Option<String>) -> Answer {
        let (status, headers, body) = self.open(method, path, form).await;
        answer(status, headers, body).await
    }

    /// Sends a request with these headers and bytes, besides the headers of every browser request.
    pub async fn raw(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = self.request(method, path).body(body.into()).unwrap();
        for (name, value) in headers {
            // Replaces the default header of this name.
            let name: header::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (status, headers, body) = self.pass(request).await;
        answer(status, headers, body).await
    }

    /// Submits a multipart form with texts and files, as a browser without scripts does.
    pub async fn sends_form(
        &mut self,
        path: &str,
        texts: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
    ) -> Answer {
        let mut body = Vec::new();
        for (name, text) in texts {
            let part = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
            body.extend(part.bytes());
        }
        for (field, name, bytes) in files {
            let head = format!(
                "--XX\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
                 Content-Type: text/html\r\n\r\n"
            );
            body.extend(head.bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--XX--\r\n");
        let kind = [("content-type", "multipart/form-data; boundary=XX")];
        self.raw(Method::POST, path, &kind, body).await
    }

    /// Calls an address without waiting for the end of the body.
    pub async fn open(
        &mut self,
        method: Method,
        path: &str,
        form: Option<String>,
    ) -> (StatusCode, HeaderMap, Body) {
        let mut request = self.request(method, path);
        if form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        self.pass(request.body(Body::from(form.unwrap_or_default())).unwrap()).await
    }

    fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::ACCEPT, self.accept)
            .header("sec-fetch-site", self.site);
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, format!("other=1; portal={cookie}"));
        }
        if let Some(signature) = &self.signature {
            request = request.header("x-twilio-signature", signature);
        }
        request
    }

    async fn pass(&mut self, request: Request<Body>) -> (StatusCode, HeaderMap, Body) {
        let (parts, body) = self.portal.router.clone().oneshot(request).await.unwrap().into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let ends = attributes.contains("Max-Age=0");
            let value = pair.strip_prefix("portal=").unwrap();
            self.cookie = (!ends).then(|| value.to_string());
        }
        (parts.status, parts.headers, body)
    }
}
