//! Everything outside of the portal: mail, text messages, webhooks, stored files, the virus scanner. Each is an enum with a
//! memory variant, so that tests need no mocks. Knows neither the database nor the rules of the product.

#![warn(missing_docs)]

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
