//! The open streams of one workspace, and the routing of journal entries to them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::kernel::error::{Error, Result};
use domain::kernel::ids::{ChannelId, KeyId, PersonId, SessionId};
use domain::kernel::journal::Event;

use crate::live::api_stream::ApiStream;
use crate::live::batch::{Batch, Listening};
use crate::live::events;
use crate::live::stream::Stream;

/// Open streams of one person, over all devices. Beyond it, the oldest is closed.
const STREAMS_PER_PERSON: usize = 24;
/// Open streams of one API key. Beyond it, further ones are refused.
const STREAMS_PER_KEY: usize = 24;
/// When a refused API client may try again.
const REFUSED_FOR: Duration = Duration::from_secs(5);

/// A stream of pages.
pub(crate) struct PageStream {
    pub(crate) person: PersonId,
    pub(crate) session: SessionId,
    pub(crate) is_internal: bool,
    pub(crate) stream: Arc<Stream>,
}

pub(crate) struct WorkspaceStreams {
    /// The newest journal entry that has been routed. It is on disk.
    pub(crate) seq: i64,
    people: HashMap<PersonId, Vec<Arc<PageStream>>>,
    /// The streams of the people in them.
    channels: HashMap<ChannelId, Vec<Arc<PageStream>>>,
    keys: HashMap<KeyId, Vec<Arc<ApiStream>>>,
    /// Those of `keys` that have caught up with `seq`.
    caught_up: Vec<Arc<ApiStream>>,
}

impl WorkspaceStreams {
    pub(crate) fn after(seq: i64) -> WorkspaceStreams {
        WorkspaceStreams {
            seq,
            people: HashMap::new(),
            channels: HashMap::new(),
            keys: HashMap::new(),
            caught_up: Vec::new(),
        }
    }

    pub(crate) fn listening(&self) -> Listening {
        Listening { after: self.seq, has_pages: !self.people.is_empty(), api: self.caught_up.clone() }
    }

    pub(crate) fn pages(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.people.values().flatten().map(|page| &page.stream)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Stream>> {
        self.pages().chain(self.keys.values().flatten().map(|api| &api.stream))
    }

    pub(crate) fn add_page(&mut self, page: &Arc<PageStream>) {
        let streams = self.people.entry(page.person).or_default();
        if streams.len() >= STREAMS_PER_PERSON {
            streams.remove(0).stream.close();
        }
        streams.push(Arc::clone(page));
    }

    /// # Errors
    /// `TooMany` if the key has too many already.
    pub(crate) fn add_api(&mut self, api: &Arc<ApiStream>) -> Result<()> {
        let streams = self.keys.entry(api.key).or_default();
        if streams.len() >= STREAMS_PER_KEY {
            return Err(Error::TooMany(REFUSED_FOR));
        }
        streams.push(Arc::clone(api));
        Ok(())
    }

    /// Lets a stream that has received everything up to entry `seq` receive the next entries as they are routed. Returns
    /// false if there is more to catch up with.
    pub(crate) fn join(&mut self, api: &Arc<ApiStream>, seq: i64) -> bool {
        if seq < self.seq {
            return false;
        }
        // It may have been closed meanwhile.
        let open = self.keys.get(&api.key).into_iter().flatten();
        if open.into_iter().any(|other| Arc::ptr_eq(other, api)) {
            self.caught_up.push(Arc::clone(api));
        }
        true
    }

    pub(crate) fn forget(&mut self, stream: &Arc<Stream>) {
        let is_other = |other: &Arc<Stream>| !Arc::ptr_eq(other, stream);
        for streams in self.channels.values_mut().chain(self.people.values_mut()) {
            streams.retain(|page| is_other(&page.stream));
        }
        for streams in self.keys.values_mut().chain([&mut self.caught_up]) {
            streams.retain(|api| is_other(&api.stream));
        }
        self.channels.retain(|_, streams| !streams.is_empty());
        self.people.retain(|_, streams| !streams.is_empty());
        self.keys.retain(|_, streams| !streams.is_empty());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty() && self.keys.is_empty()
    }

    pub(crate) fn of_channel(&self, channel: ChannelId) -> impl Iterator<Item = &Arc<PageStream>> {
        self.channels.get(&channel).into_iter().flatten()
    }

    pub(crate) fn route(&mut self, batch: &Batch) {
        for api in &batch.revoked {
            api.stream.close();
        }
        for entry in &batch.entries {
            self.seq = entry.seq;
            for (api, bytes) in &entry.for_api {
                api.stream.send(bytes);
            }
            let Some(event) = &entry.event else { continue };
            // Lost access takes effect before anything else is sent; new members receive the entry that adds them.
            match event {
                Event::MembersChanged { channel, joined, left } => {
                    left.iter().for_each(|person| self.cut_off(*channel, *person));
                    joined.iter().for_each(|person| self.let_in(*channel, *person));
                }
                Event::AccessChanged { person } => self.close(*person, "reset", |_| true),
                Event::SessionEnded { session, person } => {
                    self.close(*person, "signed-out", |page| page.session == *session);
                }
                _ => {}
            }
            let (Some(bytes), Some(channel)) = (&entry.for_pages, event.channel()) else { continue };
            for page in self.of_channel(channel).filter(|page| page.is_internal || !event.is_internal()) {
                page.stream.send(bytes);
            }
        }
    }

    pub(crate) fn enter(&mut self, channel: ChannelId, page: &Arc<PageStream>) {
        let streams = self.channels.entry(channel).or_default();
        if !streams.iter().any(|other| Arc::ptr_eq(other, page)) {
            streams.push(Arc::clone(page));
        }
    }

    fn let_in(&mut self, channel: ChannelId, person: PersonId) {
        for page in self.people.get(&person).cloned().unwrap_or_default() {
            self.enter(channel, &page);
        }
    }

    fn cut_off(&mut self, channel: ChannelId, person: PersonId) {
        if let Some(streams) = self.channels.get_mut(&channel) {
            streams.retain(|page| page.person != person);
        }
        for page in self.people.get(&person).into_iter().flatten() {
            page.stream.send(&events::gone(channel));
            page.stream.close();
        }
    }

    fn close(&self, person: PersonId, event: &'static str, which: impl Fn(&PageStream) -> bool) {
        for page in self.people.get(&person).into_iter().flatten().filter(|page| which(page)) {
            page.stream.send(&events::bare(event));
            page.stream.close();
        }
    }
}
