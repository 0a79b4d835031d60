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
use store::{Reader, Store};

use crate::live::api_stream::WriteApiEvent;
use crate::live::batch::Batch;
use crate::live::events;
use crate::live::stream::{Registry, Stream, StreamBody};
use crate::live::streams::{PageStream, WorkspaceStreams};
use crate::services::Web;

/// Entries replayed to a page that reconnects; after a longer gap it reloads.
const REPLAYED_MAX: i64 = 1000;
/// Other processes (a command, another node) write without signaling this one, so the hub also polls.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Polls between two heartbeats.
const HEARTBEAT_EVERY: u32 = 25;
/// Streams of API clients that read the journal for themselves at the same time, to catch up.
const CATCHING_UP_MAX: usize = 2;

pub(crate) struct Hub {
    pub(super) store: Store,
    pub(super) write_api_event: WriteApiEvent,
    streams_by_workspace: Mutex<HashMap<WorkspaceId, WorkspaceStreams>>,
    /// Held while entries are read and routed. Streams are added in between, so that each entry is either routed to them or
    /// read for them.
    turn: tokio::sync::Mutex<()>,
    pub(super) catching_up: tokio::sync::Semaphore,
}

impl Hub {
    /// Starts a hub that follows the journal until the process shuts down.
    pub(crate) fn start(web: &Web, write_api_event: WriteApiEvent) -> Arc<Hub> {
        let hub = Arc::new(Hub {
            store: web.store.clone(),
            write_api_event,
            streams_by_workspace: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            catching_up: tokio::sync::Semaphore::new(CATCHING_UP_MAX),
        });
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
                            following.beat();
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
        self.workspaces().values().map(|streams| streams.all().count()).sum()
    }

    /// The newest entry of a workspace, once it is on disk.
    pub(super) async fn head(&self, workspace: WorkspaceId) -> error::Result<i64> {
        self.store.read(move |reader| Ok(reader.journal_head(workspace.0)?)).await
    }

    /// Changes the streams of a workspace while no entries are being routed. A workspace without streams is not followed,
    /// so it starts at entry `head`.
    pub(super) async fn between_batches<T>(
        &self,
        workspace: WorkspaceId,
        head: i64,
        change: impl FnOnce(&mut WorkspaceStreams) -> T,
    ) -> T {
        let _turn = self.turn.lock().await;
        let mut workspaces = self.workspaces();
        let changed = change(workspaces.entry(workspace).or_insert_with(|| WorkspaceStreams::after(head)));
        if workspaces.get(&workspace).is_some_and(WorkspaceStreams::is_empty) {
            workspaces.remove(&workspace);
        }
        changed
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
        let head = self.head(workspace).await?;
        let (person, is_internal) = (actor.person, actor.role.is_internal());
        let stream = Stream::new(workspace);
        let page = Arc::new(PageStream { person, session, is_internal, stream: Arc::clone(&stream) });
        // Registered before its channels are read, so that an entry that ends access in between still closes it.
        let add = |streams: &mut WorkspaceStreams| {
            streams.add_page(&page);
            streams.seq
        };
        let followed = self.between_batches(workspace, head, add).await;
        // Dropping it, for instance on an error below, unregisters the stream.
        let mut body = StreamBody::new(stream, Arc::downgrade(self) as Weak<dyn Registry>);
        let channels = self.store.read(move |reader| channel::ids_of(reader, &actor)).await?;
        // Entries routed from here on arrive live; older ones are read from the journal.
        let seq = match self.workspaces().get_mut(&workspace) {
            Some(streams) => {
                channels.iter().for_each(|channel| streams.enter(*channel, &page));
                streams.seq
            }
            None => followed,
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
        let workspaces = self.workspaces();
        let pages = workspaces.get(&workspace).into_iter().flat_map(|streams| streams.of_channel(channel));
        for page in pages.filter(|page| page.person != person) {
            page.stream.send(&event);
        }
    }

    fn beat(&self) {
        let heartbeat = events::heartbeat();
        for stream in self.workspaces().values().flat_map(WorkspaceStreams::all) {
            stream.send(&heartbeat);
        }
    }

    fn close_all(&self) {
        let stopping = events::bare("stopping");
        let workspaces = self.workspaces();
        for page in workspaces.values().flat_map(WorkspaceStreams::pages) {
            page.send(&stopping);
        }
        workspaces.values().flat_map(WorkspaceStreams::all).for_each(|stream| stream.close());
    }

    /// Routes all new entries of the followed journals, in turns: no workspace keeps others waiting.
    async fn follow(&self) {
        let mut is_behind = true;
        while is_behind {
            is_behind = false;
            let followed: Vec<WorkspaceId> = self.workspaces().keys().copied().collect();
            for workspace in followed {
                match self.route_batch(workspace).await {
                    Ok(is_full) => is_behind |= is_full,
                    Err(error) => error.log("the journal could not be read; trying again soon"),
                }
            }
            // Streams drain before more comes: a burst is no reason to close them.
            tokio::task::yield_now().await;
        }
    }

    /// Routes the next entries of a workspace. Returns whether there may be more.
    async fn route_batch(&self, workspace: WorkspaceId) -> error::Result<bool> {
        let _turn = self.turn.lock().await;
        let listening = self.workspaces().get(&workspace).map(WorkspaceStreams::listening);
        let Some(listening) = listening else { return Ok(false) };
        let write = Arc::clone(&self.write_api_event);
        let read = move |reader: &Reader| Batch::read(reader, workspace, listening, &write);
        let batch = self.store.read(read).await?;
        if batch.is_empty() {
            return Ok(false);
        }
        if let Some(streams) = self.workspaces().get_mut(&workspace) {
            streams.route(&batch);
        }
        Ok(batch.is_full)
    }
}

impl Registry for Hub {
    fn forget(&self, stream: &Arc<Stream>) {
        let mut workspaces = self.workspaces();
        if let Some(streams) = workspaces.get_mut(&stream.workspace) {
            streams.forget(stream);
            if streams.is_empty() {
                workspaces.remove(&stream.workspace);
            }
        }
    }
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
        let Some(event) = Event::of(&entry) else { continue };
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
        if is_theirs && let Some(bytes) = events::of(reader, workspace, entry.seq, &event)? {
            replayed.extend_from_slice(&bytes);
        }
    }
    Ok(replayed.freeze())
}
