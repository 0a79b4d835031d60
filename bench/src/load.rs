//! What all measurements use: starting a program, sending it requests over many connections, and observing it.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::kernel::ids::{ChannelId, MessageId};
use store::Time;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::{Client, post};
use crate::error::Result;
use crate::fixtures::Office;
use crate::kept;

/// Connections that send requests at the same time.
pub(crate) const CONNECTIONS: usize = 64;
/// How often compared measurements alternate: the speed of a machine changes within a second.
const TURNS: usize = 40;
/// How long each turn takes.
const TURN: Duration = Duration::from_millis(250);

/// Starts a program that prints its address; returns both.
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

/// Creates a request; each may differ.
pub(crate) type Request = Arc<dyn Fn() -> Vec<u8> + Send + Sync>;

/// How many of each request are answered in a second, over many connections at once, alternating.
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
                let mut messages = Vec::new();
                while started.elapsed() < TURN {
                    let (status, _) = client.send(&request()).await?;
                    if status != 200 {
                        return Err(format!("answered {status}").into());
                    }
                    answered += 1;
                    messages.extend(kept::message(client.body()));
                }
                kept::answered(messages);
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

/// Always the same request.
pub(crate) fn same(request: Vec<u8>) -> Request {
    Arc::new(move || request.clone())
}

/// A request that the server answers without doing anything.
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

/// The memory of a process in bytes (`VmRSS`, proc(5)).
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
