//! What happens later, away from any request.
//!
//! | worker | what it does |
//! | --- | --- |
//! | [`DigestScheduler`] | decides who is told of messages that they have not read |
//! | [`DeliveryWorker`] | sends mails and texts that are due |
//! | [`WebhookWorker`] | calls the firm's own programs |
//! | [`Previewer`] | makes small versions of files |
//! | [`ScanWorker`] | shows files to a virus scanner |
//! | [`Indexer`] | indexes messages for searching |
//! | [`ClockWatcher`] | puts back what waits when the clock is put back |
//! | [`Sweeper`] | removes old rows |
//! | [`BlobCollector`] | removes files that nothing refers to |
//!
//! Each has a `step()` that does what is due now, which is what tests call, and a `run()` that calls it when there may be
//! something to do. No transaction is open while the network is used. Any number of workers, in any number of programs, may
//! run on the same database.

mod blob_collector;
mod clock_watcher;
mod delivery_worker;
mod digest_mail;
mod digest_scheduler;
mod digest_text;
mod indexer;
mod mail;
mod previewer;
mod scan_worker;
mod sweeper;
mod texts;
mod webhook_worker;
mod worker_loop;

pub use blob_collector::BlobCollector;
pub use clock_watcher::ClockWatcher;
pub use delivery_worker::{DELIVERIES_AT_ONCE, DeliveryWorker};
pub use digest_scheduler::DigestScheduler;
pub use indexer::Indexer;
pub use mail::MailComposer;
pub use previewer::Previewer;
pub use scan_worker::ScanWorker;
pub use sweeper::Sweeper;
pub use webhook_worker::{EventPayload, WebhookWorker};
