//! Why a text did not leave.

/// Whether it makes sense to try the same text again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextErrorKind {
    /// It may well work later: no connection, a time limit, too many at once, a server that fails; also one that does not
    /// let us in, as that says nothing about the text.
    Temporary,
    /// The same text will never be taken: a number that is none, or that no text reaches.
    Permanent,
    /// Whoever has that number told the provider to stop (Twilio's 21610): no text goes there until they say otherwise.
    Unsubscribed,
}

/// A text that did not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct TextError {
    /// Whether it makes sense to try the same text again.
    pub kind: TextErrorKind,
    /// Why, for the people who run the portal. Holds no secret and no number.
    pub cause: String,
}

impl TextError {
    /// One that may pass.
    pub fn temporary(cause: impl Into<String>) -> TextError {
        TextError { kind: TextErrorKind::Temporary, cause: cause.into() }
    }

    /// One that is final.
    pub fn permanent(cause: impl Into<String>) -> TextError {
        TextError { kind: TextErrorKind::Permanent, cause: cause.into() }
    }

    /// The number's owner wants none.
    pub fn unsubscribed(cause: impl Into<String>) -> TextError {
        TextError { kind: TextErrorKind::Unsubscribed, cause: cause.into() }
    }
}
