//! `PORTAL_TEXT`: where texts are sent. It contains a token, so errors never repeat the part that could be one.

use super::folder::Folder;
use super::message::is_number;
use super::texter::Texter;
use super::twilio::Twilio;
use crate::folder;
use crate::mail::setting::{host_and_port, is_loopback, without_secrets};

/// The ports of https and http.
const HTTPS_PORT: u16 = 443;
const HTTP_PORT: u16 = 80;

/// An invalid text setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "given was `{given}`: {reason}; expected is `folder:PATH` or `twilio://SID:TOKEN@HOST[:PORT]?from=+NUMBER`"
)]
pub struct SettingError {
    /// What was given, with `…` for what may hold an account or a token.
    pub given: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Texter {
    /// Reads a setting: `folder:PATH`, or `twilio://SID:TOKEN@HOST?from=+NUMBER` for Twilio and any server
    /// that speaks its Messages call: by https, or by http for a loopback host. `+` is literal.
    ///
    /// Connects to nothing and writes nothing; for that see [`Texter::check`].
    pub fn from_setting(setting: &str) -> Result<Texter, SettingError> {
        let way = if let Some(path) = setting.strip_prefix("folder:") {
            folder::named(path).map(|path| Texter::Folder(Folder::new(path)))
        } else if let Some(server) = setting.strip_prefix("twilio://") {
            twilio(server).map(Texter::Twilio)
        } else {
            Err("it begins with none of the ways that texts can take")
        };
        way.map_err(|reason| SettingError { given: without_secrets(setting), reason })
    }
}

fn twilio(server: &str) -> Result<Twilio, &'static str> {
    let (credentials, rest) = server.rsplit_once('@').ok_or("account and token are missing")?;
    let (sid, token) = credentials.split_once(':').ok_or("there is an account but no token")?;
    // Both go into a header; the account also into the address.
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_plain(token) || !is_plain(sid) {
        return Err("account and token must be there, of letters, digits and signs without a space");
    }
    if !sid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
        return Err("the account is of letters and digits");
    }
    let (place, from) = rest.split_once("?from=").ok_or("the number that texts come from is missing")?;
    let from = match from.strip_prefix("%2B") {
        Some(digits) => format!("+{digits}"),
        None => from.to_owned(),
    };
    if !is_number(&from) {
        return Err("the number that texts come from is to be written as + and 7 to 15 digits");
    }
    let place = place.strip_suffix('/').unwrap_or(place);
    let host = host_and_port(place, HTTPS_PORT)?.0;
    let is_secure = !is_loopback(host);
    let (host, port) = host_and_port(place, if is_secure { HTTPS_PORT } else { HTTP_PORT })?;
    Twilio::new(host, port, is_secure, sid, token, &from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(setting: &str) -> String {
        Texter::from_setting(setting).map(|texter| texter.to_string()).expect(setting)
    }

    #[test]
    fn https_is_spoken_with_every_host_but_this_one() {
        for (setting, server) in [
            ("twilio://AC1:t@api.twilio.com?from=+15005550006", "https://api.twilio.com"),
            ("twilio://AC1:t@texts.example:8443/?from=+15005550006", "https://texts.example:8443"),
            ("twilio://AC1:to@k:en@127.0.0.1:9000/?from=+15005550006", "http://127.0.0.1:9000"),
            ("twilio://AC1:t@localhost?from=%2B15005550006", "http://localhost"),
            ("twilio://AC1:t@[::1]:9000?from=+15005550006", "http://[::1]:9000"),
            ("twilio://AC1:t@localhost.example?from=+15005550006", "https://localhost.example"),
            ("folder:/tmp/outbox", "folder:/tmp/outbox"),
        ] {
            assert_eq!(shown(setting), server);
        }
    }

    #[test]
    fn a_wrong_setting_is_refused_without_repeating_a_secret() {
        for wrong in [
            "",
            "folder:",
            "/tmp/outbox",
            "twilio://",
            "twilio:AC1:secret@api.twilio.com?from=+15005550006",
            "twilio://api.twilio.com?from=+15005550006",
            "twilio://AC1@api.twilio.com?from=+15005550006",
            "twilio://AC1:@api.twilio.com?from=+15005550006",
            "twilio://AC/1:secret@api.twilio.com?from=+15005550006",
            "twilio://AC1:sec ret@api.twilio.com?from=+15005550006",
            "twilio://AC1:secret@?from=+15005550006",
            "twilio://AC1:secret@api.twilio.com",
            "twilio://AC1:secret@api.twilio.com?from=15005550006",
            "twilio://AC1:secret@api.twilio.com?from= 15005550006",
            "twilio://AC1:secret@api.twilio.com?from=+1500555000x",
            "twilio://AC1:secret@api.twilio.com:0?from=+15005550006",
            "twilio://AC1:secret",
        ] {
            let error = Texter::from_setting(wrong).expect_err(wrong);
            let said = format!("{error} {error:?}");
            assert!(!said.contains("secret") && !said.contains("ret@"), "{said}");
            assert!(said.contains("twilio://SID:TOKEN@HOST"), "{said}");
        }
    }

    #[test]
    fn neither_account_nor_token_is_ever_shown() {
        let texter =
            Texter::from_setting("twilio://ACsecret:secret@api.twilio.com?from=+15005550006").unwrap();
        assert!(!format!("{texter} {texter:?}").contains("secret"));
    }
}
