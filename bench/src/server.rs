//! What the portal is compared with: its own server with an empty route, and a bare writer of the same bytes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::routing::post;
use axum::{Json, Router};
use outbound::blobs::{Blobs, Folder};
use outbound::text::{Memory, Texter};
use store::{Clock, Setting, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use workers::Indexer;

use crate::error::Result;
use crate::fixtures::ROOM;

/// Opens the database of a folder.
pub(crate) fn open(folder: &Path) -> Result<Store> {
    Ok(Store::open(&Setting::Sqlite(folder.join("portal.db")), Clock::System, domain::MIGRATIONS)?)
}

/// Serves the portal and `POST /empty`, which reads and writes JSON and does nothing else.
pub(crate) async fn serve(folder: PathBuf) -> Result<()> {
    let (_running, stopping) = watch::channel(false);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    #[derive(serde::Deserialize)]
    struct Empty {}
    let empty = Router::new()
        .route("/empty", post(|Json(Empty {}): Json<Empty>| async { Json(serde_json::json!({})) }));
    let store = open(&folder)?;
    // Sending leaves this work to a worker on the same machine.
    tokio::spawn(Indexer::new(store.clone()).run(stopping.clone()));
    let portal = web::Web {
        store,
        texter: Arc::new(Texter::Memory(Memory::default())),
        caller: Arc::new(outbound::webhooks::Caller::new(outbound::webhooks::Reach::Internet)),
        blobs: Arc::new(Blobs::Folder(Folder::new(folder.join("blobs")))),
        room: ROOM,
        is_scanned: false,
        wait: None,
        public_url: format!("http://{address}"),
        metrics: Arc::new(String::new),
        metrics_open: false,
        calls_per_minute: u32::MAX,
        stopping: stopping.clone(),
    };
    println!("{address}");
    web::serve(listener, web::router_beside(portal, empty), stopping).await?;
    Ok(())
}

/// Accepts `streams` connections, answers each with a head, and writes `events` times `bytes` bytes to each as soon as there
/// is a line on standard input.
pub(crate) async fn bare(streams: &str, events: &str, bytes: &str) -> Result<()> {
    let (streams, events, bytes): (usize, usize, usize) = (streams.parse()?, events.parse()?, bytes.parse()?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let mut halves: [Vec<TcpStream>; 2] = Default::default();
    for number in 0..streams {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut request = [0; 1024];
        if stream.read(&mut request).await? == 0 {
            return Err("a stream was closed".into());
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await?;
        halves[number % 2].push(stream);
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    let mut event = vec![b'x'; bytes.saturating_sub(2)];
    event.extend_from_slice(b"\n\n");
    let event: Arc<[u8]> = event.into();
    let tasks = halves.map(|mut half| {
        let event = Arc::clone(&event);
        tokio::spawn(async move {
            for _ in 0..events {
                for stream in &mut half {
                    stream.write_all(&event).await?;
                }
            }
            // Stays open until the other side has read everything.
            std::io::Result::Ok(half)
        })
    });
    let mut open = Vec::new();
    for task in tasks {
        open.push(task.await??);
    }
    std::io::stdin().read_line(&mut line)?;
    Ok(())
}
