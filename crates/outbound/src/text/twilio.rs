//! A server with Twilio's Messages call: `POST /2010-04-01/Accounts/{SID}/Messages.json`, a form with To, From and Body,
//! answered by 201. Each text has its own connection: there are few, and none waits for another.
//!
//! Errors repeat neither the server's words nor the request, as both may contain the number. They give the provider's error
//! code, whose meaning is in its documentation.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use serde::Deserialize;
use sha1::Sha1;

use super::error::TextError;
use super::message::Text;
use crate::http::{self, Limits, Server};

/// The server answers before the text is delivered, so within a second or so.
const LIMITS: Limits =
    Limits { connect: Duration::from_secs(15), answer: Duration::from_secs(30), answer_bytes: 64 * 1024 };

/// The number's owner has told the provider to stop.
const UNSUBSCRIBED: i64 = 21610;
/// Error codes about the account, the sender or the load rather than the text: operators can fix them. Login refused; no such resource; too many requests; too many waiting; not to that country; sender not usable.
const ABOUT_US: [i64; 8] = [20003, 20404, 20429, 14107, 21408, 21606, 21611, 21660];

/// The server, the account there, and the number that texts come from.
pub struct Twilio {
    server: Server,
    sid: String,
    token: String,
    authorization: HeaderValue,
    from: String,
}

/// The body of an answer.
#[derive(Default, Deserialize)]
struct AnswerBody {
    /// The error code.
    #[serde(default)]
    code: Option<i64>,
    #[serde(default)]
    error_code: Option<i64>,
}

impl Twilio {
    pub(super) fn new(
        host: &str,
        port: u16,
        is_secure: bool,
        sid: &str,
        token: &str,
        from: &str,
    ) -> Result<Twilio, &'static str> {
        let basic = format!("Basic {}", STANDARD.encode(format!("{sid}:{token}")));
        let mut authorization =
            HeaderValue::try_from(basic).map_err(|_| "account and token cannot stand in a header")?;
        authorization.set_sensitive(true);
        let tls = if is_secure { Some(http::tls()?) } else { None };
        let server = Server::new(host, port, tls)?;
        let (sid, token, from) = (sid.to_owned(), token.to_owned(), from.to_owned());
        Ok(Twilio { server, sid, token, authorization, from })
    }

    pub(super) async fn send(&self, text: &Text) -> Result<(), TextError> {
        let form = [("To", &text.to), ("From", &self.from), ("Body", &text.body)];
        let form = serde_html_form::to_string(form)
            .map_err(|error| TextError::permanent(format!("cannot be written as a form: {error}")))?;
        let path = format!("/2010-04-01/Accounts/{}/Messages.json", self.sid);
        let request = self.request(Method::POST, &path, &text.id, form)?;
        let (status, said) = self.call(request).await?;
        if status.is_success() { Ok(()) } else { Err(self.refused(status, &said)) }
    }

    pub(super) async fn check(&self) -> Result<String, TextError> {
        let path = format!("/2010-04-01/Accounts/{}.json", self.sid);
        let request = self.request(Method::GET, &path, "check", String::new())?;
        let (status, said) = self.call(request).await?;
        if status.is_success() {
            Ok(format!("texts go through {self}, which answers and knows the account"))
        } else if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN {
            Err(self.refused(status, &said))
        } else {
            Ok(format!(
                "texts go through {self}, which answers; whether it knows the account it does not say"
            ))
        }
    }

    /// Twilio's signature of a webhook: HMAC-SHA1 over the address and the fields in order of their names, under the
    /// account's token. Compared in constant time.
    pub(super) fn has_signed(&self, url: &str, fields: &[(String, String)], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.token.as_bytes()) else { return false };
        mac.update(url.as_bytes());
        let mut fields: Vec<&(String, String)> = fields.iter().collect();
        fields.sort_unstable();
        // A repeated field counts once for each of its values.
        fields.dedup();
        for (name, value) in fields {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        mac.verify_slice(&signature).is_ok()
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        id: &str,
        form: String,
    ) -> Result<Request<Full<Bytes>>, TextError> {
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.server.authority())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "portal")
            // The same for each try, for servers that recognize repeats by it.
            .header("idempotency-key", id)
            .body(Full::new(Bytes::from(form)))
            .map_err(|error| TextError::permanent(format!("cannot be asked of {self}: {error}")))
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, AnswerBody), TextError> {
        let addresses = self.server.addresses(&LIMITS).await.map_err(|why| self.gone(&why))?;
        let answer = self.server.call(&addresses, request, &LIMITS).await.map_err(|why| self.gone(&why))?;
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    fn gone(&self, why: &str) -> TextError {
        TextError::temporary(format!("{self} {why}"))
    }

    /// What a refusal means for the text.
    fn refused(&self, status: StatusCode, said: &AnswerBody) -> TextError {
        let code = said.code.or(said.error_code).unwrap_or_default();
        let cause = match code {
            0 => format!("{self} answered {}", status.as_u16()),
            _ => format!("{self} answered {}, code {code}", status.as_u16()),
        };
        let about_us = matches!(status.as_u16(), 401 | 403 | 404 | 408 | 429) || ABOUT_US.contains(&code);
        if code == UNSUBSCRIBED {
            TextError::unsubscribed(cause)
        } else if status.is_client_error() && !about_us {
            TextError::permanent(cause)
        } else {
            TextError::temporary(cause)
        }
    }
}

/// The address, without account and token.
impl fmt::Display for Twilio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.server.fmt(formatter)
    }
}

impl fmt::Debug for Twilio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Twilio({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Twilio's documentation on signed webhooks, with its token, address, fields and signature.
    #[test]
    fn n9_a_signature_is_known_and_a_forged_one_is_not() {
        let twilio = Twilio::new("127.0.0.1", 80, false, "AC1", "12345", "+15005550006").expect("a server");
        let url = "https://example.com/myapp.php?foo=1&bar=2";
        let fields = |caller: &str| -> Vec<(String, String)> {
            [
                ("Digits", "1234"),
                ("CallSid", "CA1234567890ABCDE"),
                ("To", "+18005551212"),
                ("Caller", caller),
                ("From", "+14158675310"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
        };
        let signature = "L/OH5YylLD5NRKLltdqwSvS0BnU=";
        assert!(twilio.has_signed(url, &fields("+14158675310"), signature));
        assert!(!twilio.has_signed(url, &fields("+14158675311"), signature));
        assert!(!twilio.has_signed("https://example.com/", &fields("+14158675310"), signature));
        for forged in ["", "x", "M/OH5YylLD5NRKLltdqwSvS0BnU=", "L/OH5YylLD5NRKLltdqwSvS0"] {
            assert!(!twilio.has_signed(url, &fields("+14158675310"), forged), "{forged}");
        }
    }
}
