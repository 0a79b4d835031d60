//! The hub: follows the journal of every workspace that has open streams, and routes its entries.

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

/// Entries read from the journal at once.
const ENTRIES_AT_ONCE: i64 = 500;
/// Entries replayed to a stream that comes back; who missed more loads the page anew.
const REPLAYED_MAX: i64 = 1000;
/// Open streams of one person: tabs and devices. The oldest makes place.
const STREAMS_PER_PERSON: usize = 24;
/// Other processes write too (a command, another node): how often to look without having been told.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often a quiet stream says that it is alive.
const HEARTBEAT_EVERY: u32 = 25;

/// All open streams of this process.
pub(crate) struct Hub {
    store: Store,
    houses: Mutex<HashMap<WorkspaceId, WorkspaceStreams>>,
}

/// The open streams of one workspace.
#[derive(Default)]
struct WorkspaceStreams {
    /// The newest journal entry that has been routed.
    seq: i64,
    channels: HashMap<ChannelId, Vec<Arc<Stream>>>,
    people: HashMap<PersonId, Vec<Arc<Stream>>>,
}

/// A journal entry, read and written as the event that pages get.
struct RoutedEvent {
    seq: i64,
    event: Option<Event>,
    bytes: Option<Bytes>,
}

impl Hub {
    /// A hub that follows the journal until the program stops.
    pub(crate) fn start(web: &Web) -> Arc<Hub> {
        let hub = Arc::new(Hub { store: web.store.clone(), houses: Mutex::default() });
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
        // Nothing panics while the lock is held.
        self.houses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many streams are open.
    pub(crate) fn streams(&self) -> usize {
        self.workspaces().values().flat_map(|house| house.people.values()).map(Vec::len).sum()
    }

    /// Opens a stream for somebody, with everything since `after`.
    pub(crate) async fn open(
        self: &Arc<Hub>,
        actor: &Actor,
        session: SessionId,
        after: Option<i64>,
    ) -> error::Result<StreamBody> {
        let actor = *actor;
        let workspace = actor.workspace;
        // A workspace without streams is not followed: it begins at what is newest now.
        let head =
            self.store.read(move |reader| Ok::<_, error::Error>(reader.journal_head(workspace.0)?)).await?;
        self.store.durable().await?;
        let stream = Stream::new(&actor, session);
        // Known before its channels are read: an entry that takes access away meanwhile finds the stream and closes it.
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
        // Dropped when anything below fails, and then it takes the stream out again.
        let mut body = StreamBody::new(Arc::clone(&stream), Arc::downgrade(self) as Weak<dyn Registry>);
        let channels = self.store.read(move |reader| channel::ids_of(reader, &actor)).await?;
        // What is routed from here on comes live; what was routed before is read from the journal.
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
            // From a database that went on differently than this one.
            events::bare("reset")
        } else {
            Bytes::new()
        };
        let mut first = BytesMut::from(&b"retry: 1000\n\n"[..]);
        first.extend_from_slice(&missed);
        body.begin_with(first.freeze());
        Ok(body)
    }

    /// Tells the others in a channel that somebody is writing.
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

    /// What a journal has after entry `seq`. Whoever hears of it asks for what comes behind it later: so it must stay.
    async fn routed_event(&self, workspace: WorkspaceId, seq: i64) -> error::Result<Vec<RoutedEvent>> {
        let news = self.store.read(move |reader| read_routed_events(reader, workspace, seq)).await?;
        self.store.durable().await?;
        Ok(news)
    }

    /// Routes everything that the journals have beyond what was routed already.
    async fn follow(&self) {
        let followed: Vec<(WorkspaceId, i64)> =
            self.workspaces().iter().map(|(workspace, house)| (*workspace, house.seq)).collect();
        for (workspace, mut seq) in followed {
            loop {
                let news = match self.routed_event(workspace, seq).await {
                    Ok(news) => news,
                    Err(error) => {
                        tracing::error!(%error, "the journal could not be read; trying again soon");
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
            // Who loses access is cut off before anything else is said; who gains it hears that they did.
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

/// What somebody missed after entry `after` and up to entry `seq`, of what they may see now; `reset` where that is too
/// much or no longer kept.
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
        // Access that ended while they were away.
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
