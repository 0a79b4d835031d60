//! Lists of entries: a folder's contents, everything below a folder, and search by name. Pages continue after
//! a known entry, so entries added or removed meanwhile neither skip nor repeat any.

use store::{Param, Reader};
use uuid::Uuid;

use crate::files::entry::{COLUMNS, Entry, TABLES, folder, folder_key};
use crate::files::names;
use crate::kernel::access::{self, Actor};
use crate::kernel::error::{Error, Result};
use crate::kernel::ids::{ChannelId, FileId};

/// Entries on one page of a folder.
pub const PAGE: i64 = 100;

/// The contents of a folder, folders first, then by name: at most `most` entries after the entry `after`.
pub fn in_folder(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    after: Option<FileId>,
    most: i64,
) -> Result<Vec<Entry>> {
    folder(reader, actor, channel, inside)?;
    let key = folder_key(channel, inside);
    let Some(after) = after else {
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.folder = $2 AND f.deleted_at IS NULL \
             ORDER BY f.sort_key, f.id LIMIT $3"
        );
        return Ok(reader.all(&sql, &[&actor.workspace, &key, &most], |row| row.read())?);
    };
    // The position remains valid if the entry was deleted or renamed meanwhile.
    let place: Option<Vec<u8>> = reader.first(
        "SELECT sort_key FROM files WHERE workspace = $1 AND channel = $2 AND id = $3",
        &[&actor.workspace, &channel, &after],
        |row| row.get(0),
    )?;
    let place = place.ok_or(Error::NotFound)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.folder = $2 AND f.deleted_at IS NULL \
         AND (f.sort_key, f.id) > ($3, $4) ORDER BY f.sort_key, f.id LIMIT $5"
    );
    Ok(reader.all(&sql, &[&actor.workspace, &key, &place, &after, &most], |row| row.read())?)
}

/// The number of entries in a folder, counting no further than `most`.
pub fn count(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    most: i64,
) -> Result<i64> {
    access::channel(reader, actor, channel)?;
    Ok(reader.one(
        "SELECT count(*) FROM (SELECT 1 FROM files WHERE workspace = $1 AND folder = $2 AND deleted_at IS NULL \
         LIMIT $3) counted",
        &[&actor.workspace, &folder_key(channel, inside), &most],
        |row| row.get(0),
    )?)
}

/// Everything below a folder at every level, newest first: at most `most` entries older than `after`.
pub fn below(
    reader: &Reader,
    actor: &Actor,
    channel: ChannelId,
    inside: Option<FileId>,
    after: Option<FileId>,
    most: i64,
) -> Result<Vec<Entry>> {
    folder(reader, actor, channel, inside)?;
    let after = after.map_or(Uuid::max(), |after| after.0);
    if inside.is_none() {
        let sql = format!(
            "SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.channel = $2 AND f.deleted_at IS NULL \
             AND f.id < $3 ORDER BY f.id DESC LIMIT $4"
        );
        return Ok(reader.all(&sql, &[&actor.workspace, &channel, &after, &most], |row| row.read())?);
    }
    let key = folder_key(channel, inside);
    let sql = format!(
        "{} SELECT {COLUMNS} FROM {TABLES} WHERE f.workspace = $1 AND f.channel = $4 AND f.deleted_at IS NULL \
         AND f.id < $5 AND f.folder IN (SELECT id FROM down) ORDER BY f.id DESC LIMIT $6",
        down(reader)
    );
    let bound = names::AFTER_FOLDERS;
    Ok(reader.all(&sql, &[&actor.workspace, &key, &bound, &channel, &after, &most], |row| row.read())?)
}

/// SQL: the ids of the folder `$2` and of all folders below it, as `down`.
pub(crate) fn down(reader: &Reader) -> String {
    format!(
        "WITH RECURSIVE down (id) AS (SELECT {} UNION ALL \
         SELECT f.id FROM files f JOIN down d ON f.workspace = $1 AND f.folder = d.id \
         WHERE f.deleted_at IS NULL AND f.kind = 'folder' AND f.sort_key < $3)",
        reader.id_parameter("$2")
    )
}

/// Entries whose names contain a text, newest first, in one channel or in all of the requester's.
pub fn search(
    reader: &Reader,
    actor: &Actor,
    text: &str,
    channel: Option<ChannelId>,
    after: Option<FileId>,
    most: i64,
) -> Result<Vec<Entry>> {
    if let Some(channel) = channel {
        access::channel(reader, actor, channel)?;
    }
    let text = names::key(text.trim());
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let literal: String = text
        .chars()
        .flat_map(|c| matches!(c, '%' | '_' | '\\').then_some('\\').into_iter().chain([c]))
        .collect();
    let pattern = format!("%{literal}%");
    let after = after.map_or(Uuid::max(), |after| after.0);
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} \
         JOIN members s ON s.workspace = f.workspace AND s.channel = f.channel AND s.person = $2 \
         WHERE f.workspace = $1 AND f.deleted_at IS NULL AND f.name_key LIKE $3 ESCAPE '\\' AND f.id < $4 {} \
         ORDER BY f.id DESC LIMIT $5",
        if channel.is_some() { "AND f.channel = $6" } else { "" }
    );
    let mut params: Vec<&dyn Param> = vec![&actor.workspace, &actor.person, &pattern, &after, &most];
    if let Some(channel) = &channel {
        params.push(channel);
    }
    Ok(reader.all(&sql, &params, |row| row.read())?)
}
