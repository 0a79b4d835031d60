//! The pages, one folder a module of the product.

pub(crate) mod brand;
pub(crate) mod clients;
pub(crate) mod early_access;
pub(crate) mod files;
pub(crate) mod messages;
pub(crate) mod profile;
pub(crate) mod reply;
pub(crate) mod settings;
pub(crate) mod sign_in;
