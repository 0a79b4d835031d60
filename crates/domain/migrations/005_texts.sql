-- Numbers that text messages go to (N9): given, proven by a code, agreed to.
CREATE TABLE phones (
    workspace UUID NOT NULL,
    person UUID NOT NULL,
    number TEXT NOT NULL,                   -- + and digits (E.164)
    code_hash BYTEA,                        -- made when the text with the code is put together
    code_expires_at BIGINT,                 -- null: no code was asked for
    tries BIGINT NOT NULL,                  -- wrong codes so far
    proved_at BIGINT,
    agreed_at BIGINT,                       -- since when texts are wanted there
    quiet_from BIGINT,                      -- quiet hours, as minutes of the day; both null: none
    quiet_until BIGINT,
    PRIMARY KEY (workspace, person),
    FOREIGN KEY (workspace, person) REFERENCES people (workspace, id) ON DELETE CASCADE
);
CREATE INDEX phones_number ON phones (number);

-- Numbers whose owners have stopped texts, by STOP or at the provider. It holds for a number, whoever gave it.
CREATE TABLE stopped_numbers (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    number TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, number)
);
CREATE INDEX stopped_numbers_number ON stopped_numbers (number);

-- What was answered to whether texts may be sent: only ever added to.
CREATE TABLE consents (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,
    person UUID NOT NULL,
    number TEXT NOT NULL,
    answer TEXT NOT NULL,                   -- 'yes' or 'no'
    wording TEXT NOT NULL,                  -- what was on the page, or what was written by text
    how TEXT NOT NULL,                      -- 'profile', 'textMessage', 'provider' or 'numberChanged'
    at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX consents_person ON consents (workspace, person);
