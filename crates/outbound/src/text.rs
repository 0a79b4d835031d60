//! Text messages: one text to one number ([`Text`]), sent by a [`Texter`]: through a server with Twilio's Messages call, into a
//! folder of `.json` files, or into memory for tests; also what people write back ([`incoming`]). The caller decides what to
//! send, when, and whether to retry; [`TextError::kind`] says whether that makes sense.

mod error;
mod folder;
mod gsm;
pub mod incoming;
mod message;
mod setting;
mod texter;
mod twilio;

pub use self::error::{TextError, TextErrorKind};
pub use self::folder::Folder;
pub use self::gsm::{ONE_PART_SEPTETS, ONE_PART_UNITS, Script, fits};
pub use self::message::{Text, is_number};
pub use self::setting::SettingError;
pub use self::texter::{Memory, Texter};
pub use self::twilio::Twilio;
