//! Webhooks: one call of a firm's own program ([`Call`]), signed as Standard Webhooks says and made by a [`Caller`], over http
//! or https, or into memory for tests. Users of this module decide what to call, when, and whether to retry.
//!
//! Admins type the addresses, so calls must not reach networks that only this machine can reach: see [`reach`].

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
