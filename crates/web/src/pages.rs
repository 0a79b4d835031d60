//! The pages, one folder for each module of the product. They read and write through `domain` and render
//! `askama` templates; the addresses are listed in [`crate::router`].

pub(crate) mod brand;
pub(crate) mod clients;
pub(crate) mod early_access;
pub(crate) mod files;
pub(crate) mod messages;
pub(crate) mod profile;
pub(crate) mod reply;
pub(crate) mod settings;
pub(crate) mod sign_in;
