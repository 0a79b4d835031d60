//! The settings of a workspace, for admins.

pub(crate) mod api_keys;
pub(crate) mod audit_log;
pub(crate) mod audit_log_words;
pub(crate) mod bounces;
pub(crate) mod brand;
pub(crate) mod brand_pictures;
pub(crate) mod files;
pub(crate) mod joining;
pub(crate) mod messaging;
pub(crate) mod notification_history;
pub(crate) mod team;
pub(crate) mod webhooks;
pub(crate) mod welcome;
