-- A file channel, too, can be one that client users only look into (F6).

ALTER TABLE channels ADD COLUMN files_read_only_at BIGINT;                      -- since when all of it is read-only for client users
