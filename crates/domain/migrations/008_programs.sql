-- What programs bring along that talk to `/v1`.

-- Whoever or whatever was deleted stays as a row: conversations about it remain readable, and names stand where they stood.
ALTER TABLE people ADD COLUMN deleted_at BIGINT;
ALTER TABLE companies ADD COLUMN deleted_at BIGINT;
ALTER TABLE projects ADD COLUMN deleted_at BIGINT;

-- Fields that the firm's own programs add: a JSON object.
ALTER TABLE people ADD COLUMN custom_fields TEXT NOT NULL DEFAULT '{}';
ALTER TABLE companies ADD COLUMN custom_fields TEXT NOT NULL DEFAULT '{}';

ALTER TABLE companies ADD COLUMN icon_url TEXT;                                 -- where its picture is, for programs that show one
ALTER TABLE companies ADD COLUMN color TEXT;                                    -- '#9bbfff', where it is not the one made from its id

-- The companies of a client user in the order in which they were given: the first is the main one.
ALTER TABLE company_clients ADD COLUMN place BIGINT NOT NULL DEFAULT 0;

-- What a program was answered when it asked under a key of its own (`Idempotency-Key`): written with the deed itself.
CREATE TABLE first_answers (
    workspace UUID NOT NULL,
    key UUID NOT NULL,                      -- the API key
    name_hash BYTEA NOT NULL,               -- of the Idempotency-Key
    request_hash BYTEA NOT NULL,            -- of the call and its body: another one under the same key is refused
    answer BYTEA NOT NULL,                  -- sealed with the API key's secret: an answer may hold a link that signs in
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, key, name_hash)
);
CREATE INDEX first_answers_created ON first_answers (created_at);
