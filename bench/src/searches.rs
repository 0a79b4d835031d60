//! Searches in a million messages, for words that none, one or all of them have, on either engine.

use std::time::Instant;

use domain::kernel::ids::ChannelId;
use domain::messages::search;
use store::{Clock, Engine, Setting, Store};

use crate::error::Result;
use crate::fixtures::{Office, furnish};
use crate::load::median;
use crate::report::{self, Figure};

/// Searches for each word.
const SEARCHES: usize = 20;
/// Results of a search: a page and one more.
const SHOWN: i64 = 31;
/// A word, and how many milliseconds a search for it may take.
const WORDS: [(&str, &str, &str, f64); 3] = [
    ("A search among 1,000,000 messages for a word that none has", "unicorn", "under 50 ms", 50.0),
    ("A search among 1,000,000 messages for a word that one has", "654321", "under 50 ms", 50.0),
    ("A search among 1,000,000 messages for a word that all have", "deed", "under 300 ms", 300.0),
];
/// Writes what sending a million messages writes, as far as a search reads it.
const FILL: &str = "INSERT INTO messages (workspace, channel, position, id, author, text, sent_at, attachments) \
     SELECT $1, $2, n, CAST(md5(CAST(n AS TEXT)) AS UUID), $3, \
     'Message ' || (n - 1) || ': could you send me the deed of the flat, please?', CAST($4 AS BIGINT) + n, 0 \
     FROM generate_series(1, 1000000) n";

/// Measures only this, on PostgreSQL (`bin/with-postgres`), and prints the figures.
pub(crate) async fn on_postgres() -> Result<()> {
    let address = std::env::var("PORTAL_TEST_POSTGRES")?;
    let store = Store::open(&Setting::postgres(address), Clock::System, domain::MIGRATIONS)?;
    let mut office = furnish(&store, 0).await?;
    let channel = office.channel(&store, 0).await?;
    eprintln!("furnishing: a million messages on PostgreSQL …");
    fill(&store, &office, channel).await?;
    let figures = figures(&store, &office).await?;
    store.close();
    print!("{}", report::table(&figures));
    Ok(())
}

async fn fill(store: &Store, office: &Office, channel: ChannelId) -> Result<()> {
    let jane = office.jane;
    store
        .write_unlimited(move |tx| {
            tx.run(FILL, &[&jane.workspace, &channel, &jane.person, &tx.now()])?;
            tx.run(
                "UPDATE channels SET last_position = 1000000 WHERE workspace = $1 AND id = $2",
                &[&jane.workspace, &channel],
            )
        })
        .await?;
    Ok(())
}

/// Measures in a store that has a channel of a million messages.
pub(crate) async fn figures(store: &Store, office: &Office) -> Result<Vec<Figure>> {
    eprintln!("searching in a million messages …");
    while store.write(|tx| search::catch_up(tx)).await? {}
    let engine = match store.engine() {
        Engine::Sqlite => "on SQLite",
        Engine::Postgres => "on PostgreSQL",
    };
    let mut figures = Vec::new();
    for (what, word, wanted, most) in WORDS {
        let took = median(times(store, office, word).await?);
        let (measured, beside) = (format!("{took:.1} ms"), engine.to_string());
        figures.push(Figure { what, measured, beside, wanted, reached: took < most });
    }
    Ok(figures)
}

async fn times(store: &Store, office: &Office, word: &'static str) -> Result<Vec<f64>> {
    let jane = office.jane;
    let mut times = Vec::new();
    for _ in 0..SEARCHES {
        let started = Instant::now();
        store.read_long(move |reader| search::messages(reader, &jane, word, None, None, SHOWN)).await?;
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}
