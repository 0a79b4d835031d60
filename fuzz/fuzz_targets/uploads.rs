//! Multipart forms and the headers of resumable uploads (F3): a portal in this process answers each without an error of
//! its own.

#![no_main]

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use domain::administration::companies;
use domain::administration::set_up::{self, SetUp};
use domain::channels::starting::{self, Subject};
use domain::files::uploads::StorageLimits;
use domain::identity::sessions;
use domain::kernel::access;
use domain::kernel::error::Error;
use domain::kernel::ids::ChannelId;
use libfuzzer_sys::fuzz_target;
use outbound::blobs::{Blobs, Memory};
use outbound::text::Texter;
use outbound::webhooks::{Caller, Reach};
use store::{Clock, Setting, Store};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

const HOST: &str = "portal.example";
const FILE_MAX: i64 = 100_000;

struct Portal {
    runtime: Runtime,
    router: Router,
    cookie: String,
    channel: ChannelId,
    _folder: tempfile::TempDir,
}

/// A portal that is set up, and its admin's cookie.
static PORTAL: LazyLock<Portal> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let setting = Setting::Sqlite(folder.path().join("portal.db"));
    let store = Store::open(&setting, Clock::System, domain::MIGRATIONS).expect("a database");
    let set_up = |tx: &mut store::Tx| {
        let given = SetUp {
            brand: "Harbor".to_string(),
            given_name: "Ada".to_string(),
            family_name: String::new(),
            email: "ada@firm.example".to_string(),
        };
        let (workspace, ada) = set_up::set_up(tx, None, &given)?;
        let secret = sessions::start(tx, workspace, ada, "fuzz")?;
        let ada = access::actor(tx, workspace, ada)?.ok_or(Error::NotFound)?;
        let channel = starting::create(tx, &ada, &Subject::Company(companies::add(tx, &ada, "Acme")?))?;
        Ok::<_, Error>((format!("portal={}", secret.reveal()), channel))
    };
    let (cookie, channel) = runtime.block_on(store.write(set_up)).expect("a firm");
    let web = web::Web {
        store,
        texter: Arc::new(Texter::from_setting("twilio://AC1:12345@127.0.0.1:9?from=+15005550006").expect("texts")),
        caller: Arc::new(Caller::new(Reach::Internet)),
        blobs: Arc::new(Blobs::Memory(Memory::default())),
        room: StorageLimits { file_max: FILE_MAX, workspace_max: 100 * FILE_MAX },
        is_scanned: false,
        wait: None,
        public_url: format!("http://{HOST}"),
        metrics: Arc::new(String::new),
        metrics_open: false,
        calls_per_minute: u32::MAX,
        stopping: tokio::sync::watch::channel(false).1,
    };
    Portal { runtime, router: web::router(web), cookie, channel, _folder: folder }
});

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, HOST)
        .header(header::COOKIE, &PORTAL.cookie)
        .header("sec-fetch-site", "same-origin")
}

fuzz_target!(|given: (u8, String, String, Vec<u8>)| {
    let (which, first, second, bytes) = given;
    let request = match which % 3 {
        0 => request("POST", &format!("/messages/{}", PORTAL.channel))
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={first}")),
        1 => request("POST", "/uploads")
            .header("tus-resumable", "1.0.0")
            .header("upload-length", first)
            .header("upload-metadata", second),
        _ => request("PATCH", "/uploads/01a22d72-ecb0-7571-bad5-2ccc924b3ac7")
            .header("tus-resumable", "1.0.0")
            .header("upload-offset", first)
            .header(header::CONTENT_TYPE, second),
    };
    // Not every text can be a header.
    let Ok(request) = request.body(Body::from(bytes)) else { return };
    let answer = PORTAL.runtime.block_on(PORTAL.router.clone().oneshot(request)).expect("an answer");
    assert!(!answer.status().is_server_error(), "{}", answer.status());
});
