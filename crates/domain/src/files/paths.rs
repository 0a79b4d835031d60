//! Paths of entries: derived from their folders, and resolved back to an entry.

use store::Reader;

use crate::files::entry::{COLUMNS, DEPTH_MAX, Entry, Kind, TABLES, folder_key};
use crate::files::names::{self, FileName};
use crate::files::permissions::is_read_only;
use crate::kernel::access::{self, Actor};
use crate::kernel::error::Result;
use crate::kernel::ids::{ChannelId, FileId, WorkspaceId};

/// The entry at a path such as `Contracts/2026/deed.pdf` in a channel, if there is one. Ignores case.
pub fn at_path(reader: &Reader, actor: &Actor, channel: ChannelId, path: &str) -> Result<Option<Entry>> {
    access::channel(reader, actor, channel)?;
    let mut found: Option<Entry> = None;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if found.as_ref().is_some_and(|found| found.kind != Kind::Folder) {
            return Ok(None);
        }
        let key = folder_key(channel, found.map(|found| found.id));
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.folder = $2 AND f.name_key = $3 \
             AND f.deleted_at IS NULL"
        );
        let safe = FileName::or("path", part, "file")?.safe;
        found = reader.first(&sql, &[&actor.workspace, &key, &names::key(&safe)], |row| row.read())?;
        if found.is_none() {
            return Ok(None);
        }
    }
    Ok(found)
}

/// The folders from the top down to and including `folder`.
pub fn folders_to(
    reader: &Reader,
    workspace: WorkspaceId,
    channel: ChannelId,
    folder: Option<FileId>,
) -> Result<Vec<(FileId, FileName)>> {
    let mut way = Vec::new();
    let mut next = folder;
    while let Some(id) = next {
        let found = reader.first(
            "SELECT folder, name, safe_name FROM files WHERE workspace = $1 AND id = $2",
            &[&workspace, &id],
            |row| {
                let name = FileName { given: row.get(1)?, safe: row.get(2)? };
                Ok((row.get::<FileId>(0)?, name))
            },
        )?;
        let Some((above, name)) = found else { break };
        way.push((id, name));
        next = (above.0 != channel.0 && way.len() <= DEPTH_MAX).then_some(above);
    }
    way.reverse();
    Ok(way)
}

/// What entries inherit from their folder, or from the channel at the top.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The prefix of their paths: `Contracts/2026/`, or empty at the top.
    path: String,
    /// Whether they are read-only for client users (F6).
    is_read_only: bool,
}

impl Surroundings {
    pub fn of(
        reader: &Reader,
        workspace: WorkspaceId,
        channel: ChannelId,
        folder: Option<FileId>,
    ) -> Result<Surroundings> {
        let folders = folders_to(reader, workspace, channel, folder)?;
        Ok(Surroundings {
            path: folders.iter().map(|(_, name)| format!("{}/", name.safe)).collect(),
            is_read_only: is_read_only(reader, workspace, channel, folder)?,
        })
    }

    /// The path of an entry from the top of its channel: `Contracts/2026/deed.pdf`.
    pub fn path(&self, entry: &Entry) -> String {
        format!("{}{}", self.path, entry.safe_name)
    }

    /// Whether a folder there is read-only for client users.
    pub fn is_read_only(&self, folder: &Entry) -> bool {
        self.is_read_only || folder.read_only_at.is_some()
    }
}
