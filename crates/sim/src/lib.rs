//! The whole portal on simulated time with injected faults: the real domain, store (SQLite) and workers; people who post, read,
//! edit, delete, leave and change their preferences; a mail and a text server that refuse, hang up after accepting or are down
//! for hours; and a program that dies between any two steps.
//!
//! Everything follows from one seed, so a failing one replays exactly. Beside the real portal runs a [`model`] of the rules, of
//! a page or two; where the two differ, a rule is broken.

mod broken;
mod check;
mod compare;
mod compared;
mod firm;
mod model;
mod people;
mod random;
mod run;
mod server;
mod simulation;

pub use broken::Broken;
pub use model::Rules;
pub use run::{Failure, Report, run, run_against};
