//! Why a mail was not sent.

/// Whether it makes sense to try the same mail again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailErrorKind {
    /// Worth another try: no connection, a time-out, an answer 4xx, a full disk; also a failed login (a changed password),
    /// which says nothing about the mail.
    Temporary,
    /// The same mail will never be accepted: an answer 5xx, or an invalid address.
    Permanent,
    /// The address will never accept mail: it does not exist, or its mailbox is disabled.
    NoMailbox,
}

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct MailError {
    /// Whether it makes sense to try the same mail again.
    pub kind: MailErrorKind,
    /// The reason, for operators, in the server's words if it gave one. Contains no password.
    pub cause: String,
}

impl MailError {
    /// A [`MailErrorKind::Temporary`] error.
    pub fn temporary(cause: impl Into<String>) -> MailError {
        MailError { kind: MailErrorKind::Temporary, cause: cause.into() }
    }

    /// A [`MailErrorKind::Permanent`] error.
    pub fn permanent(cause: impl Into<String>) -> MailError {
        MailError { kind: MailErrorKind::Permanent, cause: cause.into() }
    }

    /// A [`MailErrorKind::NoMailbox`] error.
    pub fn no_mailbox(cause: impl Into<String>) -> MailError {
        MailError { kind: MailErrorKind::NoMailbox, cause: cause.into() }
    }

    /// Whether the kind is [`MailErrorKind::Temporary`].
    pub fn is_temporary(&self) -> bool {
        self.kind == MailErrorKind::Temporary
    }
}
