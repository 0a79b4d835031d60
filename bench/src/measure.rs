//! The measurements themselves.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::{ChannelId, MessageId};
use store::Time;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::{Client, Events, get, post};
use crate::furniture::{Office, furnish};
use crate::report::{self, Figure};
use crate::{Result, files, missed, programs, server};

/// Connections that post at the same time.
const CONNECTIONS: usize = 64;
/// What is measured beside each other takes turns this often: a machine's pace changes within seconds.
const TURNS: usize = 10;
/// How long each turn takes.
const TURN: Duration = Duration::from_secs(1);
/// Messages of the long channel.
const LONG: i64 = 1_000_000;
/// Pages read of each channel.
const PAGES: usize = 400;
/// Colleagues in every channel, who have the streams open.
const COLLEAGUES: usize = 50;
/// Open streams.
const STREAMS: usize = 1_000;
/// Messages delivered to each stream.
const EVENTS: usize = 300;
/// Program starts of which the median counts.
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
    let digest = missed::histories(&store, &office, [short, long]).await?;
    store.close();

    let mut figures = Vec::new();
    let (mut serving, address) =
        start(&std::env::current_exe()?, &["serve", &folder.path().display().to_string()]).await?;
    figures.push(posts(&address, &office, busy).await?);
    figures.push(pages(&address, &office, short, long).await?);
    figures.push(folders);
    figures.push(digest);
    figures.extend(programs::figures(&address, &office, busy, short).await?);
    let told = deliveries(&address, &office, busy).await?;
    serving.kill().await?;
    let bare = bare_deliveries().await?;
    figures.push(Figure {
        what: "Deliveries to 1,000 streams of one channel",
        measured: format!("{told:.0}/s"),
        beside: format!("{bare:.0}/s by a bare program"),
        wanted: "at least 70 %",
        reached: told >= 0.7 * bare,
    });
    figures.extend(program(portal, folder.path(), &office).await?);
    figures.extend(missed::figures().await?);
    figures.extend(files::transfers(portal, folder.path(), &office, short).await?);
    report::write(results, readme, &figures)
}

/// Starts a program that prints its address on a line of its own, and answers the address.
pub(crate) async fn start(program: &Path, arguments: &[&str]) -> Result<(Child, String)> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
    while let Some(line) = lines.next_line().await? {
        if let Some(address) = line.split_whitespace().find(|word| word.contains("127.0.0.1:")) {
            return Ok((child, address.trim_start_matches("http://").trim_end_matches('/').to_string()));
        }
    }
    Err("the program ended without saying its address".into())
}

/// Makes a request, each time anew.
pub(crate) type Request = Arc<dyn Fn() -> Vec<u8> + Send + Sync>;

/// Answers a second of each request, made over and over by many connections at once. They take turns.
pub(crate) async fn rates<const N: usize>(address: &str, requests: [Request; N]) -> Result<[f64; N]> {
    let mut sums = [0.0; N];
    for _ in 0..TURNS {
        for (request, sum) in requests.iter().zip(&mut sums) {
            *sum += rate(address, request).await?;
        }
    }
    Ok(sums.map(|sum| sum / TURNS as f64))
}

async fn rate(address: &str, request: &Request) -> Result<f64> {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        clients.push(Client::connect(address).await?);
    }
    let started = Instant::now();
    let tasks: Vec<_> = clients
        .into_iter()
        .map(|mut client| {
            let request = Arc::clone(request);
            tokio::spawn(async move {
                let mut answered = 0_u64;
                while started.elapsed() < TURN {
                    let (status, _) = client.send(&request()).await?;
                    if status != 200 {
                        return Err(format!("answered {status}").into());
                    }
                    answered += 1;
                }
                Result::Ok(answered)
            })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        answered += task.await??;
    }
    Ok(answered as f64 / started.elapsed().as_secs_f64())
}

/// The same request every time.
pub(crate) fn same(request: Vec<u8>) -> Request {
    Arc::new(move || request.clone())
}

/// What the server answers without doing anything.
pub(crate) fn empty(address: &str, office: &Office) -> Request {
    same(post(address, "/empty", &office.cookie, "{}"))
}

/// Posts a message of the admin.
pub(crate) fn message(address: &str, office: &Office, channel: ChannelId) -> Request {
    let (address, cookie) = (address.to_string(), office.cookie.clone());
    Arc::new(move || {
        let id = MessageId::new(Time(jiff::Timestamp::now().as_millisecond()));
        let body =
            format!("{{\"id\":\"{id}\",\"text\":\"Could you send me the deed of the flat, please?\"}}");
        post(&address, &format!("/messages/{channel}"), &cookie, &body)
    })
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
    // One of each in turn, so that whatever else the machine does meets both.
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

async fn deliveries(address: &str, office: &Office, channel: ChannelId) -> Result<f64> {
    eprintln!("delivering to {STREAMS} streams …");
    let mut streams = Vec::new();
    for cookie in &office.more_cookies {
        let request = get(address, "/live", cookie);
        streams.push(Events::open(address, &request).await?);
    }
    // What a stream begins with.
    for stream in &mut streams {
        stream.wait_for(1).await?;
    }
    let started = Instant::now();
    let reading: Vec<_> = streams
        .into_iter()
        .map(|mut stream| tokio::spawn(async move { stream.wait_for(EVENTS).await }))
        .collect();
    let mut posting = Vec::new();
    for _ in 0..4 {
        let mut client = Client::connect(address).await?;
        let message = message(address, office, channel);
        posting.push(tokio::spawn(async move {
            for _ in 0..EVENTS / 4 {
                client.send(&message()).await?;
            }
            Result::Ok(())
        }));
    }
    for task in posting.into_iter().chain(reading) {
        task.await??;
    }
    Ok((STREAMS * EVENTS) as f64 / started.elapsed().as_secs_f64())
}

/// Bytes of one delivery as measured on the wire: what the bare program writes.
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

/// The real program: how soon it answers, what it holds when idle, and what an idle stream adds.
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

/// Bytes that a process holds in memory (`VmRSS`, proc(5)).
pub(crate) fn resident(process: u32) -> Result<usize> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: usize = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024)
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
