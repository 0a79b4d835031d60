//! Webhooks: one call of a program of the firm's ([`Call`]), signed as Standard Webhooks says, and the ways in which it
//! can leave ([`Caller`]): over http or https, or into memory for tests. When and what to call, and whether to try again,
//! is the caller's to decide.
//!
//! Where to is whatever an admin typed, so that a call must not reach what only this machine can: see [`reach`].

mod http;
mod memory;
pub mod reach;
pub mod signature;

use std::fmt;

pub use self::http::{Http, Timing};
pub use self::memory::Memory;
pub use self::reach::Reach;

/// Most of an answer that is read.
pub const ANSWER_BYTES: usize = 64 * 1024;
/// Characters of an answer that are passed on.
pub const ANSWER_CHARACTERS: usize = 1_000;
/// Characters of an address: more than any server takes.
pub const URL_CHARACTERS: usize = 2_000;

/// One try of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// `webhook-id`: the same at each try, so that a repeat can be recognised.
    pub id: String,
    /// Where to.
    pub url: String,
    /// What signs it; see [`signature`].
    pub secret: Vec<u8>,
    /// `webhook-timestamp`: when this try is made, in seconds since 1970 (UTC).
    pub timestamp: i64,
    /// JSON.
    pub body: String,
}

/// Shows the id alone: neither what happened nor the secret belongs into logs.
impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a program answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The beginning of what it said: at most [`ANSWER_CHARACTERS`].
    pub text: String,
}

impl Answer {
    /// Whether it has taken the call: any status 2xx. A redirect is no yes, and is not followed.
    pub fn is_yes(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether it wants no further ones: 410, as Standard Webhooks says.
    pub fn is_gone(&self) -> bool {
        self.status == 410
    }
}

/// A call that was not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CallError(pub String);

/// An address that is none for a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is not http or https with a host, or has a user name, a password or a part behind `#`.
    #[error("this is no address that a webhook can have")]
    None,
    /// It leads to a network that only this machine sees.
    #[error("this address does not lead to the internet")]
    Private,
}

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
