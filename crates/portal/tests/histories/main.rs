//! M2 to M5 and M8 against the real program: programs work in one channel at once while it is killed, stands still or
//! loses its database, and what all of them saw together must be explained by one channel in which nothing is lost.

#![allow(missing_docs)]

mod checker;
mod checker_tests;
#[path = "../support/connection.rs"]
mod connection;
mod history;
mod listener;
mod program;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use uuid::Uuid;

use connection::Connection;
use history::{Action, History};
use program::{Channel, Program, id};
use server::{Postgres, Server, Trouble};

/// Operations on each engine; `PORTAL_TEST_OPERATIONS` overrides it.
const OPERATIONS: usize = 6_000;
/// Operations in one channel.
const A_CHANNEL: usize = 1_000;
/// Programs at work in it.
const PROGRAMS: usize = 8;
/// Streams of it.
const STREAMS: usize = 3;

#[test]
fn m2_m3_m4_m5_m8_what_programs_see_together_is_one_channel_on_sqlite() {
    run(None, Trouble::ALONE);
}

#[test]
fn m2_m3_m4_m5_m8_what_programs_see_together_is_one_channel_on_postgres() {
    if let Some(postgres) = Postgres::create() {
        run(Some(postgres), Trouble::WITH_POSTGRES);
    }
}

fn run(postgres: Option<Postgres>, troubles: &[Trouble]) {
    let number = |name, default| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let operations: usize = number("PORTAL_TEST_OPERATIONS", OPERATIONS);
    let seed = u64::try_from(number("PORTAL_TEST_SEED", fastrand::usize(..1_000_000))).expect("a seed");
    println!("PORTAL_TEST_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut server, key) = Server::start(postgres);
    let credentials = format!("x-api-key: {key}");
    let (mut done, mut unknown, begun) = (0, 0, Instant::now());
    for (round, trouble) in troubles.iter().cycle().enumerate() {
        if done >= operations {
            break;
        }
        let channel = open_channel(&server.host, &credentials, round);
        let history = work(&mut server, &channel, *trouble, &mut random);
        let broken = checker::violations(&history);
        assert!(broken.is_empty(), "round {round}, {trouble:?}: {broken:#?}");
        let lost = |operation: &&history::Operation| operation.ended == history::NEVER;
        (done, unknown) =
            (done + history.operations.len(), unknown + history.operations.iter().filter(lost).count());
    }
    println!("{done} operations in {:?}, {unknown} without an answer, no violation", begun.elapsed());
    assert!(unknown > 0, "no trouble reached any of them");
}

/// Makes a client user and the channel with them.
fn open_channel(host: &str, credentials: &str, round: usize) -> Channel {
    let mut channel = Channel {
        host: host.to_string(),
        credentials: credentials.to_string(),
        id: Uuid::nil(),
        reader: Uuid::nil(),
        begun: Instant::now(),
        left: AtomicUsize::new(A_CHANNEL),
        known: Mutex::default(),
    };
    let call = |path: &str, body: Value| loop {
        let mut connection: Connection<'_> = channel.connect();
        let key = format!("{round}{path}");
        let headers = [("content-type", "application/json"), ("idempotency-key", key.as_str())];
        let answer = connection.request(&format!("POST {path}"), &headers, body.to_string().as_bytes());
        // Trouble of the round before may last.
        if let Some(answer) = answer.filter(|answer| answer.status != 503) {
            let made: Value = serde_json::from_slice(&answer.is(200).body).expect("JSON");
            break id(&made["id"]);
        }
    };
    let client =
        json!({"givenName": "Maria", "familyName": "Moss", "email": format!("maria{round}@client.example")});
    let reader = call("/v1/clients", client);
    let opened = call("/v1/message-channels", json!({"membershipType": "individual", "clientId": reader}));
    (channel.reader, channel.id) = (reader, opened);
    channel
}

/// Lets programs work in a channel, with trouble in the middle; everything that they saw.
fn work(server: &mut Server, channel: &Channel, trouble: Trouble, random: &mut fastrand::Rng) -> History {
    let last = (Uuid::now_v7(), "the last one".to_string());
    let are_open = Barrier::new(STREAMS + 1);
    thread::scope(|scope| {
        let listen = || {
            listener::listen(channel, last.0, || {
                are_open.wait();
            })
        };
        let streams: Vec<_> = (0..STREAMS).map(|_| scope.spawn(listen)).collect();
        are_open.wait();
        let programs: Vec<_> = (0..PROGRAMS)
            .map(|number| {
                let seed = random.u64(..);
                scope.spawn(move || Program::new(channel, number, seed).work())
            })
            .collect();
        let middle = random.usize(A_CHANNEL / 4..A_CHANNEL / 4 * 3);
        while channel.left.load(Ordering::SeqCst) > middle {
            thread::sleep(Duration::from_millis(1));
        }
        server.trouble(trouble);
        let mut operations: Vec<_> =
            programs.into_iter().flat_map(|program| program.join().expect("no panic")).collect();
        let finisher = Program::new(channel, PROGRAMS, random.u64(..));
        let (sent, end) = finisher.insist(&Action::Send { message: last.0, text: last.1 });
        operations.extend(sent);
        let streams = streams.into_iter().map(|stream| stream.join().expect("no panic")).collect();
        History { operations, streams, end }
    })
}
