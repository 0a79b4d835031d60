//! The program: `portal serve` and the other commands.

mod backup;
mod bounce;
mod commands;
mod damage;
mod data;
mod demo;
mod doctor;
mod error;
mod init;
mod key;
mod leftovers;
mod log;
mod person;
mod process_limits;
mod restore;
mod settings;
mod sign_in_link;
mod start;
mod workspace;

use std::process::ExitCode;

/// Instead of the system's: see docs/decisions/032.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let threads = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    let outcome = runtime.map_err(error::Error::machine("cannot start")).and_then(|runtime| {
        let outcome = runtime.block_on(async {
            process_limits::survive_file_size_limit()
                .map_err(error::Error::machine("cannot catch signals"))?;
            commands::run().await
        });
        // A worker that is still busy at the very end must not delay the exit.
        runtime.shutdown_background();
        outcome
    });
    match outcome {
        Ok(status) => status,
        Err(error) => {
            eprintln!("portal: {error}");
            ExitCode::from(error.status())
        }
    }
}
