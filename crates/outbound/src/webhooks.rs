//! Webhooks: one call of a program of the firm's ([`Call`]), signed as Standard Webhooks says, and the ways in which it
//! can leave ([`Caller`]): over http or https, or into memory for tests. When and what to call, and whether to try again,
//! is the caller's to decide.
//!
//! Where to is whatever an admin typed, so that a call must not reach what only this machine can: see [`reach`].

mod call;
mod caller;
mod http;
mod memory;
pub mod reach;
pub mod signature;

pub use self::call::{ANSWER_BYTES, ANSWER_CHARACTERS, Answer, Call, CallError};
pub use self::caller::Caller;
pub use self::http::{Http, Timing};
pub use self::memory::Memory;
pub use self::reach::{Reach, URL_CHARACTERS, UrlError};
