//! The workspace itself: host, brand, settings, API keys, and early access entries.

pub mod api_keys;
pub mod brand;
pub mod brand_settings;
pub mod colors;
pub mod early_access;
pub mod settings;
pub mod workspaces;
