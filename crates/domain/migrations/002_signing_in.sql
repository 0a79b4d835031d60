-- A browser that is signed in. Only the hash of its cookie is kept.
CREATE TABLE sessions (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    person UUID NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    agent TEXT NOT NULL,                    -- what the browser says it is, shortened, for the person to recognise it
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,                -- moved at most once an hour
    ended_at BIGINT,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, person) REFERENCES people (workspace, id) ON DELETE CASCADE
);
CREATE INDEX sessions_person ON sessions (workspace, person);

-- Somebody asked to sign in with an address. A row is made whether or not the address is known (S3).
CREATE TABLE sign_ins (
    workspace UUID NOT NULL,
    id UUID NOT NULL,                       -- known to the browser that asked; the code is good only together with it
    person UUID,                            -- null: nobody has that address, nothing will be sent
    code_hash BYTEA,                        -- made when the mail is put together
    tries BIGINT NOT NULL,                  -- wrong codes so far
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (workspace, id)
);

-- One-time links that sign somebody in or set the portal up. Only the hash of the secret is kept.
CREATE TABLE sign_in_links (
    workspace UUID,                         -- null: the set-up link of a portal that has no workspace yet
    token_hash BYTEA PRIMARY KEY,
    kind TEXT NOT NULL,                     -- 'mail', 'command', 'invitation', 'demo' (not used up) or 'setUp'
    person UUID,
    sign_in UUID,                           -- the request that a mailed link belongs to: code and link are used up together
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX sign_in_links_person ON sign_in_links (workspace, person);
CREATE INDEX sign_in_links_sign_in ON sign_in_links (workspace, sign_in);
CREATE INDEX sign_ins_person ON sign_ins (workspace, person);

-- Keys of programs (`/v1`). Only the hash is kept.
CREATE TABLE keys (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    person UUID NOT NULL,                   -- the admin who made it and for whom it speaks
    name TEXT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (workspace, id)
);

-- Tries counted by address and by sender (S3): one row for each window of time.
CREATE TABLE tries (
    subject TEXT PRIMARY KEY,               -- what is counted, and for whom, for instance 'sign-in:address:…'
    window_start BIGINT NOT NULL,
    count BIGINT NOT NULL
);

-- What has to be sent. A worker takes a row by a lease, sends with no transaction open, and records how it went.
CREATE TABLE deliveries (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,                     -- 'signIn' or 'invitation'
    person UUID NOT NULL,
    reference UUID,                         -- the sign-in that asked for it
    created_at BIGINT NOT NULL,
    next_try_at BIGINT,                     -- null: finished
    leased_until BIGINT,
    tries BIGINT NOT NULL,
    sent_at BIGINT,
    failed_at BIGINT,
    reason TEXT,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX deliveries_next ON deliveries (next_try_at);
