//! The world outside. What leaves the portal leaves through here, each way an enum with a memory variant, so that
//! the application itself needs no doubles in tests. Knows neither the database nor the rules of the product.

pub mod blobs;
pub mod documents;
pub mod folder;
mod http;
pub mod mail;
pub mod memory;
pub mod pictures;
pub mod scanner;
pub mod text;
pub mod webhooks;
