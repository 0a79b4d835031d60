//! What the doctor found.

use std::process::ExitCode;

/// The result of one check.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Finding {
    Good(String),
    /// It works, but somebody should know.
    Note(String),
    /// It does not work: what, and what to do.
    Problem(String),
}

/// Prints findings as they come and counts the problems.
#[derive(Default)]
pub(super) struct Report {
    problems: usize,
}

impl Report {
    pub(super) fn add(&mut self, what: &str, finding: Finding) {
        let (mark, text) = match finding {
            Finding::Good(text) => ("ok", text),
            Finding::Note(text) => ("note", text),
            Finding::Problem(text) => {
                self.problems += 1;
                ("problem", text)
            }
        };
        println!("{mark:<8} {what}: {text}");
    }

    pub(super) fn status(&self) -> ExitCode {
        if self.problems == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
