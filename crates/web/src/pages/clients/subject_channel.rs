//! From the page of a client user, a company or a project to its channel.

use domain::channels::channel;
use domain::channels::starting::{self, Subject};
use domain::kernel::access::Actor;
use domain::kernel::error::{Error, Result};
use domain::kernel::ids::ChannelId;
use store::Reader;
use uuid::Uuid;

use crate::http::visit::Visit;

/// The channel of a subject. Returns `None` if there is none or the actor may not see it.
pub(crate) fn channel_of(reader: &Reader, actor: &Actor, subject: Uuid) -> Result<Option<ChannelId>> {
    match channel::of_subject(reader, actor.workspace, subject)? {
        Some(channel) => Ok(seen(channel::find(reader, actor, channel))?.map(|channel| channel.id)),
        None => Ok(None),
    }
}

/// Creates the channel of a subject, or returns the existing one (C1).
pub(crate) async fn make_channel(visit: &Visit, subject: Subject) -> Result<ChannelId> {
    visit.write(move |tx, actor| starting::create(tx, actor, &subject)).await
}

/// Turns `NotFound` into `None`.
pub(crate) fn seen<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
