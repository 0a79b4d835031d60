//! `PORTAL_MAIL`: where mail is sent. It may contain a password, so errors never repeat the part that could be one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;

use super::folder::Folder;
use super::mailer::Mailer;
use super::smtp::{Security, Smtp};
use crate::folder;

/// The port for submission with STARTTLS (RFC 6409).
const SUBMISSION_PORT: u16 = 587;

/// The port for submission with TLS from the start (RFC 8314).
const SUBMISSIONS_PORT: u16 = 465;

/// An invalid mail setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "given was `{given}`: {reason}; expected is `folder:PATH`, `smtp://[USER:PASSWORD@]HOST[:PORT]` \
     or `smtps://[USER:PASSWORD@]HOST[:PORT]`"
)]
pub struct SettingError {
    /// What was given, with `…` for what may hold a user name or a password.
    pub given: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Mailer {
    /// Reads a setting: `folder:PATH`, `smtp://…` (STARTTLS, which only a loopback host may lack) or
    /// `smtps://…` (TLS from the start). User name and password may be left out; in them, `%` and two hexadecimal
    /// digits encode any byte, as is required for `/`, `?`, `#`, `@`, `%` and, in the user name, `:`.
    ///
    /// Connects to nothing and writes nothing; for that see [`Mailer::check`].
    pub fn from_setting(setting: &str) -> Result<Mailer, SettingError> {
        let way = if let Some(path) = setting.strip_prefix("folder:") {
            folder::named(path).map(|path| Mailer::from(Folder::new(path)))
        } else if let Some(server) = setting.strip_prefix("smtp://") {
            smtp(server, SUBMISSION_PORT, |host| match is_loopback(host) {
                true => Security::StarttlsWhereOffered,
                false => Security::Starttls,
            })
        } else if let Some(server) = setting.strip_prefix("smtps://") {
            smtp(server, SUBMISSIONS_PORT, |_| Security::Tls)
        } else {
            Err("it begins with none of the ways that mail can take")
        };
        way.map_err(|reason| SettingError { given: without_secrets(setting), reason })
    }
}

fn smtp(server: &str, usual_port: u16, security: fn(&str) -> Security) -> Result<Mailer, &'static str> {
    let server = server.strip_suffix('/').unwrap_or(server);
    let (user, place) = match server.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, server),
    };
    let credentials = user.map(credentials).transpose()?;
    let (host, port) = host_and_port(place, usual_port)?;
    let smtp = Smtp::new(host.to_owned(), port, security(host), credentials);
    Ok(Mailer::from(smtp.map_err(|_| "TLS cannot be set up on this machine")?))
}

fn credentials(user: &str) -> Result<Credentials, &'static str> {
    if user.contains(['/', '?', '#', '@']) {
        return Err(
            "in user name and password, `/`, `?`, `#` and `@` are to be written as %2F, %3F, %23 and %40",
        );
    }
    let (name, password) = user.split_once(':').ok_or("there is a user name but no password")?;
    Ok(Credentials::new(percent_decoded(name)?, percent_decoded(password)?))
}

fn percent_decoded(text: &str) -> Result<String, &'static str> {
    const REASON: &str =
        "in user name and password, `%` is to be followed by two hexadecimal digits, or written as %25";
    let is_byte =
        |piece: &str| piece.get(..2).is_some_and(|two| two.bytes().all(|byte| byte.is_ascii_hexdigit()));
    // The decoder would leave a lone `%` as it is.
    if !text.split('%').skip(1).all(is_byte) {
        return Err(REASON);
    }
    match percent_decode_str(text).decode_utf8() {
        // SASL PLAIN parts its fields by NUL (RFC 4616), and no line may be broken.
        Ok(decoded) if !decoded.contains(['\0', '\r', '\n']) => Ok(decoded.into_owned()),
        _ => Err("user name and password must be UTF-8 without NUL and line breaks"),
    }
}

/// The host without the square brackets that an IPv6 address has here.
pub(crate) fn host_and_port(place: &str, usual_port: u16) -> Result<(&str, u16), &'static str> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("the square bracket is not closed")?;
            host.parse::<Ipv6Addr>().map_err(|_| "what stands in square brackets is no IPv6 address")?;
            (host, port)
        }
        None => {
            let (host, port) = place.split_at(place.find(':').unwrap_or(place.len()));
            let is_name = !host.is_empty()
                && host.len() <= 253
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
            if !is_name {
                return Err("the host is missing, or no host name");
            }
            (host, port)
        }
    };
    if port.is_empty() {
        return Ok((host, usual_port));
    }
    match port.strip_prefix(':').and_then(|port| port.parse().ok()) {
        None | Some(0) => Err("the port is no number from 1 to 65535"),
        Some(port) => Ok((host, port)),
    }
}

/// Whether what is sent to this host stays on this machine. Unusual ways to write it (`127.1`) count as elsewhere.
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => Ipv4Addr::is_loopback(&address),
        Ok(IpAddr::V6(address)) => Ipv6Addr::is_loopback(&address),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// The setting without secrets. Without an `@`, the parts around a colon may be user and password without a host.
pub(crate) fn without_secrets(setting: &str) -> String {
    if setting.starts_with("folder:") {
        return setting.to_owned();
    }
    let (scheme, rest) = setting.split_at(setting.find("://").map_or(0, |end| end + "://".len()));
    let (hidden, place) = match rest.rsplit_once('@') {
        Some((_, place)) => ("…@", place),
        None if rest.contains(':') => ("…", ""),
        None => ("", rest),
    };
    match place.find(['?', '#']) {
        Some(end) => format!("{scheme}{hidden}{}…", &place[..end]),
        None => format!("{scheme}{hidden}{place}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::mailer::Medium;
    use super::*;

    fn smtp_of(setting: &str) -> Smtp {
        match Mailer::from_setting(setting) {
            Ok(Mailer { way: Medium::Smtp(smtp), .. }) => smtp,
            other => panic!("{setting}: {other:?}"),
        }
    }

    #[test]
    fn starttls_is_demanded_of_every_host_but_this_one() {
        for here in
            ["localhost", "LOCALHOST:2525", "127.0.0.1", "127.9.8.7:25", "[::1]", "[::1]:25", "u:p@localhost"]
        {
            assert_eq!(
                smtp_of(&format!("smtp://{here}")).security(),
                Security::StarttlsWhereOffered,
                "{here}"
            );
        }
        for there in [
            "mail.example",
            "u:p@mail.example:25",
            "localhost.example",
            "localhost:p@mail.example",
            "127.0.0.1.example",
            "127.1",
            "128.0.0.1",
            "10.0.0.1",
            "[::2]",
            "[::ffff:127.0.0.1]",
        ] {
            assert_eq!(smtp_of(&format!("smtp://{there}")).security(), Security::Starttls, "{there}");
        }
        for any in ["localhost", "mail.example"] {
            assert_eq!(smtp_of(&format!("smtps://{any}")).security(), Security::Tls, "{any}");
        }
    }

    #[test]
    fn the_port_is_that_of_the_scheme_unless_given() {
        for (setting, place) in [
            ("smtp://mail.example", "smtp://mail.example:587"),
            ("smtps://mail.example/", "smtps://mail.example:465"),
            ("smtp://u:p@mail.example:2525", "smtp://mail.example:2525"),
            ("smtps://[2001:db8::1]", "smtps://[2001:db8::1]:465"),
        ] {
            assert_eq!(smtp_of(setting).to_string(), place);
        }
    }

    #[test]
    fn user_and_password_are_percent_decoded() {
        let expected = Credentials::new("jane@firm.example".to_owned(), "a:b/c%é".to_owned());
        assert_eq!(credentials("jane%40firm.example:a:b%2Fc%25%C3%a9"), Ok(expected));
        for bad in
            ["jane", "jane:%", "jane:%4", "jane:%+1", "jane:%é", "jane:%FF", "jane:%00", "jane:%0A", "j/e:x"]
        {
            assert!(credentials(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_wrong_setting_is_shown_without_what_may_be_a_password() {
        for (setting, shown) in [
            ("", ""),
            ("/var/outbox", "/var/outbox"),
            ("folder:", "folder:"),
            ("http://jane:secret@mail.example", "http://…@mail.example"),
            ("smtp:jane:secret@mail.example", "…@mail.example"),
            ("secret:secret@mail.example", "…@mail.example"),
            ("secret@mail.example", "…@mail.example"),
            ("smtp://secret:secret", "smtp://…"),
            ("smtp://jane:sec@ret@mail.example:x", "smtp://…@mail.example:x"),
            ("smtp://jane:sec/ret@mail.example", "smtp://…@mail.example"),
            ("smtp://jane:secret@", "smtp://…@"),
            ("smtp://jane:secret@mail.example:70000", "smtp://…@mail.example:70000"),
            ("smtp://jane:secret@mail.example:0", "smtp://…@mail.example:0"),
            ("smtp://mail.example?password=secret", "smtp://mail.example…"),
            ("smtp://j:x@mail.example?password=secret", "smtp://…@mail.example…"),
            ("smtp://jane:secret%@mail.example", "smtp://…@mail.example"),
            ("smtp://jane:secret@[::1", "smtp://…@[::1"),
            ("smtp://jane:secret@[mail]", "smtp://…@[mail]"),
            ("smtp://secret@mail.example", "smtp://…@mail.example"),
        ] {
            let error = Mailer::from_setting(setting).expect_err(setting);
            assert_eq!(error.given, shown);
            for said in [error.to_string(), format!("{error:?}")] {
                assert!(!said.contains("secret"), "{said}");
                assert!(!said.contains("ret@"), "{said}");
            }
            assert!(error.to_string().contains("folder:PATH"), "{error}");
        }
    }
}
