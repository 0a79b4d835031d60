//! Mail: one message to one person ([`Mail`]), sent by a [`Mailer`]: through an SMTP server, into a folder of `.eml` files, or
//! into memory for tests, with a DKIM signature if there is a key. The caller decides what to send, when, and whether to
//! retry; [`MailError::kind`] says whether that makes sense. Uses `lettre` for MIME and SMTP.

pub mod bounce;
mod dkim;
mod error;
mod folder;
mod mailer;
mod message;
mod one_line;
pub(crate) mod setting;
mod smtp;
mod status;

pub use self::dkim::{Dkim, DkimError};
pub use self::error::{MailError, MailErrorKind};
pub use self::folder::Folder;
pub use self::mailer::{Mailer, Medium, Memory};
pub use self::message::{Mail, Mailbox, is_address};
pub use self::one_line::one_line;
pub use self::setting::SettingError;
pub use self::smtp::Smtp;
