-- Files (F1 to F6). The file channel of a subject is the same row as its message channel: one place, one set of members.

ALTER TABLE workspaces ADD COLUMN upload_limit BIGINT;                          -- most bytes for one file, where that is less than the program's
ALTER TABLE workspaces ADD COLUMN stored_bytes BIGINT NOT NULL DEFAULT 0;       -- of all its blobs
ALTER TABLE workspaces ADD COLUMN signing_key BYTEA;                            -- what addresses that need no session are signed with
/*sqlite
UPDATE workspaces SET signing_key = randomblob(32);
*/
/*postgres
UPDATE workspaces SET signing_key = uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
*/

ALTER TABLE channels ADD COLUMN files_changed_at BIGINT;                        -- when anything in its folders last changed
ALTER TABLE messages ADD COLUMN attachments BIGINT NOT NULL DEFAULT 0;          -- how many files it was sent with

-- Bytes that lie in the store of blobs, once for each workspace: the same bytes again are the same row (F1).
CREATE TABLE blobs (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,                       -- its name in the store, never used twice
    hash BYTEA NOT NULL,                    -- SHA-256
    size BIGINT NOT NULL,
    content_type TEXT NOT NULL,             -- found from the bytes
    width BIGINT,                           -- of a picture that can be shown, upright
    height BIGINT,
    held_at BIGINT,                         -- since when it is handed to nobody
    held_why TEXT,                          -- 'unchecked', or what the scanner found
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, hash)
);
CREATE INDEX blobs_held ON blobs (held_why, created_at) WHERE held_at IS NOT NULL;

-- Bytes that nothing refers to any more: they are removed a while later, when no download and no backup needs them.
CREATE TABLE dropped_blobs (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    dropped_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX dropped_blobs_at ON dropped_blobs (dropped_at);

-- Small versions: of a picture, or of a document's first page (F4).
CREATE TABLE previews (
    workspace UUID NOT NULL,
    blob UUID NOT NULL,
    next_try_at BIGINT,                     -- null: finished
    tries BIGINT NOT NULL,
    made_at BIGINT,                         -- there is one
    width BIGINT,
    height BIGINT,
    PRIMARY KEY (workspace, blob),
    FOREIGN KEY (workspace, blob) REFERENCES blobs (workspace, id) ON DELETE CASCADE
);
CREATE INDEX previews_next ON previews (next_try_at);

-- What lies in a file channel: files, folders, links to outside.
CREATE TABLE files (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,
    channel UUID NOT NULL,
    folder UUID NOT NULL,                   -- the folder that it lies in; at the top the channel's id
    kind TEXT NOT NULL,                     -- 'file', 'folder' or 'link'
    name TEXT NOT NULL,                     -- as it was given, for people to read
    safe_name TEXT NOT NULL,                -- as it stands in paths, and as it is saved under
    name_key TEXT NOT NULL,                 -- the safe name as it is compared
    sort_key BYTEA NOT NULL,                -- folders first, then by name; numbers in names by their value
    link_url TEXT,
    blob UUID,                              -- null: the bytes of a file have not come yet
    read_only_at BIGINT,                    -- folders: since when client users only look (F6)
    message UUID,                           -- what it was sent with
    creator UUID NOT NULL,
    changed_by UUID NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    deletion UUID,                          -- what went at once comes back at once
    PRIMARY KEY (workspace, id)
);
CREATE UNIQUE INDEX files_name ON files (workspace, folder, name_key) WHERE deleted_at IS NULL;
CREATE INDEX files_place ON files (workspace, folder, sort_key, id) WHERE deleted_at IS NULL;
CREATE INDEX files_channel ON files (workspace, channel, id);
CREATE INDEX files_blob ON files (workspace, blob);
CREATE INDEX files_deleted ON files (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX files_pending ON files (created_at) WHERE blob IS NULL AND kind = 'file';

-- What a message was sent with. Name and size stay when the file is gone (F5).
CREATE TABLE attachments (
    workspace UUID NOT NULL,
    message UUID NOT NULL,
    place BIGINT NOT NULL,                  -- from 0, in the order of the sender
    file UUID NOT NULL,
    name TEXT NOT NULL,                     -- as the sender had it
    size BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    PRIMARY KEY (workspace, message, place)
);
CREATE INDEX attachments_file ON attachments (workspace, file);

-- Bytes on their way in, or all there and not used yet.
CREATE TABLE uploads (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,
    person UUID NOT NULL,
    channel UUID NOT NULL,
    folder UUID,                            -- where it is to lie; null: it waits to be sent with a message
    file UUID,                              -- the file that waits for these bytes
    name TEXT NOT NULL,
    size BIGINT,                            -- as announced; null: not known before its end
    received BIGINT NOT NULL,               -- on disk
    blob UUID,                              -- all has come and lies here
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX uploads_expires ON uploads (expires_at);
CREATE INDEX uploads_person ON uploads (workspace, person);
CREATE INDEX uploads_blob ON uploads (workspace, blob);
