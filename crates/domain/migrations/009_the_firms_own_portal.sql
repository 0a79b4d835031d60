-- The firm's own portal: how clients are welcomed (W1 to W4), what they may start, its looks and its address.

ALTER TABLE workspaces ADD COLUMN welcome_off_at BIGINT;                        -- since when nobody is welcomed
ALTER TABLE workspaces ADD COLUMN welcome_text TEXT;                            -- null: the text that comes with the product
ALTER TABLE workspaces ADD COLUMN welcome_sender UUID;                          -- null: the first admin
ALTER TABLE workspaces ADD COLUMN clients_start_at BIGINT;                      -- since when client users may start channels

ALTER TABLE workspaces ADD COLUMN accent TEXT;                                  -- '#0b7a5c'; null: the product's own
ALTER TABLE workspaces ADD COLUMN side TEXT;                                    -- the colour behind the modules
ALTER TABLE workspaces ADD COLUMN side_text TEXT;                               -- and of the words on it
ALTER TABLE workspaces ADD COLUMN logo_at BIGINT;                               -- since when there is such a picture
ALTER TABLE workspaces ADD COLUMN logo_width BIGINT;
ALTER TABLE workspaces ADD COLUMN logo_height BIGINT;
ALTER TABLE workspaces ADD COLUMN icon_at BIGINT;
ALTER TABLE workspaces ADD COLUMN cover_at BIGINT;                              -- beside signing in

-- The pictures of a brand as they are served: checked, made small, written anew.
CREATE TABLE brand_pictures (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    name TEXT NOT NULL,                     -- 'logo.png', 'icon-192.png' and so on
    content_type TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (workspace, name)
);

-- Host names that a workspace had before: it goes on answering them.
CREATE TABLE former_hosts (
    host TEXT PRIMARY KEY,
    workspace UUID NOT NULL REFERENCES workspaces (id),
    since BIGINT NOT NULL
);
CREATE INDEX former_hosts_workspace ON former_hosts (workspace);

-- Client users with a welcome message of their own to come, or with the one that they found.
CREATE TABLE welcomes (
    workspace UUID NOT NULL,
    person UUID NOT NULL,
    text TEXT,                              -- written for this client user alone; null: the workspace's
    message UUID,                           -- what they found
    sent_at BIGINT,
    PRIMARY KEY (workspace, person),
    FOREIGN KEY (workspace, person) REFERENCES people (workspace, id) ON DELETE CASCADE
);
