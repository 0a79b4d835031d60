//! Searches: words are indexed when enough of them wait and nobody writes.

use std::time::Duration;

use crate::support::PostOffice;
use domain::channels::starting::{self, Subject};
use domain::kernel::ids::ChannelId;
use domain::messages::search;
use tokio::sync::watch;
use workers::Indexer;

async fn channel_of_bo(office: &PostOffice) -> ChannelId {
    let (ada, bo) = (office.ada, office.client("Bo").await);
    office.write(move |tx| starting::create(tx, &ada, &Subject::Client(bo))).await
}

/// How many messages the index knows.
async fn indexed(office: &PostOffice) -> usize {
    let ada = office.ada;
    office.read(move |reader| search::messages(reader, &ada, "deed", None, None, 10_000)).await.len()
}

#[tokio::test]
async fn m8_a_thousand_messages_are_indexed_at_once_and_fewer_are_left() {
    let office = PostOffice::open().await;
    let indexer = Indexer::new(office.store.clone());
    let channel = channel_of_bo(&office).await;
    office.says(999, channel, "The deed").await;
    assert!(!indexer.step().await.unwrap());
    assert_eq!(indexed(&office).await, 0);
    office.says(1_002, channel, "The deed").await;
    assert!(indexer.step().await.unwrap());
    assert_eq!(indexed(&office).await, 1_000);
    assert!(indexer.step().await.unwrap());
    assert!(!indexer.step().await.unwrap());
    assert_eq!(indexed(&office).await, 2_000);
}

#[tokio::test]
async fn m8_words_are_indexed_in_quiet_moments_until_the_program_stops() {
    let office = PostOffice::open().await;
    let channel = channel_of_bo(&office).await;
    // What waits from before, and what comes.
    office.says(1_000, channel, "The deed").await;
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(Indexer::new(office.store.clone()).run(stopping));
    for wanted in [1_000, 3_000] {
        let arrives = async {
            while indexed(&office).await < wanted {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), arrives).await.unwrap();
        office.says(2_000, channel, "The deed").await;
    }
    stop.send_replace(true);
    running.await.unwrap();
}
