//! Streams of API clients: what each is about, and who receives an entry. Access is decided once per entry and person, in
//! the view of the database in which the entry is read; an event is written once, or once per person if it differs.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use domain::channels::members;
use domain::kernel::access::{self, Actor};
use domain::kernel::error::{Error, Result};
use domain::kernel::ids::{ChannelId, KeyId, PersonId};
use domain::kernel::journal::Event;
use store::{Reader, Recorded};

use crate::live::stream::Stream;

/// An event as API clients receive it.
pub(crate) struct ApiEvent {
    pub(crate) bytes: Bytes,
    /// Whether it differs by whose key receives it.
    pub(crate) is_personal: bool,
}

/// Writes an entry as an event; `None` if API clients do not receive it. The hub is given it: objects of the API are above.
pub(crate) type WriteApiEvent =
    Arc<dyn Fn(&Reader, &Actor, &Recorded, &Event) -> Result<Option<ApiEvent>> + Send + Sync>;

/// What a stream is about.
#[derive(Clone, Copy)]
pub(crate) struct Scope {
    /// Everything in the workspace, or only what the admin behind the key would see on pages.
    pub(crate) is_whole: bool,
    /// Only this channel.
    pub(crate) channel: Option<ChannelId>,
}

pub(crate) struct ApiStream {
    pub(crate) actor: Actor,
    pub(crate) key: KeyId,
    pub(crate) scope: Scope,
    /// It receives what comes after this entry.
    pub(crate) after: i64,
    pub(crate) stream: Arc<Stream>,
}

impl ApiStream {
    fn wants(&self, entry: &Recorded, event: &Event) -> bool {
        entry.seq > self.after && self.scope.channel.is_none_or(|channel| event.channel() == Some(channel))
    }
}

/// Finds the receivers of entries, all in one view of the database.
pub(crate) struct ApiRouter<'a> {
    reader: &'a Reader,
    write: &'a WriteApiEvent,
    /// `None` for people who are no longer active.
    admins: HashMap<PersonId, Option<Actor>>,
}

impl ApiRouter<'_> {
    pub(crate) fn new<'a>(reader: &'a Reader, write: &'a WriteApiEvent) -> ApiRouter<'a> {
        ApiRouter { reader, write, admins: HashMap::new() }
    }

    /// Those of the streams that receive an entry, each with the bytes.
    pub(crate) fn route(
        &mut self,
        entry: &Recorded,
        event: &Event,
        streams: &[Arc<ApiStream>],
    ) -> Result<Vec<(Arc<ApiStream>, Bytes)>> {
        let mut admitted: HashMap<PersonId, bool> = HashMap::new();
        // By person if it differs, else under `None`.
        let mut written: HashMap<Option<PersonId>, Option<Bytes>> = HashMap::new();
        let mut routed = Vec::new();
        for stream in streams.iter().filter(|stream| stream.wants(entry, event)) {
            let actor = &stream.actor;
            let is_admitted = stream.scope.is_whole
                || match admitted.entry(actor.person) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(person) => *person.insert(self.admits(actor, event)?),
                };
            if !is_admitted {
                continue;
            }
            let known = written.get(&None).or_else(|| written.get(&Some(actor.person)));
            let bytes = match known {
                Some(known) => known.clone(),
                None => {
                    let event = (self.write)(self.reader, actor, entry, event)?;
                    let is_personal = event.as_ref().is_some_and(|event| event.is_personal);
                    let whose = is_personal.then_some(actor.person);
                    written.entry(whose).or_insert(event.map(|event| event.bytes)).clone()
                }
            };
            routed.extend(bytes.map(|bytes| (Arc::clone(stream), bytes)));
        }
        Ok(routed)
    }

    /// Whether a stream that does not cover the whole workspace receives an entry: only for channels that its admin is in,
    /// and for people, companies and projects that they may see.
    fn admits(&mut self, actor: &Actor, event: &Event) -> Result<bool> {
        let reader = self.reader;
        let admin = match self.admins.entry(actor.person) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(person) => *person.insert(access::actor(reader, actor.workspace, actor.person)?),
        };
        let Some(admin) = admin else { return Ok(false) };
        let sees = match event {
            Event::ClientCreated { client }
            | Event::ClientUpdated { client }
            | Event::ClientActivated { client } => access::client(reader, &admin, *client),
            Event::CompanyCreated { company } | Event::CompanyUpdated { company } => {
                access::company(reader, &admin, *company)
            }
            Event::ProjectCreated { project } | Event::ProjectUpdated { project } => {
                access::project(reader, &admin, *project)
            }
            _ => match event.channel() {
                Some(channel) => return members::is_in(reader, &admin, channel),
                // Access to a deleted object can no longer be checked: only those with access to everything receive these.
                None => return Ok(!admin.limited),
            },
        };
        match sees {
            Ok(()) => Ok(true),
            Err(Error::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
