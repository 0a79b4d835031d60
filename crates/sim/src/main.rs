//! `sim --seeds N [--first SEED]`: runs N simulations, on as many threads as the machine has cores, and shows the first seed
//! that breaks a rule with its trace. `sim --seed SEED` shows one run.

use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;

/// Runs the portal on simulated time with injected faults.
#[derive(Parser)]
struct Options {
    /// How many seeds to run.
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Runs only this seed, and shows what happens.
    #[arg(long)]
    seed: Option<u64>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(seed) = options.seed {
        return match sim::run(seed) {
            Ok(report) => {
                report.trace.iter().for_each(|line| println!("{line}"));
                ExitCode::SUCCESS
            }
            Err(failure) => {
                println!("{failure}");
                ExitCode::FAILURE
            }
        };
    }
    let next = AtomicU64::new(options.first);
    let end = options.first.saturating_add(options.seeds);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<_> = std::thread::scope(|scope| {
        let search = || {
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= end {
                    return None;
                }
                if let Err(failure) = sim::run(seed) {
                    next.store(end, Ordering::SeqCst);
                    return Some(failure);
                }
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(search)).collect();
        running.into_iter().filter_map(|thread| thread.join().ok().flatten()).collect()
    });
    match failures.first() {
        Some(failure) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
        None => {
            println!("{} seeds broke no rule", options.seeds);
            ExitCode::SUCCESS
        }
    }
}
