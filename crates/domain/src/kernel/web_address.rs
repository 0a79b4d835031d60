//! Checks web addresses that people and API clients enter.

use std::net::Ipv6Addr;

use crate::kernel::display;
use crate::kernel::error::{Error, Problem, Result};

/// The length browsers and servers agree on.
pub const URL_CHARACTERS: usize = 2_000;

/// Checks the address of a link: `http` or `https`, without deceptive characters (F6, F12).
pub(crate) fn address(field: &'static str, url: &str) -> Result<String> {
    let url = url.trim();
    if url.is_empty() {
        return Err(Error::field(field, Problem::Empty));
    }
    if url.chars().count() > URL_CHARACTERS {
        return Err(Error::field(field, Problem::TooLong(URL_CHARACTERS)));
    }
    let lower = url.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or("");
    let is_clean =
        !url.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\\'));
    if !is_host(host) || !is_clean || display::shown(url) != url {
        return Err(Error::field(field, Problem::NoLink));
    }
    Ok(url.to_string())
}

/// Whether this is a host with an optional port (RFC 3986, 3.2.2): a name in any script, or an IP address.
fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        // A colon within brackets belongs to the IPv6 address.
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, "80"),
    };
    if port.parse::<u16>().is_err() {
        return false;
    }
    if let Some(number) = host.strip_prefix('[') {
        return number.strip_suffix(']').is_some_and(|number| number.parse::<Ipv6Addr>().is_ok());
    }
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    idna::domain_to_ascii(host)
        .is_ok_and(|name| name.strip_suffix('.').unwrap_or(&name).split('.').all(label))
}
