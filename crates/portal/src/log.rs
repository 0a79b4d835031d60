//! The log: lines for people, or JSON for machines, on standard error. Secrets and messages are never logged in the first
//! place.

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

pub(crate) fn start(settings: &Settings, default_filter: &str) {
    // An invalid filter was refused with the settings.
    let filter = EnvFilter::new(settings.log.as_deref().unwrap_or(default_filter));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log_format {
        LogFormat::Text => log.with_ansi(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).try_init(),
    };
    started.expect("the log is started once");
}
