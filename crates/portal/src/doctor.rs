//! `portal doctor`: checks everything that the portal needs from its surroundings and prints one line for each, with what to
//! do where something is wrong.

mod bytes;
mod checks;
mod machine;
mod report;

use std::process::ExitCode;

use clap::Args;
use report::{Finding, Report};

use crate::data;
use crate::error::Error;
use crate::process_limits;
use crate::settings::Settings;

/// Optional checks.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Also send a mail to this address
    #[arg(long, value_name = "ADDRESS")]
    mail_to: Option<String>,
    /// Do not read every file to see whether it is damaged
    #[arg(long)]
    quick: bool,
}

/// Reports that the settings are invalid: nothing else can be checked then.
pub(crate) fn settings_are_wrong(error: &Error) -> ExitCode {
    let mut report = Report::default();
    report.add("settings", Finding::Problem(error.to_string()));
    report.status()
}

impl Doctor {
    /// Prints the findings. The status is 1 if one of them is a problem.
    pub(crate) async fn run(self, settings: &Settings) -> ExitCode {
        let mut report = Report::default();
        let public_url = data::public_url(settings);
        report.add("settings", checks::settings(settings));
        report.add("address", checks::address(&public_url));
        report.add("folder", machine::folder(&settings.data));
        let store = match &settings.database {
            store::Setting::Sqlite(file) if !file.exists() => {
                let text =
                    format!("{} is not there yet: `portal serve` or `portal init` makes it", file.display());
                report.add("database", Finding::Note(text));
                None
            }
            setting => match data::open(setting) {
                Ok(store) => {
                    report.add("database", checks::database(&store, setting).await);
                    Some(store)
                }
                Err(error) => {
                    let text = format!(
                        "{error}: see to the database, or correct PORTAL_DATABASE_URL or PORTAL_DATA"
                    );
                    report.add("database", Finding::Problem(text));
                    None
                }
            },
        };
        match store {
            Some(store) => {
                report.add("clock", checks::clock(&store).await);
                if !self.quick {
                    report.add("bytes", bytes::check(&store, &settings.blobs).await);
                }
                store.close();
            }
            None => report.add("clock", checks::clock_alone(store::Clock::System.now())),
        }
        report.add("mail", checks::mail(settings).await);
        report.add("signing", checks::signing(settings, &public_url));
        if let Some(to) = &self.mail_to {
            report.add("mail sent", checks::send_mail(settings, &public_url, to).await);
        }
        report.add("texts", checks::texts(settings).await);
        report.add("files", checks::files(settings).await);
        if let Some(scanner) = &settings.scanner {
            report.add("scanner", checks::scanner(scanner).await);
        }
        report.add("disk", machine::disk(&settings.data));
        report.add("open files", machine::open_files(process_limits::open_files_max()));
        report.status()
    }
}
