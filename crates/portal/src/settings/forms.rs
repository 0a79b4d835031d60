//! Parsers for the values of settings.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest wait that can be set for trying out.
const WAIT_MAX: Duration = Duration::from_secs(24 * 3600);
/// The limits of [`timeout`].
const TIMEOUT_MIN: Duration = Duration::from_secs(1);
const TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// What links begin with: scheme, host and port, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicUrl(String);

impl PublicUrl {
    /// Parses `https://portal.example` or `http://192.0.2.1:8080/`. Neither a path nor a user name is allowed: the portal
    /// has a host of its own.
    pub(crate) fn parse(text: &str) -> Option<PublicUrl> {
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let place = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        is_place(place).then_some(PublicUrl(text))
    }

    /// As [`PublicUrl::parse`], with what is wrong in words.
    pub(super) fn from_setting(text: &str) -> Result<PublicUrl, String> {
        PublicUrl::parse(text).ok_or_else(|| {
            let given = if text.contains('@') { without_secrets(text) } else { text.to_string() };
            format!(
                "given was `{given}`; expected is http:// or https:// and a host, such as https://portal.example"
            )
        })
    }

    /// The default address of a portal that listens there.
    pub(crate) fn of(address: SocketAddr) -> PublicUrl {
        let ip = match address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            given => given,
        };
        PublicUrl(format!("http://{}", SocketAddr::from((ip, address.port()))))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without port and square brackets.
    pub(crate) fn host(&self) -> &str {
        let (_, place) = self.0.split_once("://").expect("it was parsed as one");
        match place.strip_prefix('[') {
            Some(rest) => rest.split_once(']').expect("it was parsed as one").0,
            None => place.split_once(':').map_or(place, |(host, _)| host),
        }
    }

    /// The host for mail addresses, in which network addresses are not allowed.
    pub(crate) fn mail_host(&self) -> &str {
        if self.host().parse::<IpAddr>().is_ok() { "localhost" } else { self.host() }
    }

    /// Whether it works on this machine only.
    pub(crate) fn is_local(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.ends_with(".localhost")
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A host, or a network address, and perhaps a port.
fn is_place(place: &str) -> bool {
    let (host_is_good, port) = match place.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) => (host.parse::<Ipv6Addr>().is_ok(), port),
            None => return false,
        },
        None => {
            let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
            (is_host(host), port)
        }
    };
    let port_is_good = port.is_empty()
        || port
            .strip_prefix(':')
            .and_then(whole)
            .is_some_and(|port| (1..=u64::from(u16::MAX)).contains(&port));
    host_is_good && port_is_good
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    host.len() <= 253 && host.split('.').all(label)
}

/// Digits only: no sign, no space.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// A folder, which need not exist yet.
pub(super) fn folder(text: &str) -> Option<PathBuf> {
    outbound::folder::named(text).ok().map(Path::to_path_buf)
}

/// The address of a PostgreSQL database. The rest of it is for the client of PostgreSQL to check.
pub(super) fn database(text: &str) -> Option<String> {
    let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"))?;
    (!rest.is_empty()).then(|| text.to_string())
}

/// A span such as `5s` or `1m 30s`.
pub(super) fn wait(text: &str) -> Option<Duration> {
    let span: jiff::SignedDuration = text.parse().ok()?;
    let span = Duration::try_from(span).ok()?;
    (!span.is_zero() && span <= WAIT_MAX).then_some(span)
}

/// Connections to PostgreSQL: one for reading, one for writing and one for `/readyz` are needed.
pub(super) fn pool(text: &str) -> Option<usize> {
    whole(text).and_then(|number| usize::try_from(number).ok()).filter(|number| (3..=1000).contains(number))
}

/// The longest wait for the database.
pub(super) fn timeout(text: &str) -> Option<Duration> {
    let span: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(span).ok().filter(|span| (TIMEOUT_MIN..=TIMEOUT_MAX).contains(span))
}

pub(super) fn connections(text: &str) -> Option<usize> {
    whole(text).and_then(|number| usize::try_from(number).ok()).filter(|number| (1..=64).contains(number))
}

/// A size in bytes: a number and B, kB, MB, GB (thousands) or KiB, MiB, GiB (1024 each), in capitals or not.
pub(super) fn size(text: &str) -> Option<i64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: i64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    i64::try_from(whole(number)?).ok()?.checked_mul(factor).filter(|size| *size > 0)
}

/// Whether a filter for the log means what it seems to. A lone word that is no level would silence everything, because
/// `EnvFilter` takes it for the name of a module.
pub(super) fn is_log_filter(text: &str) -> bool {
    let is_level = |word: &str| {
        ["off", "error", "warn", "info", "debug", "trace"]
            .contains(&word.trim().to_ascii_lowercase().as_str())
    };
    tracing_subscriber::EnvFilter::try_new(text).is_ok()
        && text.split(',').all(|part| match part.rsplit_once('=') {
            Some((_, level)) => is_level(level),
            None => is_level(part),
        })
}

/// An address as it may be shown, without user name, password and everything after a `?`. Without an `@`, the parts around
/// a colon may be a user and a password whose host is missing.
pub(super) fn without_secrets(text: &str) -> String {
    let (scheme, rest) = text.split_at(text.find("://").map_or(0, |end| end + "://".len()));
    let (hidden, place) = match rest.rsplit_once('@') {
        Some((_, place)) => ("…@", place),
        None if rest.contains(':') => ("…", ""),
        None => ("", rest),
    };
    let end = place.find(['?', '#']).unwrap_or(place.len());
    let more = if end < place.len() { "…" } else { "" };
    format!("{scheme}{hidden}{}{more}", &place[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_address_is_scheme_and_host() {
        for (given, kept, host) in [
            ("https://portal.example", "https://portal.example", "portal.example"),
            ("https://Portal.Example/", "https://portal.example", "portal.example"),
            ("http://192.0.2.1:8080", "http://192.0.2.1:8080", "192.0.2.1"),
            ("http://[2001:db8::1]:8080/", "http://[2001:db8::1]:8080", "2001:db8::1"),
            ("HTTP://localhost", "http://localhost", "localhost"),
        ] {
            let url = PublicUrl::parse(given).expect(given);
            assert_eq!((url.as_str(), url.host()), (kept, host), "{given}");
        }
        for wrong in [
            "",
            "portal.example",
            "https://",
            "ftp://portal.example",
            "https://portal.example/path",
            "https://jane:secret@portal.example",
            "https://portal.example?x",
            "https://portal .example",
            "https://-portal.example",
            "https://portal..example",
            "https://portal.example:0",
            "https://portal.example:",
            "https://portal.example:+80",
            "https://portal.example:70000",
            "https://[::1",
            "https://[portal]",
        ] {
            assert_eq!(PublicUrl::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_address_to_listen_on_makes_a_public_one() {
        for (listen, url) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("0.0.0.0:80", "http://127.0.0.1:80"),
            ("[::]:8080", "http://[::1]:8080"),
            ("192.0.2.1:8080", "http://192.0.2.1:8080"),
        ] {
            let url_of = PublicUrl::of(listen.parse().unwrap());
            assert_eq!(url_of.as_str(), url);
            assert!(outbound::mail::is_address(&format!("notifications@{}", url_of.mail_host())), "{url}");
            assert!(PublicUrl::parse(url).is_some(), "{url}");
        }
    }

    #[test]
    fn only_loopback_is_local() {
        for (url, local) in [
            ("http://localhost:8080", true),
            ("http://firm.localhost", true),
            ("http://127.0.0.2", true),
            ("http://[::1]:80", true),
            ("http://192.168.0.1", false),
            ("http://localhost.example", false),
        ] {
            assert_eq!(PublicUrl::parse(url).unwrap().is_local(), local, "{url}");
        }
    }

    #[test]
    fn spans_and_sizes() {
        assert_eq!(wait("5s"), Some(Duration::from_secs(5)));
        assert_eq!(wait("1m 30s"), Some(Duration::from_secs(90)));
        assert_eq!(wait("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "5", "0s", "-5s", "25h", "soon", "5s ago"] {
            assert_eq!(wait(wrong), None, "{wrong}");
        }
        assert_eq!(size("100MB"), Some(100_000_000));
        assert_eq!(size("100 mb"), Some(100_000_000));
        assert_eq!(size("1GiB"), Some(1 << 30));
        assert_eq!(size("512"), Some(512));
        for wrong in ["", "MB", "0", "-1MB", "1.5MB", "1TB", "100 M B", "99999999999GB", "+1"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_log_filter_names_levels() {
        for good in ["info", "off", "WARN", "info,store=debug", "domain::messages=trace, warn"] {
            assert!(is_log_filter(good), "{good}");
        }
        for wrong in ["", "verbose", "info,verbose", "store=loud", "store=", "info,,warn", "in fo"] {
            assert!(!is_log_filter(wrong), "{wrong}");
        }
    }

    #[test]
    fn addresses_are_shown_without_their_secrets() {
        for (given, shown) in [
            ("postgres://jane:secret@db.example/portal", "postgres://…@db.example/portal"),
            ("mysql://jane:sec@ret@db.example", "mysql://…@db.example"),
            ("https://portal.example/x?token=secret", "https://portal.example/x…"),
            ("postgres:jane:secret", "…"),
            ("twilio://jane:secret", "twilio://…"),
            ("db.example", "db.example"),
        ] {
            assert_eq!(without_secrets(given), shown);
        }
    }
}
