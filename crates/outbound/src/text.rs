//! Text messages: one text to one number ([`Text`]), and the ways in which it can leave ([`Texter`]): a server that speaks
//! Twilio's Messages call, a folder of `.json` files, or memory for tests; also what comes back from there ([`incoming`]).
//! When and what to send, and whether to try again, is the caller's to decide; [`TextError::kind`] says what trying again
//! would be good for.

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
