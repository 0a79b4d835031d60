//! A workspace as such: its host, brand and settings, its API keys, and who asked for early access.

pub mod api_keys;
pub mod brand;
pub mod brand_settings;
pub mod colors;
pub mod early_access;
pub mod settings;
pub mod workspaces;
