//! The hub: follows the journal of every workspace with open streams and routes its entries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use domain::channels::channel;
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::{ChannelId, PersonId, SessionId, WorkspaceId};
use domain::kernel::journal::Event;
use store::{Reader, Recorded, Store};

use crate::live::events;
use crate::live::stream::{Registry, Stream, StreamBody};
use crate::services::Web;

/// Journal entries per read.
const ENTRIES_AT_ONCE: i64 = 500;
/// Entries replayed to a stream that reconnects; after a longer gap the page reloads.
const REPLAYED_MAX: i64 = 1000;
/// Open streams of one person, over all devices. Beyond it, the oldest is closed.
const STREAMS_PER_PERSON: usize = 24;
/// Other processes (a command, another node) write without signaling this one, so the hub also polls.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Polls between two heartbeats.
const HEARTBEAT_EVERY: u32 = 25;

pub(crate) struct Hub {
    store: Store,
    streams_by_workspace: Mutex<HashMap<WorkspaceId, WorkspaceStreams>>,
}

#[derive(Default)]
struct WorkspaceStreams {
    /// The newest journal entry that has been routed.
    seq: i64,
    channels: HashMap<ChannelId, Vec<Arc<Stream>>>,
    people: HashMap<PersonId, Vec<Arc<Stream>>>,
}

/// A journal entry with the event that pages receive.
struct RoutedEvent {
    seq: i64,
    event: Option<Event>,
    bytes: Option<Bytes>,
}

impl Hub {
    /// Starts a hub that follows the journal until the process shuts down.
    pub(crate) fn start(web: &Web) -> Arc<Hub> {
        let hub = Arc::new(Hub { store: web.store.clone(), streams_by_workspace: Mutex::default() });
        let following = Arc::clone(&hub);
        let mut signal = web.store.signal();
        let mut stopping = web.stopping.clone();
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(LOOK_EVERY);
            tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            let mut ticks: u32 = 0;
            loop {
                tokio::select! {
                    changed = signal.changed() => if changed.is_err() { break },
                    _ = tick.tick() => {
                        ticks = ticks.wrapping_add(1);
                        if ticks.is_multiple_of(HEARTBEAT_EVERY) {
                            following.tell_everyone(&events::heartbeat());
                        }
                    }
                    _ = stopping.wait_for(|stop| *stop) => break,
                }
                following.follow().await;
            }
            following.close_all();
        });
        hub
    }

    fn workspaces(&self) -> MutexGuard<'_, HashMap<WorkspaceId, WorkspaceStreams>> {
        // No code panics while holding the lock.
        self.streams_by_workspace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn streams(&self) -> usize {
        self.workspaces().values().flat_map(|house| house.people.values()).map(Vec::len).sum()
    }

    /// Opens a stream that starts with everything after entry `after`.
    pub(crate) async fn open(
        self: &Arc<Hub>,
        actor: &Actor,
        session: SessionId,
        after: Option<i64>,
    ) -> error::Result<StreamBody> {
        let actor = *actor;
        let workspace = actor.workspace;
        // A workspace without streams is not followed, so it starts at the newest entry.
        let head =
            self.store.read(move |reader| Ok::<_, error::Error>(reader.journal_head(workspace.0)?)).await?;
        let stream = Stream::new(&actor, session);
        // Registered before its channels are read, so that an entry that ends access in between still closes it.
        let followed = {
            let mut houses = self.workspaces();
            let house = houses
                .entry(workspace)
                .or_insert_with(|| WorkspaceStreams { seq: head, ..WorkspaceStreams::default() });
            let streams = house.people.entry(actor.person).or_default();
            if streams.len() >= STREAMS_PER_PERSON {
                streams.remove(0).close();
            }
            streams.push(Arc::clone(&stream));
            house.seq
        };
        // Dropping it, for instance on an error below, unregisters the stream.
        let mut body = StreamBody::new(Arc::clone(&stream), Arc::downgrade(self) as Weak<dyn Registry>);
        let channels = self.store.read(move |reader| channel::ids_of(reader, &actor)).await?;
        // Entries routed from here on arrive live; older ones are read from the journal.
        let seq = {
            let mut houses = self.workspaces();
            let house = houses
                .entry(workspace)
                .or_insert_with(|| WorkspaceStreams { seq: followed, ..WorkspaceStreams::default() });
            for channel in &channels {
                house.enter(*channel, &stream);
            }
            house.seq
        };
        let after = after.unwrap_or(followed);
        let missed = if after < seq {
            self.store.read_long(move |reader| missed(reader, &actor, &channels, after, seq)).await?
        } else if after > head.max(seq) {
            // The number comes from a newer state of the database, for instance before a backup was restored.
            events::bare("reset")
        } else {
            Bytes::new()
        };
        let mut first = BytesMut::from(&b"retry: 1000\n\n"[..]);
        first.extend_from_slice(&missed);
        body.begin_with(first.freeze());
        Ok(body)
    }

    pub(crate) fn typing(&self, workspace: WorkspaceId, channel: ChannelId, person: PersonId, name: &str) {
        let event = events::typing(channel, person, name);
        let houses = self.workspaces();
        let streams = houses.get(&workspace).and_then(|house| house.channels.get(&channel));
        for stream in streams.into_iter().flatten().filter(|stream| stream.person != person) {
            stream.send(&event);
        }
    }

    fn tell_everyone(&self, event: &Bytes) {
        for streams in self.workspaces().values().flat_map(|house| house.people.values()) {
            for stream in streams {
                stream.send(event);
            }
        }
    }

    fn close_all(&self) {
        self.tell_everyone(&events::bare("stopping"));
        for streams in self.workspaces().values().flat_map(|house| house.people.values()) {
            streams.iter().for_each(|stream| stream.close());
        }
    }

    /// Routes all new entries of the followed journals.
    async fn follow(&self) {
        let followed: Vec<(WorkspaceId, i64)> =
            self.workspaces().iter().map(|(workspace, house)| (*workspace, house.seq)).collect();
        for (workspace, mut seq) in followed {
            loop {
                let read = self.store.read(move |reader| read_routed_events(reader, workspace, seq));
                let news = match read.await {
                    Ok(news) => news,
                    Err(error) => {
                        error.log("the journal could not be read; trying again soon");
                        break;
                    }
                };
                let Some(newest) = news.last() else { break };
                seq = newest.seq;
                let full = news.len() as i64 == ENTRIES_AT_ONCE;
                if let Some(house) = self.workspaces().get_mut(&workspace) {
                    house.route(&news);
                }
                if !full {
                    break;
                }
            }
        }
    }
}

impl Registry for Hub {
    fn forget(&self, stream: &Arc<Stream>) {
        let mut houses = self.workspaces();
        let Some(house) = houses.get_mut(&stream.workspace) else { return };
        house.channels.retain(|_, streams| {
            streams.retain(|other| !Arc::ptr_eq(other, stream));
            !streams.is_empty()
        });
        house.people.retain(|_, streams| {
            streams.retain(|other| !Arc::ptr_eq(other, stream));
            !streams.is_empty()
        });
        if house.people.is_empty() {
            houses.remove(&stream.workspace);
        }
    }
}

impl WorkspaceStreams {
    fn route(&mut self, news: &[RoutedEvent]) {
        for RoutedEvent { seq, event, bytes } in news {
            self.seq = *seq;
            let Some(event) = event else { continue };
            // Lost access takes effect before anything else is sent; new members receive the entry that adds them.
            match event {
                Event::MembersChanged { channel, joined, left } => {
                    left.iter().for_each(|person| self.cut_off(*channel, *person));
                    joined.iter().for_each(|person| self.let_in(*channel, *person));
                }
                Event::AccessChanged { person } => self.close(*person, "reset", |_| true),
                Event::SessionEnded { session, person } => {
                    self.close(*person, "signed-out", |stream| stream.session == *session);
                }
                _ => {}
            }
            let (Some(bytes), Some(channel)) = (bytes, event.channel()) else { continue };
            let streams = self.channels.get(&channel).into_iter().flatten();
            for stream in streams.filter(|stream| stream.is_internal || !event.is_internal()) {
                stream.send(bytes);
            }
        }
    }

    fn enter(&mut self, channel: ChannelId, stream: &Arc<Stream>) {
        let streams = self.channels.entry(channel).or_default();
        if !streams.iter().any(|other| Arc::ptr_eq(other, stream)) {
            streams.push(Arc::clone(stream));
        }
    }

    fn let_in(&mut self, channel: ChannelId, person: PersonId) {
        for stream in self.people.get(&person).cloned().unwrap_or_default() {
            self.enter(channel, &stream);
        }
    }

    fn cut_off(&mut self, channel: ChannelId, person: PersonId) {
        if let Some(streams) = self.channels.get_mut(&channel) {
            streams.retain(|stream| stream.person != person);
        }
        for stream in self.people.get(&person).into_iter().flatten() {
            stream.send(&events::gone(channel));
            stream.close();
        }
    }

    fn close(&self, person: PersonId, event: &'static str, which: impl Fn(&Stream) -> bool) {
        for stream in self.people.get(&person).into_iter().flatten().filter(|stream| which(stream)) {
            stream.send(&events::bare(event));
            stream.close();
        }
    }
}

fn read_routed_events(reader: &Reader, workspace: WorkspaceId, seq: i64) -> error::Result<Vec<RoutedEvent>> {
    let entries = reader.journal_after(workspace.0, seq, ENTRIES_AT_ONCE)?;
    entries.iter().map(|entry| news(reader, workspace, entry)).collect()
}

fn news(reader: &Reader, workspace: WorkspaceId, entry: &Recorded) -> error::Result<RoutedEvent> {
    let event = Event::of(entry);
    let bytes = match &event {
        Some(event) => events::of(reader, workspace, entry.seq, event)?,
        None => None,
    };
    Ok(RoutedEvent { seq: entry.seq, event, bytes })
}

/// What a person missed after entry `after` up to entry `seq`, limited to what they may see now. A `reset` event if that
/// is too much or no longer in the journal.
fn missed(
    reader: &Reader,
    actor: &Actor,
    channels: &[ChannelId],
    after: i64,
    seq: i64,
) -> error::Result<Bytes> {
    let workspace = actor.workspace;
    if seq - after > REPLAYED_MAX || reader.journal_tail(workspace.0)? > after + 1 {
        return Ok(events::bare("reset"));
    }
    let mut replayed = BytesMut::new();
    for entry in reader.journal_after(workspace.0, after, REPLAYED_MAX)? {
        if entry.seq > seq {
            break;
        }
        let RoutedEvent { event, bytes, .. } = news(reader, workspace, &entry)?;
        let Some(event) = event else { continue };
        if event == (Event::AccessChanged { person: actor.person }) {
            return Ok(events::bare("reset"));
        }
        let may_hear = actor.role.is_internal() || !event.is_internal();
        let is_theirs = may_hear && event.channel().is_some_and(|channel| channels.contains(&channel));
        // Lost access while disconnected.
        if let Event::MembersChanged { channel, left, .. } = &event
            && !is_theirs
            && left.contains(&actor.person)
        {
            replayed.extend_from_slice(&events::gone(*channel));
        }
        if let (true, Some(bytes)) = (is_theirs, bytes) {
            replayed.extend_from_slice(&bytes);
        }
    }
    Ok(replayed.freeze())
}
