//! Uploads: the tus protocol 1.0, files in forms, and receiving bytes.

mod completing;
mod failures;
pub(crate) mod form;
mod incoming;
pub(crate) mod locks;
pub(crate) mod paced_body;
pub(crate) mod receiving;
mod repair;
mod segment;
pub(crate) mod tus;
mod uploader;
