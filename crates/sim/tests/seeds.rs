//! Some seeds, as many as fit into the time that tests have; `bin/sim --seeds N` runs more.

#![allow(missing_docs)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// So long simulations run here.
const RUNS_FOR: Duration = Duration::from_secs(40);

#[test]
fn n3_to_n6_n12_and_n13_hold_whatever_fails() {
    let (begun, next, mails) = (Instant::now(), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while begun.elapsed() < RUNS_FOR {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    match sim::run(seed) {
                        Ok(report) => mails.fetch_add(report.mails as u64, Ordering::SeqCst),
                        Err(failure) => panic!("{failure}"),
                    };
                }
            });
        }
    });
    let (seeds, mails) = (next.into_inner(), mails.into_inner());
    println!("{seeds} seeds, {mails} mails");
    assert!(seeds > 20, "only {seeds} seeds: nothing much was tried");
    assert!(mails > seeds, "only {mails} mails in {seeds} runs: nothing much happened");
}

#[test]
fn a_seed_replays_exactly() {
    for seed in [3, 7, 11] {
        let [first, second] = [(), ()].map(|()| sim::run(seed).unwrap_or_else(|failure| panic!("{failure}")));
        assert_eq!(first, second);
        assert!(first.trace.len() > 60);
    }
}
