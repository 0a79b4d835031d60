//! A piece of a workspace's journal as its open streams receive it: read in one view of the database, each entry written at
//! most once for pages and once for API clients, and only if any of them listen.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use bytes::Bytes;
use domain::kernel::error;
use domain::kernel::ids::WorkspaceId;
use domain::kernel::journal::Event;
use domain::tenant::api_keys;
use store::Reader;

use crate::live::api_stream::{ApiRouter, ApiStream, WriteApiEvent};
use crate::live::events;

/// Journal entries per read: fewer than a stream may fall behind.
const ENTRIES_AT_ONCE: i64 = 100;

/// Who listens to a workspace, and from where on.
#[derive(Clone)]
pub(crate) struct Listening {
    pub(crate) after: i64,
    pub(crate) has_pages: bool,
    pub(crate) api: Vec<Arc<ApiStream>>,
}

#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) entries: Vec<RoutedEntry>,
    /// Streams whose key no longer works. They receive nothing of it.
    pub(crate) revoked: Vec<Arc<ApiStream>>,
    /// Whether there may be more entries.
    pub(crate) is_full: bool,
}

/// A journal entry, as pages and as API clients receive it.
pub(crate) struct RoutedEntry {
    pub(crate) seq: i64,
    /// `None` if a newer version wrote it.
    pub(crate) event: Option<Event>,
    pub(crate) for_pages: Option<Bytes>,
    pub(crate) for_api: Vec<(Arc<ApiStream>, Bytes)>,
}

impl Batch {
    pub(crate) fn read(
        reader: &Reader,
        workspace: WorkspaceId,
        listening: Listening,
        write: &WriteApiEvent,
    ) -> error::Result<Batch> {
        let mut keys = HashMap::new();
        for stream in &listening.api {
            if let Entry::Vacant(key) = keys.entry(stream.key) {
                key.insert(api_keys::is_good(reader, &stream.actor, stream.key)?);
            }
        }
        let (api, revoked): (Vec<_>, Vec<_>) =
            listening.api.into_iter().partition(|stream| keys.get(&stream.key) == Some(&true));
        let mut router = ApiRouter::new(reader, write);
        let found = reader.journal_after(workspace.0, listening.after, ENTRIES_AT_ONCE)?;
        let mut entries = Vec::with_capacity(found.len());
        for entry in &found {
            let event = Event::of(entry);
            let (mut for_pages, mut for_api) = (None, Vec::new());
            if let Some(event) = &event {
                if listening.has_pages {
                    for_pages = events::of(reader, workspace, entry.seq, event)?;
                }
                for_api = router.route(entry, event, &api)?;
            }
            entries.push(RoutedEntry { seq: entry.seq, event, for_pages, for_api });
        }
        Ok(Batch { is_full: entries.len() as i64 == ENTRIES_AT_ONCE, entries, revoked })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.revoked.is_empty()
    }
}
