//! Streams of live updates: those of API clients (`/v1/events`) beside those of pages (`/live`), and the memory of both.

use std::path::Path;
use std::time::{Duration, Instant};

use domain::kernel::ids::ChannelId;

use crate::client::{Client, Events, api_call, get};
use crate::error::Result;
use crate::fixtures::{KEYS, Office, furnish};
use crate::kept;
use crate::load::{message, resident, start};
use crate::report::{self, Figure};
use crate::server;

/// Streams of one key: as many as it may have.
const STREAMS_OF_KEY: usize = 24;
/// Messages delivered to each stream in one turn.
const EVENTS: usize = 1_000;
/// How often pages and API clients alternate.
const TURNS: usize = 5;
/// Colleagues with pages enough, where nothing else is measured.
const COLLEAGUES: usize = 5;
/// Connections that post.
const POSTING: usize = 4;
/// What this many streams of API clients may need.
const MEMORY_MAX: usize = 64 * 1024 * 1024;

/// These figures alone.
pub(crate) async fn alone(portal: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = server::open(folder.path())?;
    let mut office = furnish(&store, COLLEAGUES).await?;
    let channel = office.channel(&store, 0).await?;
    store.close();
    let path = folder.path().display().to_string();
    let (mut serving, address) = start(&std::env::current_exe()?, &["serve", &path]).await?;
    let mut found = figures(&address, &office, channel).await?;
    serving.kill().await?;
    kept::look_up(folder.path()).await?;
    found.push(memory(portal, folder.path(), &office, channel).await?);
    print!("{}", report::table(&found));
    Ok(())
}

/// Deliveries to API clients beside deliveries to as many pages.
pub(crate) async fn figures(address: &str, office: &Office, channel: ChannelId) -> Result<Vec<Figure>> {
    let mut found = Vec::new();
    for (keys, what) in [
        (1, "Deliveries to 24 streams of one API key, of one channel"),
        (KEYS, "Deliveries to 96 streams of four API keys, of one channel"),
    ] {
        eprintln!("delivering to {} streams of API clients …", keys * STREAMS_OF_KEY);
        let api = api_requests(address, office, keys);
        let pages = page_requests(address, office).take(api.len()).collect::<Vec<_>>();
        let (mut to_pages, mut to_api) = (0.0, 0.0);
        for _ in 0..TURNS {
            to_pages += deliveries(address, &pages, office, channel, EVENTS).await?;
            to_api += deliveries(address, &api, office, channel, EVENTS).await?;
        }
        let [to_pages, to_api] = [to_pages, to_api].map(|sum| sum / TURNS as f64);
        found.push(Figure {
            what,
            measured: format!("{to_api:.0}/s"),
            beside: format!("{to_pages:.0}/s to as many pages"),
            wanted: "at least half",
            reached: to_api >= to_pages / 2.0,
        });
    }
    Ok(found)
}

/// What streams of API clients add to the memory of the real program, while messages are posted.
pub(crate) async fn memory(
    portal: &Path,
    folder: &Path,
    office: &Office,
    channel: ChannelId,
) -> Result<Figure> {
    eprintln!("streams of API clients of the real program …");
    let data = folder.display().to_string();
    let (mut child, address) = start(portal, &["serve", "--data", &data, "--listen", "127.0.0.1:0"]).await?;
    let process = child.id().ok_or("the program ended")?;
    let requests = api_requests(&address, office, KEYS);
    // What posting itself needs does not count.
    deliveries(&address, &[], office, channel, 2 * EVENTS).await?;
    let before = resident(process)?;
    let mut streams = Vec::new();
    for request in &requests {
        streams.push(Events::open(&address, request).await?);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let idle = resident(process)?.saturating_sub(before);
    drop(streams);
    deliveries(&address, &requests, office, channel, 2 * EVENTS).await?;
    let busy = resident(process)?.saturating_sub(before);
    child.kill().await?;
    kept::look_up(folder).await?;
    let each = idle as f64 / requests.len() as f64 / 1024.0;
    Ok(Figure {
        what: "Memory that 96 streams of four API keys add while messages are posted",
        measured: format!("{:.1} MiB", busy as f64 / 1024.0 / 1024.0),
        beside: format!("{each:.1} KiB for each while idle"),
        wanted: "at most 64 MiB",
        reached: busy <= MEMORY_MAX,
    })
}

/// Requests that open streams of pages.
pub(crate) fn page_requests(address: &str, office: &Office) -> impl Iterator<Item = Vec<u8>> {
    office.more_cookies.iter().map(move |cookie| get(address, "/live", cookie))
}

/// Requests that open as many streams of each key as it may have.
fn api_requests(address: &str, office: &Office, keys: usize) -> Vec<Vec<u8>> {
    let request = |key: &String| api_call(address, "GET", "/v1/events", key, "");
    office.keys.iter().take(keys).flat_map(|key| std::iter::repeat_n(request(key), STREAMS_OF_KEY)).collect()
}

/// Opens streams, posts `events` messages, and returns how many deliveries a second reach all of them.
pub(crate) async fn deliveries(
    address: &str,
    requests: &[Vec<u8>],
    office: &Office,
    channel: ChannelId,
    events: usize,
) -> Result<f64> {
    let mut streams = Vec::new();
    for request in requests {
        streams.push(Events::open(address, request).await?);
    }
    // The first event of a stream.
    for stream in &mut streams {
        stream.wait_for(1).await?;
    }
    let count = streams.len() * events;
    let started = Instant::now();
    let reading: Vec<_> = streams
        .into_iter()
        .map(|mut stream| tokio::spawn(async move { stream.wait_for(events).await }))
        .collect();
    let mut posting = Vec::new();
    for _ in 0..POSTING {
        let mut client = Client::connect(address).await?;
        let message = message(address, office, channel);
        posting.push(tokio::spawn(async move {
            let mut messages = Vec::new();
            for _ in 0..events / POSTING {
                client.send(&message()).await?;
                messages.extend(kept::message(client.body()));
            }
            kept::answered(messages);
            Result::Ok(())
        }));
    }
    for task in posting.into_iter().chain(reading) {
        task.await??;
    }
    Ok(count as f64 / started.elapsed().as_secs_f64())
}
