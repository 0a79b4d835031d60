//! As many seeds as fit into the time of a test; `bin/sim --seeds N` runs more.

#![allow(missing_docs)]

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sim::Rules;

/// How many seconds simulations run here, unless `PORTAL_TEST_SIM_SECONDS` says otherwise.
const SECONDS: u64 = 60;
/// One of this many seeds must break a wrong rule.
const NOTICED_WITHIN: u64 = 1_000;

#[test]
fn n3_to_n6_n9_n12_and_n13_hold_whatever_fails() {
    let seconds = std::env::var("PORTAL_TEST_SIM_SECONDS")
        .map_or(SECONDS, |seconds| seconds.parse().expect("a number"));
    let runs_for = Duration::from_secs(seconds);
    // Other seeds in each run; a failure shows its own.
    let first = RandomState::new().hash_one(0) % 1_000_000_000;
    println!("the first seed is {first}");
    let (begun, next) = (Instant::now(), AtomicU64::new(first));
    let (mails, texts) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while begun.elapsed() < runs_for {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    match sim::run(seed) {
                        Ok(report) => {
                            mails.fetch_add(report.mails as u64, Ordering::SeqCst);
                            texts.fetch_add(report.texts as u64, Ordering::SeqCst);
                        }
                        Err(failure) => panic!("{failure}"),
                    };
                }
            });
        }
    });
    let (seeds, mails, texts) = (next.into_inner() - first, mails.into_inner(), texts.into_inner());
    println!("{seeds} seeds, {mails} mails, {texts} texts");
    assert!(seeds > 100, "only {seeds} seeds: nothing much was tried");
    assert!(mails > seeds && texts > seeds / 2, "{mails} mails and {texts} texts in {seeds} runs");
}

#[test]
fn a_seed_replays_exactly() {
    for seed in [3, 7, 11] {
        let [first, second] = [(), ()].map(|()| sim::run(seed).unwrap_or_else(|failure| panic!("{failure}")));
        assert_eq!(first, second);
        assert!(first.trace.len() > 5);
    }
}

#[test]
fn a_rule_that_does_not_hold_is_noticed_and_its_seed_replays_exactly() {
    for rules in [Rules::DeletedIsSent, Rules::OneReadReadsAll, Rules::FormerMembersAreSent] {
        let failure = (0..NOTICED_WITHIN).find_map(|seed| sim::run_against(seed, rules).err());
        let failure = failure.unwrap_or_else(|| panic!("nobody notices {rules:?}"));
        let again = sim::run_against(failure.seed, rules).expect_err("it fails again");
        assert_eq!(failure, again, "{rules:?}");
        println!("{rules:?}: seed {}, {}", failure.seed, failure.broken);
        // The same seed passes with the correct rules.
        sim::run(failure.seed).unwrap_or_else(|failure| panic!("{failure}"));
    }
}
