//! Uploads: the tus protocol 1.0, files in forms, and receiving bytes.

pub(crate) mod form;
pub(crate) mod locks;
pub(crate) mod paced_body;
pub(crate) mod receiving;
pub(crate) mod repair;
pub(crate) mod tus;
pub(crate) mod uploader;
