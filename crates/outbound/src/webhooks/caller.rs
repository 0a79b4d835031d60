//! The ways in which webhooks leave.

use super::call::{Answer, Call, CallError};
use super::http::{Http, Timing};
use super::memory::Memory;
use super::reach::{self, Reach, UrlError};

/// A way for webhooks to leave.
#[derive(Debug)]
pub enum Caller {
    /// Over http or https.
    Http(Http),
    /// Kept in memory, for tests.
    Memory(Memory),
}

impl Caller {
    /// Calls over http and https.
    pub fn new(reach: Reach) -> Caller {
        Caller::Http(Http::new(reach, Timing::default()))
    }

    /// Makes one try. `Ok` is whatever was answered, yes or no.
    ///
    /// # Errors
    /// Where no answer came, with the reason for the people who run the portal.
    pub async fn call(&self, call: &Call) -> Result<Answer, CallError> {
        match self {
            Caller::Http(http) => http.call(call).await,
            Caller::Memory(memory) => memory.call(call),
        }
    }

    /// Whether an address can be one of a webhook, as far as it says itself. What its name stands for is looked at each time
    /// that it is called.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn check(&self, url: &str) -> Result<(), UrlError> {
        let reach = match self {
            Caller::Http(http) => http.reach(),
            Caller::Memory(_) => Reach::Anywhere,
        };
        reach::check(url, reach).map(|_| ())
    }
}
