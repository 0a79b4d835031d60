//! The log: lines for people, or JSON for machines, on standard error. What is secret or somebody's text never gets
//! here in the first place.

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Starts the log; `usual` is the filter where none is set.
pub(crate) fn start(settings: &Settings, usual: &str) {
    // A filter that cannot be read was refused with the settings.
    let filter = EnvFilter::new(settings.log.as_deref().unwrap_or(usual));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Fails only where a log was started before, which then goes on.
    let _ = match settings.log_format {
        LogFormat::Text => log.with_ansi(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_span_list(false).try_init(),
    };
}
