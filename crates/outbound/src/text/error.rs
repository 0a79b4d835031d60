//! Why a text was not sent.

/// Whether it makes sense to try the same text again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextErrorKind {
    /// It may well work later: no connection, a time limit, too many at once, a server that fails; also one that does not
    /// let us in, as that says nothing about the text.
    Temporary,
    /// The same text will never be accepted: an invalid number, or one that receives no texts.
    Permanent,
    /// The number's owner told the provider to stop (Twilio's 21610): it accepts no text until they say otherwise.
    Unsubscribed,
}

/// Why a text was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct TextError {
    /// Whether it makes sense to try the same text again.
    pub kind: TextErrorKind,
    /// The reason, for operators. Contains no secret and no number.
    pub cause: String,
}

impl TextError {
    /// A [`TextErrorKind::Temporary`] error.
    pub fn temporary(cause: impl Into<String>) -> TextError {
        TextError { kind: TextErrorKind::Temporary, cause: cause.into() }
    }

    /// A [`TextErrorKind::Permanent`] error.
    pub fn permanent(cause: impl Into<String>) -> TextError {
        TextError { kind: TextErrorKind::Permanent, cause: cause.into() }
    }

    /// A [`TextErrorKind::Unsubscribed`] error.
    pub fn unsubscribed(cause: impl Into<String>) -> TextError {
        TextError { kind: TextErrorKind::Unsubscribed, cause: cause.into() }
    }
}
