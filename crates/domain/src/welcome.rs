//! The welcome message: its setting, its template, and the greeting at the first sign-in.

pub mod greeting;
pub mod setting;
pub mod template;
