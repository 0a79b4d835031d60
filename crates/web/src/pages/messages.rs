//! Messages: the channel list, the conversation, sending and everything around it.

pub(crate) mod channel_list;
pub(crate) mod channels;
pub(crate) mod conversation;
pub(crate) mod delivery_status;
pub(crate) mod editing;
pub(crate) mod entries;
pub(crate) mod entry;
pub(crate) mod fragment;
pub(crate) mod members;
pub(crate) mod new_channel;
pub(crate) mod search;
pub(crate) mod sending;
pub(crate) mod start_channel;
