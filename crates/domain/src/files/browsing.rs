//! Views of Files other than lists: the previous and the next file (F11), what a deletion removed, the newest
//! files, and the contents of a download of several entries (F6).

use std::collections::BTreeSet;

use store::Reader;

use crate::files::changing::{Deletion, roots};
use crate::files::entry::{COLUMNS, Entry, Kind, TABLES, find, folder_key};
use crate::files::names::{self, FileName};
use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Problem, Result};
use crate::kernel::ids::{ChannelId, FileId};

/// The most entries in one archive.
pub const PACKED_MAX: usize = 10_000;

/// The files before and after one in its folder, in the order of the list.
pub fn beside(reader: &Reader, actor: &Actor, file: FileId) -> Result<(Option<FileId>, Option<FileId>)> {
    let entry = find(reader, actor, file)?;
    let key = folder_key(entry.channel, entry.folder);
    let place: Vec<u8> = reader.one(
        "SELECT sort_key FROM files WHERE workspace = $1 AND id = $2",
        &[&actor.workspace, &file],
        |row| row.get(0),
    )?;
    let next = |beyond: &str, order: &str| {
        let sql = format!(
            "SELECT id FROM files WHERE workspace = $1 AND folder = $2 AND deleted_at IS NULL AND kind = 'file' \
             AND (sort_key, id) {beyond} ($3, $4) ORDER BY sort_key {order}, id {order} LIMIT 1"
        );
        reader.first(&sql, &[&actor.workspace, &key, &place, &file], |row| row.get(0))
    };
    Ok((next("<", "DESC")?, next(">", "ASC")?))
}

/// A deletion, as shown to somebody who may undo it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// The name of the first entry.
    pub first: String,
    /// How many entries were selected.
    pub count: usize,
}

/// What a deletion removed. Returns `None` if the requester can no longer undo it.
pub fn deleted(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    deletion: Deletion,
) -> Result<Option<Deleted>> {
    access::channel(reader, actor, channel)?;
    let roots = match roots(reader, actor, channel, deletion) {
        Err(Error::NotFound) => return Ok(None),
        found => found?,
    };
    Ok(roots.first().map(|first| Deleted { first: first.name.given.clone(), count: roots.len() }))
}

/// An entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    /// Its path in the archive: safe names separated by `/`. Unique.
    pub path: String,
    pub entry: Entry,
}

/// The selected entries of a channel with everything below them, folders before their contents, for one archive.
/// Selected entries with the same name get numbers.
///
/// # Errors
/// `TooFew` or `TooMany` ([`PACKED_MAX`]) at `files`.
pub fn packed(reader: &Reader, actor: &Actor, channel: ChannelId, chosen: &[FileId]) -> Result<Vec<Packed>> {
    access::channel(reader, actor, channel)?;
    if chosen.is_empty() {
        return Err(Error::field("files", Problem::TooFew(1)));
    }
    let too_many = || Error::field("files", Problem::TooMany(PACKED_MAX));
    if chosen.len() > PACKED_MAX {
        return Err(too_many());
    }
    let mut packed: Vec<Packed> = Vec::new();
    let mut taken = BTreeSet::new();
    for id in chosen.iter().collect::<BTreeSet<_>>() {
        let entry = find(reader, actor, *id)?;
        if entry.channel != channel {
            return Err(Error::NotFound);
        }
        let path = free(&entry, &mut taken);
        packed.push(Packed { path, entry });
    }
    let mut next = 0;
    while let Some(Packed { path, entry }) = packed.get(next) {
        next += 1;
        if entry.kind != Kind::Folder {
            continue;
        }
        let (path, key) = (path.clone(), folder_key(channel, Some(entry.id)));
        let room = (PACKED_MAX + 1 - packed.len()) as i64;
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.folder = $2 AND f.deleted_at IS NULL \
             ORDER BY f.sort_key, f.id LIMIT $3"
        );
        let inside = reader.all(&sql, &[&actor.workspace, &key, &room], |row| row.read())?;
        let under = |entry: Entry| Packed { path: format!("{path}/{}", entry.safe_name), entry };
        packed.extend(inside.into_iter().map(under));
        if packed.len() > PACKED_MAX {
            return Err(too_many());
        }
    }
    Ok(packed)
}

/// The safe name of an entry, with a number if another selected entry has it.
fn free(entry: &Entry, taken: &mut BTreeSet<String>) -> String {
    let name = FileName { given: entry.name.clone(), safe: entry.safe_name.clone() };
    let mut free = name.clone();
    let mut number = 1;
    while !taken.insert(names::key(&free.safe)) {
        number += 1;
        free = name.numbered(number, entry.kind == Kind::Folder);
    }
    free.safe
}

/// The newest files of a channel from all folders, without folders and links.
pub fn newest(reader: &Reader, actor: &Actor, channel: ChannelId, most: i64) -> Result<Vec<Entry>> {
    access::channel(reader, actor, channel)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.channel = $2 AND f.deleted_at IS NULL \
         AND f.kind = 'file' ORDER BY f.id DESC LIMIT $3"
    );
    Ok(reader.all(&sql, &[&actor.workspace, &channel, &most], |row| row.read())?)
}
