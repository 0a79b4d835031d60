//! Mail: one message to one person ([`Mail`]), and how it leaves ([`Mailer`]): through an SMTP server, into a folder of
//! `.eml` files, or into memory for tests, with the sender's signature where there is a key. When and what to send, and whether
//! to try again, is the caller's to decide; [`MailError::kind`] says what trying again would be good for. Relies on `lettre` for MIME and SMTP.

pub mod bounce;
mod dkim;
mod folder;
mod message;
pub(crate) mod setting;
mod smtp;
mod status;

use std::fmt;

pub use self::dkim::{Dkim, DkimError};
pub use self::folder::Folder;
pub use self::message::{is_address, one_line};
pub use self::setting::SettingError;
pub use self::smtp::Smtp;

/// Mails kept in memory, for tests.
pub type Memory = crate::memory::Memory<Mail, MailError>;

/// One message to one person.
///
/// Names, subject, texts and header values may hold anything that people typed: whatever is in them, the mail has the
/// headers and the one recipient that it was given.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// Without angle brackets: `sign-in.0190…@portal.example`. The same for each try of the same mail, so that a repeat
    /// after a crash is the same mail to mail systems. At most 200 bytes, dots and atoms (RFC 5322, 3.6.4).
    pub message_id: String,
    /// When it was written, in milliseconds since 1970 (UTC).
    pub date_ms: i64,
    /// Who it is from; the address is also the one that bounces go to.
    pub from: Mailbox,
    /// The only recipient.
    pub to: Mailbox,
    /// Shown on one line: see [`one_line`]; at most 250 characters of it are kept.
    pub subject: String,
    /// The part for readers without HTML.
    pub text: String,
    /// The part for readers with HTML; a whole document.
    pub html: String,
    /// Further headers, such as `List-Unsubscribe` or `References`. Those that every mail has are not to be named here.
    pub headers: Vec<(&'static str, String)>,
}

/// Shows the Message-ID alone: neither addresses nor texts belong into logs.
impl fmt::Debug for Mail {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Mail").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// A name and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Shown on one line: see [`one_line`]; at most 120 characters of it are kept. May be empty.
    pub name: String,
    /// `jane@firm.example`: see [`is_address`].
    pub address: String,
}

impl Mailbox {
    /// A mailbox of this name and address.
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Mailbox {
        Mailbox { name: name.into(), address: address.into() }
    }
}

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

/// How mail leaves: by some way, and signed or not. Its `Debug` and `Display` never show a user name or a password.
#[derive(Debug)]
pub struct Mailer {
    way: Way,
    dkim: Option<Dkim>,
}

/// A way for mail to leave.
#[derive(Debug)]
pub enum Way {
    /// Through an SMTP server.
    Smtp(Smtp),
    /// Into a folder, one `.eml` file a mail.
    Folder(Folder),
    /// Kept in memory, for tests.
    Memory(Memory),
}

impl From<Smtp> for Mailer {
    fn from(smtp: Smtp) -> Mailer {
        Mailer { way: Way::Smtp(smtp), dkim: None }
    }
}

impl From<Folder> for Mailer {
    fn from(folder: Folder) -> Mailer {
        Mailer { way: Way::Folder(folder), dkim: None }
    }
}

impl From<Memory> for Mailer {
    fn from(memory: Memory) -> Mailer {
        Mailer { way: Way::Memory(memory), dkim: None }
    }
}

impl Mailer {
    /// The same, with every mail signed (DKIM).
    pub fn signed(self, dkim: Dkim) -> Mailer {
        Mailer { dkim: Some(dkim), ..self }
    }

    /// The way that mail takes.
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// What mails are signed with.
    pub fn dkim(&self) -> Option<&Dkim> {
        self.dkim.as_ref()
    }

    /// Sends one mail. `Ok` means that the server has taken it, or that its file is on disk.
    ///
    /// # Errors
    /// See [`MailErrorKind`]. A mail that cannot be written at all (an address that is none, a Message-ID that is none)
    /// is refused alike by every way, and for good.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = mail.message()?;
        let mut bytes = message.formatted();
        if let Some(dkim) = &self.dkim {
            bytes = dkim.sign(&bytes, mail.date_ms);
        }
        match &self.way {
            Way::Smtp(smtp) => smtp.send(message.envelope(), &bytes).await,
            Way::Folder(folder) => folder.send(&mail.message_id, bytes).await,
            Way::Memory(memory) => memory.send(mail),
        }
    }

    /// Tries the way without sending anything: connects and signs in, or writes a file and removes it. Answers with one
    /// sentence that says what was found.
    ///
    /// # Errors
    /// What stands in the way; its kind means nothing here.
    pub async fn check(&self) -> Result<String, MailError> {
        match &self.way {
            Way::Smtp(smtp) => smtp.check().await,
            Way::Folder(folder) => folder.check().await,
            Way::Memory(_) => Ok("mail is kept in memory".to_owned()),
        }
    }
}

impl fmt::Display for Mailer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Smtp(smtp) => smtp.fmt(formatter),
            Way::Folder(folder) => write!(formatter, "folder:{}", folder.path().display()),
            Way::Memory(_) => formatter.write_str("memory"),
        }
    }
}
