//! What is sent to people outside the portal: what is due, digests, deliveries, reply links, delivery status.

pub mod bounces;
pub mod clock_put_back;
pub mod consents;
pub mod decision;
pub mod deliveries;
pub mod delivery;
pub mod delivery_status;
pub mod digest_part;
pub mod digests;
pub mod due;
pub mod history;
pub mod manual_send;
pub mod muting;
pub mod phone;
pub mod phone_settings;
pub mod preferences;
pub mod quiet_hours;
pub mod reply_links;
pub mod sms_keywords;
pub mod status_changes;
pub mod text_deliveries;
pub mod webhook_deliveries;
