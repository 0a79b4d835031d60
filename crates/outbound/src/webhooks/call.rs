//! One call and its answer.

use std::fmt;

/// Most of an answer that is read.
pub const ANSWER_BYTES: usize = 64 * 1024;
/// Characters of an answer that are passed on.
pub const ANSWER_CHARACTERS: usize = 1_000;

/// One try of a call.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// `webhook-id`: the same at each try, so that a repeat can be recognised.
    pub id: String,
    /// Where to.
    pub url: String,
    /// What signs it; see [`super::signature`].
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
