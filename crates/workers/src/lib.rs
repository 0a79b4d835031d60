//! What happens later, away from any request: it is decided who is told of what they have missed ([`missed`]), mails
//! leave ([`deliveries`]), programs are called ([`webhooks`]), small versions are made ([`previews`]), files are looked at by
//! a scanner ([`scans`]), words are indexed ([`searches`]), old rows and old bytes go ([`sweeps`], [`blobs`]).
//!
//! Each worker has a `step()` that does what is due now, which is what tests call, and a `run()` that calls it when
//! there may be something to do. No transaction is open while the network is used. Any number of workers, in any
//! number of programs, may run on the same database.

pub mod blobs;
pub mod deliveries;
mod digest_mail;
mod digest_text;
pub mod mail;
pub mod missed;
pub mod previews;
pub mod scans;
pub mod searches;
pub mod sweeps;
pub mod texts;
pub mod webhooks;
mod worker_loop;
