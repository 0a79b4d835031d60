//! Measurements that compare within one run: every figure is compared with what the same machine does in the same minute
//! without the product.
//!
//! The load comes from this process; what is measured runs in others: this program again (`serve`: the portal's own server
//! with an additional empty route; `bare`: writes the same bytes to the same number of streams; `copy`: receives and sends
//! plain files), and the real `portal` for start, memory and files.

mod api;
mod client;
mod digests;
mod error;
mod files;
mod fixtures;
mod kept;
mod load;
mod measure;
mod report;
mod searches;
mod server;
mod streams;

use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["serve", folder] => server::serve(PathBuf::from(folder)).await,
        ["bare", streams, events, bytes] => server::bare(streams, events, bytes).await,
        ["copy", folder] => files::copy(folder),
        ["files", portal] => files::alone(&PathBuf::from(portal)).await,
        ["digests"] => digests::alone().await,
        ["streams", portal] => streams::alone(&PathBuf::from(portal)).await,
        ["searches"] => searches::on_postgres().await,
        ["run", portal, results, readme] => {
            measure::all(&PathBuf::from(portal), &PathBuf::from(results), &PathBuf::from(readme)).await
        }
        _ => {
            Err("usage: bench run PORTAL RESULTS-FOLDER README, bench files PORTAL, bench streams PORTAL, bench digests, or bench searches".into())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
