//! Digests of unread messages: what a message costs in a channel of a thousand members, how long the decisions about a hundred
//! thousand people take who are due in the same minute, and whether a digest costs more in a channel with a long history.

use std::time::{Duration, Instant};

use domain::administration;
use domain::administration::clients::{self, ClientInput};
use domain::channels::members;
use domain::channels::starting::{self, Subject};
use domain::kernel::access::{self, Actor};
use domain::kernel::error::{self, Error};
use domain::kernel::ids::{ChannelId, CompanyId, MessageId, PersonId};
use domain::kernel::medium::Medium;
use domain::messages::sending::{self, Draft};
use domain::notify::digests::{self, Prepared};
use domain::notify::due;
use store::{Store, Tx};
use workers::DigestScheduler;

use crate::error::Result;
use crate::fixtures::{Office, furnish};
use crate::kept;
use crate::load::{median, message, rates, start};
use crate::report::{self, Figure};
use crate::server;

/// Members of the crowded channel, besides the author.
const CROWD: usize = 1_000;
/// People who are due in the same minute.
const DUE: usize = 100_000;
/// People added, or messages sent, in one transaction while furnishing.
const AT_ONCE: usize = 1_000;
/// Messages of each digest.
const UNREAD: i64 = 3;
/// Makes all client users invited long ago.
const INVITED: &str =
    "UPDATE people SET invited_at = created_at WHERE role = 'client' AND invited_at IS NULL";
/// Digests of each kind.
const DIGESTS: usize = 400;

pub(crate) async fn figures() -> Result<Vec<Figure>> {
    let folder = tempfile::tempdir()?;
    let store = server::open(folder.path())?;
    let mut office = furnish(&store, 0).await?;
    eprintln!("furnishing: a channel of {CROWD} members …");
    let pair = office.channel(&store, 0).await?;
    let crowd = crowd(&store, office.jane).await?;
    store.close();
    let posted = in_a_crowd(folder.path(), &office, [pair, crowd]).await?;

    let folder = tempfile::tempdir()?;
    let store = server::open(folder.path())?;
    let office = furnish(&store, 0).await?;
    eprintln!("furnishing: {DUE} people, each with a message …");
    write_to_all(&store, office.jane).await?;
    eprintln!("deciding about {DUE} people …");
    let decided = decided(&store, office.jane).await?;
    store.close();
    Ok(vec![posted, decided])
}

/// Measures only this and prints the figures.
pub(crate) async fn alone() -> Result<()> {
    print!("{}", report::table(&figures().await?));
    Ok(())
}

/// Adds client users, of some companies or each by themselves, as if they had been invited long ago.
async fn add(
    store: &Store,
    jane: Actor,
    count: usize,
    word: &'static str,
    companies: &[CompanyId],
) -> Result<()> {
    let numbers: Vec<usize> = (0..count).collect();
    for some in numbers.chunks(AT_ONCE) {
        let (some, companies) = (some.to_vec(), companies.to_vec());
        store
            .write(move |tx| {
                for number in some {
                    let client = ClientInput {
                        given_name: format!("Maria {number}").into(),
                        email: format!("{word}{number}@santos.example").into(),
                        company_ids: companies.clone().into(),
                        ..ClientInput::default()
                    };
                    clients::add_client(tx, &jane, &client)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
    store.write(|tx| tx.run(INVITED, &[])).await?;
    Ok(())
}

/// The channel of a company with many clients.
async fn crowd(store: &Store, jane: Actor) -> Result<ChannelId> {
    let company = store.write(move |tx| administration::companies::add(tx, &jane, "Santos")).await?;
    add(store, jane, CROWD, "crowd", &[company]).await?;
    let channel = store.write(move |tx| starting::create(tx, &jane, &Subject::Company(company))).await?;
    let present = store.read(move |reader| members::present(reader, jane.workspace, channel)).await?;
    if present.len() != CROWD + 1 {
        return Err(format!("{} people are in the crowded channel", present.len()).into());
    }
    Ok(channel)
}

/// Posts into a channel of two and a crowded one, alternating.
async fn in_a_crowd(folder: &std::path::Path, office: &Office, channels: [ChannelId; 2]) -> Result<Figure> {
    eprintln!("posting into a crowd …");
    let (mut serving, address) =
        start(&std::env::current_exe()?, &["serve", &folder.display().to_string()]).await?;
    let [pair, crowd] = rates(&address, channels.map(|channel| message(&address, office, channel))).await?;
    serving.kill().await?;
    kept::look_up(folder).await?;
    Ok(Figure {
        what: "Messages posted into a channel of 1,000 members (64 connections)",
        measured: format!("{crowd:.0}/s"),
        beside: format!("{pair:.0}/s into a channel of 2"),
        wanted: "at most three times the cost",
        reached: crowd * 3.0 >= pair,
    })
}

/// Sends everybody a message in a channel of their own.
async fn write_to_all(store: &Store, jane: Actor) -> Result<()> {
    add(store, jane, DUE, "due", &[]).await?;
    let channels: Vec<ChannelId> =
        store.read(|reader| reader.all("SELECT id FROM channels ORDER BY id", &[], |row| row.get(0))).await?;
    for some in channels.chunks(AT_ONCE) {
        let some = some.to_vec();
        store
            .write(move |tx| {
                for channel in some {
                    send(tx, &jane, channel)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
    }
    Ok(())
}

fn send(tx: &mut Tx, jane: &Actor, channel: ChannelId) -> error::Result<()> {
    let draft = Draft {
        id: MessageId::new(tx.now()),
        channel,
        text: "Could you send me the deed of the flat, please?".to_string(),
        attachments: Vec::new(),
        shown: None,
    };
    sending::send(tx, jane, &draft).map(|_| ())
}

/// Measures how long it takes until all digests are written.
async fn decided(store: &Store, jane: Actor) -> Result<Figure> {
    let scheduler = DigestScheduler::new(store.clone(), Some(Duration::from_millis(1)));
    tokio::time::sleep(Duration::from_millis(10)).await;
    let started = Instant::now();
    while scheduler.step().await? > 0 {}
    let took = started.elapsed().as_secs_f64();
    let count = "SELECT count(*) FROM digests WHERE workspace = $1";
    let written: i64 =
        store.read(move |reader| reader.one(count, &[&jane.workspace], |row| row.get(0))).await?;
    if usize::try_from(written)? != DUE {
        return Err(format!("{written} digests are written").into());
    }
    Ok(Figure {
        what: "100,000 people due in the same minute, each decided about and their digest written",
        measured: format!("{took:.1} s"),
        beside: String::new(),
        wanted: "within 60 s",
        reached: took <= 60.0,
    })
}

/// Measures the decision about client users of two channels with as much unread, one with a long history, until the contents
/// of the mail are known.
pub(crate) async fn histories(store: &Store, office: &Office, channels: [ChannelId; 2]) -> Result<Figure> {
    eprintln!("deciding where the history is long …");
    let jane = office.jane;
    let mut readers = Vec::new();
    for channel in channels {
        readers.push(store.write(move |tx| all_but_the_last(tx, &jane, channel)).await?);
    }
    let mut times: [Vec<f64>; 2] = Default::default();
    // Alternating, so that whatever else the machine does affects both.
    for _ in 0..DIGESTS {
        for (person, times) in readers.iter().zip(&mut times) {
            let person = *person;
            let (sender, time) = std::sync::mpsc::channel();
            let undone: error::Result<()> = store
                .write(move |tx| {
                    let started = Instant::now();
                    let prepared = digest(tx, &jane, person)?;
                    let took = started.elapsed().as_secs_f64() * 1e6;
                    if let Some(Prepared::Digest(_)) = prepared {
                        sender.send(took).expect("the receiver waits below");
                    }
                    // Rolls back for the next round.
                    Err(Error::NotFound)
                })
                .await;
            if !matches!(undone, Err(Error::NotFound)) {
                undone?;
            }
            times.push(time.recv().map_err(|_| "no digest came of it")?);
        }
    }
    let [short, long] = times.map(median);
    Ok(Figure {
        what: "A digest decided, written and put together, in a channel of 1,000,000 messages",
        measured: format!("{long:.0} µs"),
        beside: format!("{short:.0} µs in a channel of 100"),
        wanted: "within 20 %",
        reached: long <= short * 1.2,
    })
}

/// The client user of a channel reads all but the last messages; returns them.
fn all_but_the_last(tx: &mut Tx, jane: &Actor, channel: ChannelId) -> error::Result<PersonId> {
    tx.run(INVITED, &[])?;
    let all = members::of_channel(tx, jane, channel)?;
    let client = all.iter().find(|member| !member.role.is_internal()).ok_or(Error::NotFound)?.person;
    let client = access::actor(tx, jane.workspace, client)?.ok_or(Error::NotFound)?;
    let newest = "SELECT last_position FROM channels WHERE workspace = $1 AND id = $2";
    let newest: i64 = tx.one(newest, &[&jane.workspace, &channel], |row| row.get(0))?;
    members::read_up_to(tx, &client, channel, newest - UNREAD)?;
    Ok(client.person)
}

fn digest(tx: &mut Tx, jane: &Actor, person: PersonId) -> error::Result<Option<Prepared>> {
    tx.run(
        "INSERT INTO due (workspace, person, decide_at) VALUES ($1, $2, $3)",
        &[&jane.workspace, &person, &tx.now()],
    )?;
    let written = due::decide(tx, jane.workspace, person, Some(Duration::ZERO))?;
    written.map(|digest| digests::prepare(tx, jane.workspace, digest, Medium::Email)).transpose()
}
