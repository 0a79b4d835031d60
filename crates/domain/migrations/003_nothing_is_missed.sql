-- What is unread for a while reaches its reader outside the portal (N1 to N14).

ALTER TABLE workspaces ADD COLUMN wait_minutes BIGINT NOT NULL DEFAULT 5;       -- N2
ALTER TABLE workspaces ADD COLUMN hide_text_at BIGINT;                          -- since when mails hide what was written (N11)
ALTER TABLE workspaces ADD COLUMN reply_links TEXT NOT NULL DEFAULT 'reply';    -- 'reply' at once, or 'signIn' first (N8)

ALTER TABLE people ADD COLUMN email_choice TEXT NOT NULL DEFAULT 'each';        -- 'each', 'once' or 'never' (N10)
ALTER TABLE people ADD COLUMN text_choice TEXT NOT NULL DEFAULT 'never';        -- as above
ALTER TABLE people ADD COLUMN bounced_at BIGINT;                                -- since when their address takes no mail

ALTER TABLE members ADD COLUMN joined_position BIGINT NOT NULL DEFAULT 0;       -- the newest message when they joined: later ones are for them
ALTER TABLE members ADD COLUMN told_position BIGINT NOT NULL DEFAULT 0;         -- up to here everything is in a digest, or never to be in one
UPDATE members SET
    joined_position = (SELECT coalesce(max(m.position), 0) FROM messages m
        WHERE m.workspace = members.workspace AND m.channel = members.channel AND m.sent_at < members.joined_at),
    told_position = (SELECT c.last_position FROM channels c WHERE c.workspace = members.workspace AND c.id = members.channel);

ALTER TABLE messages ADD COLUMN called_off_at BIGINT;                           -- since when nobody is to be told of it (N14)

-- Each move of a read position: a message was seen with the first move at or past it (N12).
CREATE TABLE read_moves (
    workspace UUID NOT NULL,
    channel UUID NOT NULL,
    person UUID NOT NULL,
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, channel, position, person)
) /*sqlite WITHOUT ROWID */;
INSERT INTO read_moves (workspace, channel, person, position, at)
    SELECT workspace, channel, person, read_position, read_at FROM members WHERE read_at IS NOT NULL;
CREATE INDEX read_moves_person ON read_moves (workspace, person, at);

-- Who was in a channel and is no more: the messages in (joined_position, left_position] were for them (N12).
CREATE TABLE departures (
    workspace UUID NOT NULL,
    channel UUID NOT NULL,
    person UUID NOT NULL,
    joined_position BIGINT NOT NULL,
    left_position BIGINT NOT NULL,
    left_at BIGINT NOT NULL,
    reason TEXT NOT NULL,                   -- 'lostAccess', or 'left' by choice (C8)
    PRIMARY KEY (workspace, channel, person, left_position)
) /*sqlite WITHOUT ROWID */;

-- Channels with messages of which nobody has been told yet: one row each, so that posting costs the same however many read along.
CREATE TABLE waiting (
    workspace UUID NOT NULL,
    channel UUID NOT NULL,
    since BIGINT NOT NULL,                  -- when the oldest of these messages was received
    position BIGINT NOT NULL,               -- none of these messages comes before it
    PRIMARY KEY (workspace, channel)
) /*sqlite WITHOUT ROWID */;
CREATE INDEX waiting_since ON waiting (workspace, since);

-- People whose time has come, or may have: it is decided anew when they are looked at.
CREATE TABLE due (
    workspace UUID NOT NULL,
    person UUID NOT NULL,
    decide_at BIGINT NOT NULL,
    asked_at BIGINT,                        -- since when somebody wants it sent at once (N14)
    PRIMARY KEY (workspace, person)
) /*sqlite WITHOUT ROWID */;
CREATE INDEX due_next ON due (decide_at);

-- What a person is told at once. One that is not sent is kept too, with the reason.
CREATE TABLE digests (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    person UUID NOT NULL,
    created_at BIGINT NOT NULL,
    suppressed TEXT,                        -- null: there are deliveries; else 'notInvited', 'choice', 'noAddress' or 'muted'
    PRIMARY KEY (workspace, id)
);
CREATE INDEX digests_person ON digests (workspace, person, created_at);

-- A digest holds what counts among the messages in (after_position, up_to_position] of each part.
CREATE TABLE digest_parts (
    workspace UUID NOT NULL,
    digest UUID NOT NULL,
    channel UUID NOT NULL,
    person UUID NOT NULL,                   -- the digest's
    after_position BIGINT NOT NULL,
    up_to_position BIGINT NOT NULL,
    left_out TEXT,                          -- why nothing of it was in what was sent: 'lostAccess', 'left' or 'muted' (N13)
    PRIMARY KEY (workspace, digest, channel)
) /*sqlite WITHOUT ROWID */;
CREATE INDEX digest_parts_channel ON digest_parts (workspace, channel, up_to_position);

CREATE INDEX deliveries_reference ON deliveries (workspace, reference);

-- Links in digests that lead to one channel, for one person (N7, N8). Only the hash of the secret is kept.
CREATE TABLE reply_links (
    workspace UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    digest UUID NOT NULL,
    person UUID NOT NULL,
    channel UUID NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (token_hash)
);
CREATE INDEX reply_links_person ON reply_links (workspace, person);
