//! Webhooks over http and https, with a connection for each call, to exactly the network address that was checked.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use rustls::ClientConfig;
use url::{Host, Url};

use super::call::{ANSWER_BYTES, ANSWER_CHARACTERS, Answer, Call, CallError};
use super::reach::{self, Reach};
use super::signature;
use crate::http::{self, Limits, Server};

/// Maximum network addresses of one name that are tried, one after the other.
const ADDRESSES_MAX: usize = 4;

/// Time limits of a call.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// For connecting.
    pub connect: Duration,
    /// From then on, for the answer.
    pub answer: Duration,
}

impl Default for Timing {
    /// 10 and 20 seconds: Standard Webhooks recommends 15 to 30 together.
    fn default() -> Timing {
        Timing { connect: Duration::from_secs(10), answer: Duration::from_secs(20) }
    }
}

/// Calls by http and https.
pub struct Http {
    reach: Reach,
    limits: Limits,
    /// Created when first needed: many portals have no webhooks.
    tls: OnceLock<Result<Arc<ClientConfig>, &'static str>>,
}

impl Http {
    /// Calls with these limits.
    pub fn new(reach: Reach, timing: Timing) -> Http {
        let limits = Limits { connect: timing.connect, answer: timing.answer, answer_bytes: ANSWER_BYTES };
        Http { reach, limits, tls: OnceLock::new() }
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach
    }

    pub(super) async fn call(&self, call: &Call) -> Result<Answer, CallError> {
        let url = reach::check(&call.url, self.reach).map_err(|error| CallError(error.to_string()))?;
        let server = self.server(&url).map_err(|reason| CallError(reason.to_owned()))?;
        let failed = |why: String| CallError(format!("{server} {why}"));
        let found = server.addresses(&self.limits).await.map_err(failed)?;
        let addresses = self.permitted(&found).map_err(failed)?;
        let request =
            request(&server, &url, call).map_err(|error| failed(format!("cannot be asked: {error}")))?;
        let answer = server.call(&addresses, request, &self.limits).await.map_err(failed)?;
        Ok(Answer { status: answer.status.as_u16(), text: beginning(&answer.body) })
    }

    fn server(&self, url: &Url) -> Result<Server, &'static str> {
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err("it has no host"),
        };
        let port = url.port_or_known_default().unwrap_or_default();
        let tls = match url.scheme() {
            "https" => Some(self.tls.get_or_init(http::tls).clone()?),
            _ => None,
        };
        Server::new(&host, port, tls)
    }

    /// The network addresses that may be connected to.
    fn permitted(&self, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, String> {
        let permitted: Vec<SocketAddr> = found
            .iter()
            .filter(|found| self.reach.permits(found.ip()))
            .copied()
            .take(ADDRESSES_MAX)
            .collect();
        match (found.is_empty(), permitted.is_empty()) {
            (true, _) => Err("has no network address".to_owned()),
            // Without the address: that would tell strangers about the network around this machine.
            (false, true) => Err("does not lead to the internet".to_owned()),
            (false, false) => Ok(permitted),
        }
    }
}

fn request(server: &Server, url: &Url, call: &Call) -> hyper::http::Result<Request<Full<Bytes>>> {
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    Request::post(path)
        .header(HOST, server.authority())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "*/*")
        .header(USER_AGENT, "portal")
        .header("webhook-id", &call.id)
        .header("webhook-timestamp", call.timestamp)
        .header("webhook-signature", signature::sign(&call.secret, &call.id, call.timestamp, &call.body))
        .body(Full::new(Bytes::from(call.body.clone())))
}

/// The beginning of an answer, without control characters.
fn beginning(body: &[u8]) -> String {
    let start = &body[..body.len().min(4 * ANSWER_CHARACTERS)];
    let text = String::from_utf8_lossy(start);
    let shown = text.chars().filter(|character| !character.is_control() || matches!(character, '\n' | '\t'));
    shown.take(ANSWER_CHARACTERS).collect()
}

impl fmt::Debug for Http {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Http").field("reach", &self.reach).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h4_of_a_name_that_leads_to_several_places_only_those_of_the_internet_are_called() {
        let http = Http::new(Reach::Internet, Timing::default());
        let addresses = |list: &[&str]| -> Vec<SocketAddr> {
            list.iter().map(|address| address.parse().expect("an address")).collect()
        };
        let found = addresses(&["10.0.0.1:443", "8.8.8.8:443", "[::1]:443", "[2606:4700::1]:443"]);
        assert_eq!(http.permitted(&found), Ok(addresses(&["8.8.8.8:443", "[2606:4700::1]:443"])));
        let refused = http.permitted(&addresses(&["169.254.169.254:80"])).unwrap_err();
        assert!(!refused.contains("169"), "{refused}");
        assert!(http.permitted(&[]).is_err());
        let many: Vec<String> = (0..100).map(|number| format!("8.8.8.{number}:80")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(http.permitted(&addresses(&many)).map(|found| found.len()), Ok(ADDRESSES_MAX));
    }
}
