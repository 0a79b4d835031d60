//! Makes calls.

use super::call::{Answer, Call, CallError};
use super::http::{Http, Timing};
use super::memory::Memory;
use super::reach::{self, Reach, UrlError};

/// Makes calls.
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

    /// Makes one try. Any answer is `Ok`, whatever its status.
    pub async fn call(&self, call: &Call) -> Result<Answer, CallError> {
        match self {
            Caller::Http(http) => http.call(call).await,
            Caller::Memory(memory) => memory.call(call),
        }
    }

    /// Checks whether an address may be called, without looking up its name: that is checked again for each call.
    pub fn check(&self, url: &str) -> Result<(), UrlError> {
        let reach = match self {
            Caller::Http(http) => http.reach(),
            Caller::Memory(_) => Reach::Anywhere,
        };
        reach::check(url, reach).map(|_| ())
    }
}
