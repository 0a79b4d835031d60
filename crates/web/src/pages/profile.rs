//! What people change about themselves.

pub(crate) mod consents;
pub(crate) mod device;
pub(crate) mod notification_preferences;
pub(crate) mod profile_page;
pub(crate) mod texts;
pub(crate) mod time_zones;
