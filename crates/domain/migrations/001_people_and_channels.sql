-- Every table is led by its workspace: no row without an owner, and the whole can be cut up by tenant.
-- Times are milliseconds since 1970 UTC; a nullable time stands where others would put a boolean.

CREATE TABLE workspaces (
    id UUID PRIMARY KEY,
    host TEXT UNIQUE,                       -- null: answers every host that no other workspace names
    brand_name TEXT NOT NULL,
    default_channel TEXT NOT NULL,          -- 'client' or 'company' (C6)
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Internal users and client users: whoever can sign in, write and read.
CREATE TABLE people (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,
    role TEXT NOT NULL,                     -- 'admin', 'staff' or 'client'
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,                -- the address as it is compared: lower case
    phone TEXT,
    time_zone TEXT,
    limited_at BIGINT,                      -- internal users: since when they see assigned companies only
    made_by TEXT NOT NULL,                  -- 'setUp', 'internalUser', 'directSignUp', 'client', 'api'
    invited_at BIGINT,
    first_seen_at BIGINT,                   -- first sign-in
    last_seen_at BIGINT,
    deactivated_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, email_key)
);

CREATE TABLE companies (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT,                          -- the name as it is compared; null for a placeholder
    placeholder_at BIGINT,                  -- stands in for a client user who has no company
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, name_key)
);

-- The client users of a company.
CREATE TABLE company_clients (
    workspace UUID NOT NULL,
    company UUID NOT NULL,
    person UUID NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (workspace, company, person),
    FOREIGN KEY (workspace, company) REFERENCES companies (workspace, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace, person) REFERENCES people (workspace, id) ON DELETE CASCADE
);
CREATE INDEX company_clients_person ON company_clients (workspace, person);

-- The companies that an internal user with limited access is assigned to.
CREATE TABLE company_assignments (
    workspace UUID NOT NULL,
    company UUID NOT NULL,
    person UUID NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (workspace, company, person),
    FOREIGN KEY (workspace, company) REFERENCES companies (workspace, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace, person) REFERENCES people (workspace, id) ON DELETE CASCADE
);
CREATE INDEX company_assignments_person ON company_assignments (workspace, person);

CREATE TABLE projects (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,
    title TEXT NOT NULL,
    company UUID,
    archived_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, company) REFERENCES companies (workspace, id)
);
CREATE INDEX projects_company ON projects (workspace, company);

-- The client users and internal users put on a project.
CREATE TABLE project_people (
    workspace UUID NOT NULL,
    project UUID NOT NULL,
    person UUID NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (workspace, project, person),
    FOREIGN KEY (workspace, project) REFERENCES projects (workspace, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace, person) REFERENCES people (workspace, id) ON DELETE CASCADE
);
CREATE INDEX project_people_person ON project_people (workspace, person);

CREATE TABLE channels (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,                     -- 'client', 'company', 'project' or 'group'
    subject UUID NOT NULL,                  -- the client user, company or project; for a group an id made from its first people
    company UUID,                           -- a group's company (C9)
    last_position BIGINT NOT NULL,          -- of the newest message; 0 before the first
    last_message_at BIGINT,
    archived_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, subject)             -- C1
);

-- Client users put together by hand (C9).
CREATE TABLE group_people (
    workspace UUID NOT NULL,
    channel UUID NOT NULL,
    person UUID NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (workspace, channel, person),
    FOREIGN KEY (workspace, channel) REFERENCES channels (workspace, id) ON DELETE CASCADE,
    FOREIGN KEY (workspace, person) REFERENCES people (workspace, id) ON DELETE CASCADE
);
CREATE INDEX group_people_person ON group_people (workspace, person);

-- Who is in a channel. Follows the view `entitled` at once: a row exists exactly while its person is entitled (C3).
CREATE TABLE members (
    workspace UUID NOT NULL,
    channel UUID NOT NULL,
    person UUID NOT NULL,
    joined_at BIGINT NOT NULL,
    left_at BIGINT,                         -- an internal user who left by choice and may come back (C8)
    muted_at BIGINT,
    read_position BIGINT NOT NULL,          -- the newest message that was on screen; only moves forward
    read_at BIGINT,
    skipped BIGINT NOT NULL,                -- messages after read_position that do not count: own and deleted ones
    spoke_at BIGINT,                        -- time of the newest message of one's own (C7)
    PRIMARY KEY (workspace, channel, person)
) /*sqlite WITHOUT ROWID */;
CREATE INDEX members_person ON members (workspace, person, channel);

-- The rule of C3 in one place: who reads along where the subject is a client user, a company, a project or a group.
-- Internal users with limited access see a client user through that client user's companies.
CREATE VIEW readers AS
    SELECT p.workspace AS workspace, p.id AS subject, p.id AS person
      FROM people p
     WHERE p.role = 'client' AND p.deactivated_at IS NULL
    UNION ALL
    SELECT b.workspace, b.company, b.person
      FROM company_clients b
      JOIN people p ON p.workspace = b.workspace AND p.id = b.person
     WHERE p.deactivated_at IS NULL
    UNION ALL
    SELECT b.workspace, b.project, b.person
      FROM project_people b
      JOIN people p ON p.workspace = b.workspace AND p.id = b.person
     WHERE p.deactivated_at IS NULL
    UNION ALL
    SELECT c.workspace, c.subject, g.person
      FROM channels c
      JOIN group_people g ON g.workspace = c.workspace AND g.channel = c.id
      JOIN company_clients b ON b.workspace = g.workspace AND b.company = c.company AND b.person = g.person
      JOIN people p ON p.workspace = g.workspace AND p.id = g.person
     WHERE c.kind = 'group' AND p.deactivated_at IS NULL
    UNION ALL
    SELECT s.workspace, s.id, p.id
      FROM people s
      JOIN people p ON p.workspace = s.workspace
     WHERE s.role = 'client' AND p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NULL
    UNION ALL
    SELECT s.workspace, s.id, p.id
      FROM companies s
      JOIN people p ON p.workspace = s.workspace
     WHERE p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NULL
    UNION ALL
    SELECT c.workspace, c.subject, p.id
      FROM channels c
      JOIN people p ON p.workspace = c.workspace
     WHERE c.kind = 'group' AND p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NULL
    UNION ALL
    SELECT b.workspace, b.person, p.id
      FROM company_clients b
      JOIN company_assignments a ON a.workspace = b.workspace AND a.company = b.company
      JOIN people p ON p.workspace = a.workspace AND p.id = a.person
     WHERE p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NOT NULL
    UNION ALL
    SELECT a.workspace, a.company, p.id
      FROM company_assignments a
      JOIN people p ON p.workspace = a.workspace AND p.id = a.person
     WHERE p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NOT NULL
    UNION ALL
    SELECT c.workspace, c.subject, p.id
      FROM channels c
      JOIN company_assignments a ON a.workspace = c.workspace AND a.company = c.company
      JOIN people p ON p.workspace = a.workspace AND p.id = a.person
     WHERE c.kind = 'group' AND p.role <> 'client' AND p.deactivated_at IS NULL AND p.limited_at IS NOT NULL;

-- What `members` must hold, but for those who left by choice.
CREATE VIEW entitled AS
    SELECT DISTINCT c.workspace AS workspace, c.id AS channel, r.person AS person
      FROM channels c JOIN readers r ON r.workspace = c.workspace AND r.subject = c.subject;

-- Clustered by its key: a page of a conversation is one stretch of the file.
CREATE TABLE messages (
    workspace UUID NOT NULL,
    channel UUID NOT NULL,
    position BIGINT NOT NULL,               -- dense in its channel, from 1: the one order that everyone sees (M4)
    id UUID NOT NULL,                       -- made by the sender's device (M2)
    author UUID NOT NULL,
    text TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    edited_at BIGINT,
    deleted_at BIGINT,
    search_row BIGINT,                      -- its row in the full-text index, where that is a table of its own; rises as messages come
    PRIMARY KEY (workspace, channel, position)
) /*sqlite WITHOUT ROWID */;
CREATE UNIQUE INDEX messages_id ON messages (workspace, id);

-- Members named in a message (M8), with the words that named them.
CREATE TABLE mentions (
    workspace UUID NOT NULL,
    message UUID NOT NULL,
    person UUID NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (workspace, message, person)
);

-- The words of messages, and where these may be found: a word for the workspace and one for the channel, so that a search
-- looks up both and walks nothing that is not for the one who asks. Accents count as the letter that bears them.
/*sqlite
CREATE VIRTUAL TABLE message_words USING fts5 (
    place, text, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 2"
);
CREATE UNIQUE INDEX messages_search_row ON messages (search_row) WHERE search_row IS NOT NULL;
*/
/*postgres
CREATE FUNCTION without_accents(text TEXT) RETURNS TEXT LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(normalize(lower(text), NFD), '[\u0300-\u036f]', '', 'g');
CREATE FUNCTION message_words(workspace UUID, channel UUID, text TEXT) RETURNS TSVECTOR LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(ARRAY['w' || replace(workspace::TEXT, '-', ''), 'c' || replace(channel::TEXT, '-', '')]) || to_tsvector('simple',
        regexp_replace(without_accents(text), '[\u0001-/:-@\[-`{-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g'));
CREATE INDEX messages_words ON messages USING gin (message_words(workspace, channel, text));
CREATE INDEX messages_sent ON messages (workspace, sent_at, channel, position);
*/
