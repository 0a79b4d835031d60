//! Opening a stream of an API client: what it missed is read from the journal piece by piece, as fast as its connection
//! drains, until it has caught up with the hub.

use std::sync::{Arc, Weak};

use bytes::{Bytes, BytesMut};
use domain::kernel::access::Actor;
use domain::kernel::error;
use domain::kernel::ids::KeyId;
use domain::kernel::journal::Event;
use domain::tenant::api_keys;
use store::Reader;
use tokio::sync::mpsc;

use crate::live::api_stream::{ApiRouter, ApiStream, Scope, WriteApiEvent};
use crate::live::hub::Hub;
use crate::live::stream::{Registry, Stream, StreamBody};

/// Journal entries of a piece at most.
const PIECE_ENTRIES: i64 = 100;
/// A piece ends with the event that reaches this size in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// What a stream missed, up to entry `seq`.
struct Piece {
    seq: i64,
    bytes: Bytes,
}

impl Hub {
    /// Opens a stream that starts with everything after entry `after`, or with what happens from now on. If `after` is no
    /// longer in the journal, it starts with a `reset`.
    ///
    /// # Errors
    /// `TooMany` if the key has too many streams.
    pub(crate) async fn open_api(
        self: &Arc<Hub>,
        actor: Actor,
        key: KeyId,
        scope: Scope,
        after: Option<i64>,
    ) -> error::Result<StreamBody> {
        let head = self.head(actor.workspace).await?;
        // A greater number comes from a newer state of the database, for instance before a backup was restored.
        let known = after.filter(|after| *after <= head);
        let stream = Stream::new(actor.workspace);
        let after_known = known.unwrap_or(head);
        let api = Arc::new(ApiStream { actor, key, scope, after: after_known, stream: Arc::clone(&stream) });
        self.between_batches(actor.workspace, head, |streams| streams.add_api(&api)).await?;
        let mut body = StreamBody::new(stream, Arc::downgrade(self) as Weak<dyn Registry>);
        let mut first = String::from("retry: 1000\n\n");
        if after.is_some() && known.is_none() {
            first.push_str(&reset(head));
        }
        body.begin_with(Bytes::from(first));
        let (replay, replayed) = mpsc::channel(1);
        body.replay(replayed);
        tokio::spawn(Arc::clone(self).catch_up(api, replay));
        Ok(body)
    }

    async fn catch_up(self: Arc<Hub>, api: Arc<ApiStream>, replay: mpsc::Sender<Bytes>) {
        let mut seq = api.after;
        while let Some(up_to) = self.missed_by(&api, seq).await {
            match self.next_piece(&api, seq, up_to).await {
                Ok(Some(piece)) => {
                    seq = piece.seq;
                    if !piece.bytes.is_empty() && replay.send(piece.bytes).await.is_err() {
                        return;
                    }
                }
                // The key was revoked.
                Ok(None) => return api.stream.close(),
                Err(error) => {
                    error.log("the journal could not be read; the client comes back");
                    return api.stream.close();
                }
            }
        }
    }

    /// Up to which entry a stream still has to be replayed what comes after `seq`. `None` if it has caught up: from now on it
    /// receives entries as they are routed.
    async fn missed_by(&self, api: &Arc<ApiStream>, seq: i64) -> Option<i64> {
        if api.stream.is_closed() {
            return None;
        }
        self.between_batches(api.actor.workspace, seq, |streams| {
            (!streams.join(api, seq)).then_some(streams.seq)
        })
        .await
    }

    async fn next_piece(&self, api: &Arc<ApiStream>, seq: i64, up_to: i64) -> error::Result<Option<Piece>> {
        // Never closed. What has been routed is on disk, so that this need not wait for it.
        let _permit = self.catching_up.acquire().await;
        let (api, write) = (Arc::clone(api), Arc::clone(&self.write_api_event));
        self.store.read_long(move |reader| piece(reader, &api, &write, seq, up_to)).await
    }
}

/// The events of a stream after entry `seq`, as many as fit. `None` if its key no longer works.
fn piece(
    reader: &Reader,
    api: &Arc<ApiStream>,
    write: &WriteApiEvent,
    mut seq: i64,
    up_to: i64,
) -> error::Result<Option<Piece>> {
    if !api_keys::is_good(reader, &api.actor, api.key)? {
        return Ok(None);
    }
    let workspace = api.actor.workspace.0;
    if reader.journal_tail(workspace)? > seq + 1 {
        return Ok(Some(Piece { seq: up_to, bytes: Bytes::from(reset(up_to)) }));
    }
    let mut router = ApiRouter::new(reader, write);
    let mut bytes = BytesMut::new();
    for entry in reader.journal_after(workspace, seq, PIECE_ENTRIES)? {
        if entry.seq > up_to || bytes.len() >= PIECE_BYTES {
            break;
        }
        seq = entry.seq;
        if let Some(event) = Event::of(&entry) {
            let routed = router.route(&entry, &event, std::slice::from_ref(api))?;
            routed.iter().for_each(|(_, event)| bytes.extend_from_slice(event));
        }
    }
    Ok(Some(Piece { seq, bytes: bytes.freeze() }))
}

/// Tells an API client that events are missing before this number.
fn reset(seq: i64) -> String {
    format!("id: {seq}\nevent: reset\ndata: {{}}\n\n")
}
