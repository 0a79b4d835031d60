//! Uploads: the tus protocol 1.0, files in forms, and receiving bytes.

mod completing;
mod failures;
pub(crate) mod form;
mod incoming;
pub(crate) mod locks;
mod paced_body;
mod receiving;
mod segment;
pub(crate) mod tus;
mod uploader;
