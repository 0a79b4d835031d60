//! Sends mail.

use std::fmt;

use super::dkim::Dkim;
use super::error::MailError;
use super::folder::Folder;
use super::message::Mail;
use super::smtp::Smtp;

/// Mails kept in memory, for tests.
pub type Memory = crate::memory::Memory<Mail, MailError>;

/// Sends mail, signed if there is a key. Its `Debug` and `Display` never show a user name or a password.
#[derive(Debug)]
pub struct Mailer {
    pub(super) way: Medium,
    dkim: Option<Dkim>,
}

/// Where mail is sent.
#[derive(Debug)]
pub enum Medium {
    /// Through an SMTP server.
    Smtp(Smtp),
    /// Into a folder, one `.eml` file a mail.
    Folder(Folder),
    /// Kept in memory, for tests.
    Memory(Memory),
}

impl From<Smtp> for Mailer {
    fn from(smtp: Smtp) -> Mailer {
        Mailer { way: Medium::Smtp(smtp), dkim: None }
    }
}

impl From<Folder> for Mailer {
    fn from(folder: Folder) -> Mailer {
        Mailer { way: Medium::Folder(folder), dkim: None }
    }
}

impl From<Memory> for Mailer {
    fn from(memory: Memory) -> Mailer {
        Mailer { way: Medium::Memory(memory), dkim: None }
    }
}

impl Mailer {
    /// The same mailer, signing every mail (DKIM).
    pub fn signed(self, dkim: Dkim) -> Mailer {
        Mailer { dkim: Some(dkim), ..self }
    }

    /// Where mail is sent.
    pub fn way(&self) -> &Medium {
        &self.way
    }

    /// What mails are signed with.
    pub fn dkim(&self) -> Option<&Dkim> {
        self.dkim.as_ref()
    }

    /// Sends one mail. `Ok` means that the server has accepted it, or that its file is on disk.
    ///
    /// # Errors
    /// See [`super::MailErrorKind`]. An invalid address or Message-ID is a permanent error wherever mail is sent.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let message = mail.message()?;
        let mut bytes = message.formatted();
        if let Some(dkim) = &self.dkim {
            bytes = dkim.sign(&bytes, mail.date_ms);
        }
        match &self.way {
            Medium::Smtp(smtp) => smtp.send(message.envelope(), &bytes).await,
            Medium::Folder(folder) => folder.send(&mail.message_id, bytes).await,
            Medium::Memory(memory) => memory.send(mail),
        }
    }

    /// Checks that mail could be sent: connects and signs in, or writes and removes a file. Returns a sentence for the user.
    /// The kind of an error means nothing here.
    pub async fn check(&self) -> Result<String, MailError> {
        match &self.way {
            Medium::Smtp(smtp) => smtp.check().await,
            Medium::Folder(folder) => folder.check().await,
            Medium::Memory(_) => Ok("mail is kept in memory".to_owned()),
        }
    }
}

impl fmt::Display for Mailer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Medium::Smtp(smtp) => smtp.fmt(formatter),
            Medium::Folder(folder) => write!(formatter, "folder:{}", folder.path().display()),
            Medium::Memory(_) => formatter.write_str("memory"),
        }
    }
}
