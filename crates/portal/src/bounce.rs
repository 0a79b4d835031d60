//! `portal bounce < MAIL`: takes a mail that came back to the sender's address from a mail system (an alias such as
//! `|portal bounce`, a fetcher, a sieve rule).
//!
//! A mail that is no such report, or names no mail of ours, is not an error, which would make the mail system send a report
//! about the report. Only a temporary failure (no database) is one, with the status for "try again" (sysexits.h).

use std::io::Read;
use std::process::ExitCode;

use domain::notify::bounces;
use outbound::mail::bounce::{self, REPORT_BYTES_MAX};

use crate::data;
use crate::error::{Error, Result};
use crate::settings::Settings;

/// `EX_TEMPFAIL`.
const TRY_AGAIN: u8 = 75;

/// Reads a mail from standard input and records what it reports.
pub(crate) async fn run(settings: &Settings) -> ExitCode {
    match take(settings).await {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("portal: {error}");
            ExitCode::from(TRY_AGAIN)
        }
    }
}

async fn take(settings: &Settings) -> Result<String> {
    let mut mail = Vec::new();
    let limit = REPORT_BYTES_MAX as u64;
    std::io::stdin()
        .lock()
        .take(limit + 1)
        .read_to_end(&mut mail)
        .map_err(Error::machine("cannot read the mail"))?;
    if mail.len() > REPORT_BYTES_MAX {
        return Ok(format!("ignored: it is longer than {} MB", REPORT_BYTES_MAX >> 20));
    }
    let Some(report) = bounce::read(&mail) else {
        return Ok("ignored: this is no report of a mail that did not arrive".to_string());
    };
    let report = bounces::Report {
        message_id: report.message_id,
        addresses: report.addresses,
        is_about_address: report.is_about_address,
        reason: report.reason,
    };
    let store = data::open_existing(settings)?;
    let returned = store.write(move |tx| bounces::returned(tx, &report)).await;
    store.close();
    Ok(match returned? {
        Some(delivery) => format!("noted: the mail {} came back", delivery.id),
        None => "ignored: it names no mail of this portal".to_string(),
    })
}
