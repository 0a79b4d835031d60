//! Why a mail did not leave.

/// Whether it makes sense to try the same mail again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailErrorKind {
    /// It may well work later: no connection, a time limit, an answer 4xx, a full disk; also a server that does not
    /// let us in (a changed password), as that says nothing about the mail.
    Temporary,
    /// The same mail will never be taken: an answer 5xx to it, or an address that is none.
    Permanent,
    /// No mail will ever be taken for this address: nobody is there, or their mailbox is switched off.
    NoMailbox,
}

/// A mail that did not leave.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct MailError {
    /// Whether it makes sense to try the same mail again.
    pub kind: MailErrorKind,
    /// Why, for the people who run the portal; where a server said it, in its words. Holds no password.
    pub cause: String,
}

impl MailError {
    /// One that may pass.
    pub fn temporary(cause: impl Into<String>) -> MailError {
        MailError { kind: MailErrorKind::Temporary, cause: cause.into() }
    }

    /// One that is final.
    pub fn permanent(cause: impl Into<String>) -> MailError {
        MailError { kind: MailErrorKind::Permanent, cause: cause.into() }
    }

    /// One that is final for its address.
    pub fn no_mailbox(cause: impl Into<String>) -> MailError {
        MailError { kind: MailErrorKind::NoMailbox, cause: cause.into() }
    }

    /// Whether it may pass.
    pub fn is_temporary(&self) -> bool {
        self.kind == MailErrorKind::Temporary
    }
}
