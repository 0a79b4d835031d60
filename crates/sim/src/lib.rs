//! The whole on simulated time with injected faults: the real domain, store (SQLite) and workers, people who post, read,
//! edit, delete, leave and change their choices, a mail and a text server that refuse, fall silent after accepting or are away
//! for hours, and a program that dies between any two steps.
//!
//! Everything follows from one seed, so a failing one replays exactly. Beside the real portal runs a [`model`] of a page or
//! two that says what must come of it; where the two differ, a rule is broken.

mod broken;
mod chance;
mod check;
mod compare;
mod compared;
mod firm;
mod model;
mod people;
mod run;
mod server;
mod simulation;

pub use broken::Broken;
pub use model::Belief;
pub use run::{Failure, Report, run, run_against};
