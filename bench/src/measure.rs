//! The measurements themselves.

use std::path::Path;
use std::time::{Duration, Instant};

use domain::kernel::ids::ChannelId;
use tokio::io::AsyncWriteExt;

use crate::client::{Client, Events, get};
use crate::error::Result;
use crate::fixtures::{Office, furnish};
use crate::load::{CONNECTIONS, empty, median, message, rates, resident, start};
use crate::report::{self, Figure};
use crate::{api, digests, files, kept, searches, server, streams};

/// Messages of the long channel.
const LONG: i64 = 1_000_000;
/// Pages read of each channel.
const PAGES: usize = 400;
/// Colleagues who are in every channel and have the streams open.
const COLLEAGUES: usize = 50;
/// Open streams.
const STREAMS: usize = 1_000;
/// Messages delivered to each stream.
const EVENTS: usize = 300;
/// Program starts; the median counts.
const STARTS: usize = 9;

/// Measures everything and writes the table.
pub(crate) async fn all(portal: &Path, results: &Path, readme: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let store = server::open(folder.path())?;
    let mut office = furnish(&store, COLLEAGUES).await?;
    eprintln!("furnishing: a channel of 100 and one of {LONG} messages …");
    let short = office.channel(&store, 100).await?;
    let long = office.channel(&store, LONG).await?;
    let busy = office.channel(&store, 0).await?;
    let folders = files::fill(&store, &mut office).await?;
    let folders = files::folders(&store, &office, folders).await?;
    let digest = digests::histories(&store, &office, [short, long]).await?;
    let searches = searches::figures(&store, &office).await?;
    store.close();

    let mut figures = Vec::new();
    let (mut serving, address) =
        start(&std::env::current_exe()?, &["serve", &folder.path().display().to_string()]).await?;
    figures.push(posts(&address, &office, busy).await?);
    figures.push(pages(&address, &office, short, long).await?);
    figures.push(folders);
    figures.push(digest);
    figures.extend(searches);
    figures.extend(api::figures(&address, &office, busy, short).await?);
    eprintln!("delivering to {STREAMS} streams …");
    let requests: Vec<Vec<u8>> = streams::page_requests(&address, &office).collect();
    let delivered = streams::deliveries(&address, &requests, &office, busy, EVENTS).await?;
    let to_api = streams::figures(&address, &office, busy).await?;
    serving.kill().await?;
    kept::look_up(folder.path()).await?;
    let bare = bare_deliveries().await?;
    figures.push(Figure {
        what: "Deliveries to 1,000 streams of one channel",
        measured: format!("{delivered:.0}/s"),
        beside: format!("{bare:.0}/s by a bare program"),
        wanted: "at least 70 %",
        reached: delivered >= 0.7 * bare,
    });
    figures.extend(to_api);
    figures.extend(program(portal, folder.path(), &office).await?);
    figures.push(streams::memory(portal, folder.path(), &office, busy).await?);
    figures.extend(digests::figures().await?);
    figures.extend(files::transfers(portal, folder.path(), &office, short).await?);
    report::write(results, readme, &figures)
}

async fn posts(address: &str, office: &Office, channel: ChannelId) -> Result<Figure> {
    eprintln!("posting over {CONNECTIONS} connections …");
    let [empty, posted] = rates(address, [empty(address, office), message(address, office, channel)]).await?;
    Ok(Figure {
        what: "Messages posted, each on disk before its answer (64 connections)",
        measured: format!("{posted:.0}/s"),
        beside: format!("{empty:.0}/s on an empty JSON route"),
        wanted: "at least 25 %",
        reached: posted >= empty / 4.0,
    })
}

async fn pages(address: &str, office: &Office, short: ChannelId, long: ChannelId) -> Result<Figure> {
    eprintln!("reading pages …");
    let paths = [short, long].map(|channel| format!("/messages/{channel}"));
    let [short, long] = compare(address, paths, &office.cookie).await?;
    Ok(Figure {
        what: "A conversation page of 50 messages, in a channel of 1,000,000",
        measured: format!("{long:.0} µs"),
        beside: format!("{short:.0} µs in a channel of 100"),
        wanted: "within 20 %",
        reached: long <= short * 1.2,
    })
}

/// How long two pages take, in microseconds.
async fn compare(address: &str, paths: [String; 2], cookie: &str) -> Result<[f64; 2]> {
    let mut client = Client::connect(address).await?;
    let requests = paths.map(|path| get(address, &path, cookie));
    let mut times: [Vec<f64>; 2] = Default::default();
    // Alternating, so that whatever else the machine does affects both.
    for _ in 0..PAGES {
        for (request, times) in requests.iter().zip(&mut times) {
            let started = Instant::now();
            let (status, _) = client.send(request).await?;
            if status != 200 {
                return Err(format!("a page answered {status}").into());
            }
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
    }
    Ok(times.map(median))
}

/// Bytes of one event of the portal, as measured; the bare program writes as many.
const EVENT_BYTES: usize = 1_100;

async fn bare_deliveries() -> Result<f64> {
    let arguments = ["bare", &STREAMS.to_string(), &EVENTS.to_string(), &EVENT_BYTES.to_string()];
    let (mut child, address) = start(&std::env::current_exe()?, &arguments).await?;
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        streams.push(Events::open(&address, b"GET / HTTP/1.1\r\n\r\n").await?);
    }
    let mut input = child.stdin.take().ok_or("no input")?;
    let started = Instant::now();
    input.write_all(b"go\n").await?;
    let reading: Vec<_> = streams
        .into_iter()
        .map(|mut stream| tokio::spawn(async move { stream.wait_for(EVENTS).await }))
        .collect();
    for task in reading {
        task.await??;
    }
    let rate = (STREAMS * EVENTS) as f64 / started.elapsed().as_secs_f64();
    child.kill().await?;
    Ok(rate)
}

/// The real program: how soon it answers, its memory when idle, and what an idle stream adds.
async fn program(portal: &Path, folder: &Path, office: &Office) -> Result<Vec<Figure>> {
    eprintln!("starting the program …");
    let data = folder.display().to_string();
    let arguments = ["serve", "--data", &data, "--listen", "127.0.0.1:0"];
    let mut firsts = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let (mut child, address) = start(portal, &arguments).await?;
        let mut client = Client::connect(&address).await?;
        let (status, _) = client.send(&get(&address, "/sign-in", "")).await?;
        if status != 200 {
            return Err(format!("the first answer was {status}").into());
        }
        firsts.push(started.elapsed().as_secs_f64() * 1e3);
        child.kill().await?;
    }
    let first = median(firsts);

    let (mut child, address) = start(portal, &arguments).await?;
    Client::connect(&address).await?.send(&get(&address, "/sign-in", "")).await?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let process = child.id().ok_or("the program ended")?;
    let idle = resident(process)?;
    let mut streams = Vec::new();
    for cookie in &office.more_cookies {
        streams.push(Events::open(&address, &get(&address, "/live", cookie)).await?);
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let held = resident(process)?;
    let each = (held.saturating_sub(idle)) as f64 / streams.len() as f64 / 1024.0;
    child.kill().await?;
    Ok(vec![
        Figure {
            what: "First answer after the start, with that database",
            measured: format!("{first:.0} ms"),
            beside: String::new(),
            wanted: "within 150 ms",
            reached: first <= 150.0,
        },
        Figure {
            what: "Memory of the idle program",
            measured: format!("{:.1} MiB", idle as f64 / 1024.0 / 1024.0),
            beside: String::new(),
            wanted: "under 25 MiB",
            reached: idle < 25 * 1024 * 1024,
        },
        Figure {
            what: "Memory of an idle stream, of 1,000 open ones",
            measured: format!("{each:.1} KiB"),
            beside: String::new(),
            wanted: "at most 14 KiB",
            reached: each <= 14.0,
        },
    ])
}
