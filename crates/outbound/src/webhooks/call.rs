//! One call and its answer.

use std::fmt;

/// Maximum bytes read of an answer.
pub const ANSWER_BYTES: usize = 64 * 1024;
/// Maximum characters kept of an answer.
pub const ANSWER_CHARACTERS: usize = 1_000;

/// One try of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// `webhook-id`: the same for each try, so that programs recognize a repeat.
    pub id: String,
    /// Where to.
    pub url: String,
    /// The key for the signature; see [`super::signature`].
    pub secret: Vec<u8>,
    /// `webhook-timestamp`: when this try is made, in seconds since 1970 (UTC).
    pub timestamp: i64,
    /// JSON.
    pub body: String,
}

/// Shows only the id: events and secrets do not belong in logs.
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
    /// The beginning of the body, at most [`ANSWER_CHARACTERS`].
    pub text: String,
}

impl Answer {
    /// Whether the program accepted the call: any status 2xx. Redirects are not followed and count as no.
    pub fn is_yes(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the program wants no more calls: 410, as Standard Webhooks says.
    pub fn is_gone(&self) -> bool {
        self.status == 410
    }
}

/// Why a call was not answered, for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CallError(pub String);
