//! Sweeps: old rows go, young ones stay, and the journal never has holes.

use std::time::Duration;

use crate::support::{ADA, PostOffice};
use domain::identity::sessions;
use domain::kernel::limits;
use store::Time;
use tokio::sync::watch;
use workers::Sweeper;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Signs in and out, which leaves an entry in the journal.
async fn come_and_go(office: &PostOffice) {
    let ada = office.ada;
    office
        .write(move |tx| {
            sessions::start(tx, ada.workspace, ada.person, "Browser")?;
            let session = sessions::list(tx, &ada)?[0].id;
            sessions::end(tx, &ada, session)
        })
        .await;
}

async fn journal(office: &PostOffice) -> Vec<i64> {
    let workspace = office.workspace.0;
    let entries = office.read(move |reader| Ok(reader.journal_after(workspace, 0, 10_000)?)).await;
    entries.into_iter().map(|entry| entry.seq).collect()
}

#[tokio::test]
async fn journal_entries_are_kept_for_thirty_days() {
    let office = PostOffice::open().await;
    let sweeper = Sweeper::new(office.store.clone());
    let before = journal(&office).await.len() as i64;
    come_and_go(&office).await;
    office.wait(DAY);
    come_and_go(&office).await;
    office.wait(limits::JOURNAL_LASTS - DAY);
    sweeper.step().await.unwrap();
    assert_eq!(journal(&office).await.len() as i64, before + 2);
    office.wait(Duration::from_millis(1));
    sweeper.step().await.unwrap();
    assert_eq!(journal(&office).await, [before + 2]);
    let workspace = office.workspace.0;
    assert_eq!(office.read(move |reader| Ok(reader.journal_tail(workspace)?)).await, before + 2);
    office.wait(limits::JOURNAL_LASTS);
    sweeper.step().await.unwrap();
    assert!(journal(&office).await.is_empty());
    // Numbers go on where they were.
    come_and_go(&office).await;
    assert_eq!(journal(&office).await, [before + 3]);
    assert_eq!(sweeper.step().await.unwrap(), 0);
}

#[tokio::test]
async fn n5_a_clock_that_is_a_month_ahead_for_a_moment_makes_nothing_old() {
    let office = PostOffice::open().await;
    let sweeper = Sweeper::new(office.store.clone());
    come_and_go(&office).await;
    let before = journal(&office).await;
    office.store.clock().turn_ahead(limits::JOURNAL_LASTS + DAY);
    sweeper.step().await.unwrap();
    office.wait(Duration::from_secs(3_599));
    sweeper.step().await.unwrap();
    assert_eq!(journal(&office).await, before);
    // A clock that stays there is believed.
    office.wait(Duration::from_secs(1));
    sweeper.step().await.unwrap();
    assert!(journal(&office).await.is_empty());
}

#[tokio::test]
async fn more_than_one_chunk_is_removed_in_one_step() {
    let office = PostOffice::open().await;
    let ada = office.ada;
    office
        .write(move |tx| {
            for _ in 0..2_500 {
                sessions::start(tx, ada.workspace, ada.person, "Browser")?;
            }
            let keep = sessions::list(tx, &ada)?[0].id;
            sessions::end_all_others(tx, &ada, keep)
        })
        .await;
    office.wait(limits::JOURNAL_LASTS + DAY);
    come_and_go(&office).await;
    Sweeper::new(office.store.clone()).step().await.unwrap();
    assert_eq!(journal(&office).await.len(), 1);
}

#[tokio::test]
async fn a_clock_that_jumped_leaves_no_hole_in_the_journal() {
    let office = PostOffice::open().await;
    for _ in 0..5 {
        come_and_go(&office).await;
    }
    let all = journal(&office).await;
    let (workspace, third) = (office.workspace, all[2]);
    office
        .write(move |tx| {
            let ahead: Time = tx.now().after(30 * DAY);
            tx.run(
                "UPDATE journal SET at = $3 WHERE workspace = $1 AND seq = $2",
                &[&workspace, &third, &ahead],
            )?;
            Ok(())
        })
        .await;
    office.wait(limits::JOURNAL_LASTS + DAY);
    Sweeper::new(office.store.clone()).step().await.unwrap();
    assert_eq!(journal(&office).await, all[2..], "what comes after an entry that is kept is kept");
}

#[tokio::test]
async fn s3_old_requests_and_tries_go() {
    let office = PostOffice::open().await;
    office.ask(ADA).await;
    office.ask("nobody@else.example").await;
    office.step().await;
    let count = async |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        office.read(move |reader| Ok(reader.one(&sql, &[], |row| row.get(0))?)).await
    };
    let sweeper = Sweeper::new(office.store.clone());
    sweeper.step().await.unwrap();
    assert_eq!((count("sign_ins").await, count("sign_in_links").await), (2, 1));
    assert!(count("tries").await > 0);
    office.wait(8 * DAY);
    sweeper.step().await.unwrap();
    for table in ["sign_ins", "sign_in_links", "tries"] {
        assert_eq!(count(table).await, 0, "{table}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_running_sweeper_stops_when_told() {
    let office = PostOffice::open().await;
    let (stop, stopping) = watch::channel(false);
    let running = tokio::spawn(Sweeper::new(office.store.clone()).run(stopping));
    office.wait(limits::JOURNAL_LASTS + DAY);
    while !journal(&office).await.is_empty() {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    stop.send(true).unwrap();
    running.await.unwrap();
}
