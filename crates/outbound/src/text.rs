//! Text messages: one text to one number ([`Text`]), and the ways in which it can leave ([`Texter`]): a server that speaks
//! Twilio's Messages call, a folder of `.json` files, or memory for tests; also what comes back from there ([`incoming`]).
//! When and what to send, and whether to try again, is the caller's to decide; [`TextError::kind`] says what trying again
//! would be good for.

mod folder;
mod gsm;
pub mod incoming;
mod setting;
mod twilio;

use std::fmt;

pub use self::folder::Folder;
pub use self::gsm::{ONE_PART_SEPTETS, ONE_PART_UNITS, Script, fits};
pub use self::setting::SettingError;
pub use self::twilio::Twilio;

/// Texts kept in memory, for tests.
pub type Memory = crate::memory::Memory<Text, TextError>;

/// Characters of a text at most: ten parts, as Twilio takes them. What the portal writes is far shorter.
const CHARACTERS_MAX: usize = 1_600;

/// One text to one number.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The delivery it belongs to: the same for each try, so that a repeat after a crash can be recognised.
    pub id: String,
    /// The number: `+` and 7 to 15 digits (E.164).
    pub to: String,
    /// What it says.
    pub body: String,
}

/// Shows the id alone: neither numbers nor links belong into logs.
impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Text").field("id", &self.id).finish_non_exhaustive()
    }
}

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

/// A way for texts to leave. Its `Debug` and `Display` show neither account nor token.
#[derive(Debug)]
pub enum Texter {
    /// Through a server that speaks Twilio's Messages call.
    Twilio(Twilio),
    /// Into a folder, one `.json` file a text.
    Folder(Folder),
    /// Kept in memory, for tests.
    Memory(Memory),
}

impl Texter {
    /// Sends one text. `Ok` means that the server has taken it, or that its file is on disk.
    ///
    /// # Errors
    /// See [`TextErrorKind`]. A number or a text that is none is refused alike by every way, and for good.
    pub async fn send(&self, text: &Text) -> Result<(), TextError> {
        if !is_number(&text.to) {
            return Err(TextError::permanent("this is no number that a text can go to"));
        }
        if text.body.is_empty() || text.body.chars().count() > CHARACTERS_MAX {
            return Err(TextError::permanent("this is no text that can be sent"));
        }
        match self {
            Texter::Twilio(twilio) => twilio.send(text).await,
            Texter::Folder(folder) => folder.send(text).await,
            Texter::Memory(memory) => memory.send(text),
        }
    }

    /// Tries the way without sending anything: asks the server for its account, or writes a file and removes it. Answers
    /// with one sentence that says what was found.
    ///
    /// # Errors
    /// What stands in the way; its kind means nothing here.
    pub async fn check(&self) -> Result<String, TextError> {
        match self {
            Texter::Twilio(twilio) => twilio.check().await,
            Texter::Folder(folder) => folder.check().await,
            Texter::Memory(_) => Ok("texts are kept in memory".to_owned()),
        }
    }

    /// Whether a call of `url` with these fields was signed by the provider that texts leave through. Where none has a
    /// token to sign with, nothing is.
    pub fn has_signed(&self, url: &str, fields: &[(String, String)], signature: &str) -> bool {
        match self {
            Texter::Twilio(twilio) => twilio.has_signed(url, fields, signature),
            Texter::Folder(_) | Texter::Memory(_) => false,
        }
    }
}

impl fmt::Display for Texter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Texter::Twilio(twilio) => twilio.fmt(formatter),
            Texter::Folder(folder) => write!(formatter, "folder:{}", folder.path().display()),
            Texter::Memory(_) => formatter.write_str("memory"),
        }
    }
}

/// Whether this is `+` and 7 to 15 digits, the first of them not 0 (E.164).
pub fn is_number(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}
