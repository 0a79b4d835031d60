-- How people come in, what is kept about who did what, and who asked for early access.

ALTER TABLE workspaces ADD COLUMN sign_up_at BIGINT;                            -- since when people sign up by themselves (S2); null: they do not
ALTER TABLE workspaces ADD COLUMN colleagues_at BIGINT;                         -- since when client users invite their colleagues; null: they do not

ALTER TABLE people ADD COLUMN uninvited_at BIGINT;                              -- since when their invitation is taken back: they come in by a new one only
ALTER TABLE sign_in_links ADD COLUMN revoked_at BIGINT;                         -- since when an invitation is taken back

-- People on their way in who are none yet: nobody sees them until the mail to their address has been answered.
CREATE TABLE newcomers (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    person UUID NOT NULL,                   -- the id that is theirs once they are here
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    company_name TEXT NOT NULL,             -- what they call their company; empty where they said nothing
    company UUID,                           -- their colleague's, where one invited them
    invited_by UUID,                        -- that colleague; null: they signed up by themselves
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    arrived_at BIGINT,
    PRIMARY KEY (workspace, person)
);
CREATE INDEX newcomers_email ON newcomers (workspace, email_key);
CREATE INDEX newcomers_invited_by ON newcomers (workspace, invited_by, created_at);
CREATE INDEX newcomers_expires ON newcomers (expires_at);

-- Client users who say that they belong to a company, or of whom a colleague says so: an internal user decides.
CREATE TABLE company_requests (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    person UUID NOT NULL,
    company UUID,                           -- the colleague's; null: they named one themselves
    company_name TEXT NOT NULL,             -- what they call it
    asked_by UUID,                          -- the colleague; null: they themselves
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id),
    FOREIGN KEY (workspace, person) REFERENCES people (workspace, id) ON DELETE CASCADE
);
CREATE INDEX company_requests_person ON company_requests (workspace, person);

-- Tables of people and companies that somebody hands in: looked at first, then taken in.
CREATE TABLE imports (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,
    person UUID NOT NULL,                   -- who handed it in
    file_name TEXT NOT NULL,
    invite_at BIGINT,                       -- since when everybody in it is to be invited
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX imports_started ON imports (started_at);
CREATE TABLE import_lines (
    workspace UUID NOT NULL,
    import UUID NOT NULL,
    line BIGINT NOT NULL,                   -- the line of the file at which it begins, from 1
    given_name TEXT NOT NULL,
    family_name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT,                         -- null: a line about a company only
    phone TEXT NOT NULL,
    company TEXT NOT NULL,
    company_key TEXT,
    field TEXT,                             -- why it cannot be taken, and what is wrong there
    problem TEXT,
    person UUID,                            -- who came of it
    done_at BIGINT,
    PRIMARY KEY (workspace, import, line),
    FOREIGN KEY (workspace, import) REFERENCES imports (workspace, id) ON DELETE CASCADE
) /*sqlite WITHOUT ROWID */;
CREATE INDEX import_lines_email ON import_lines (workspace, import, email_key, line);
CREATE INDEX import_lines_company ON import_lines (workspace, import, company_key);

-- Who did what, when, and about whom: only ever added to.
CREATE TABLE records (
    workspace UUID NOT NULL REFERENCES workspaces (id),
    id UUID NOT NULL,                       -- begins with the time: the order of ids is that of deeds
    at BIGINT NOT NULL,
    person UUID,                            -- who did it; null: whoever runs the portal, on its machine
    via TEXT NOT NULL,                      -- 'page', 'program' or 'machine'
    deed TEXT NOT NULL,                     -- for instance 'settings.changed'
    about UUID,                             -- the person, company, project, … it was done to
    changes TEXT NOT NULL,                  -- what is another value now: JSON
    PRIMARY KEY (workspace, id)
) /*sqlite WITHOUT ROWID */;
CREATE INDEX records_about ON records (workspace, about, id);
CREATE INDEX records_person ON records (workspace, person, id);

-- Who wants to have a portal of their own (E1).
CREATE TABLE early_access (
    id UUID PRIMARY KEY,
    workspace UUID REFERENCES workspaces (id), -- whose page it was; null: of a host that no workspace answers
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    company TEXT NOT NULL,
    trapped_at BIGINT,                      -- filled in what only machines see
    at BIGINT NOT NULL
);
CREATE INDEX early_access_workspace ON early_access (workspace, id);
CREATE INDEX early_access_email ON early_access (email_key);
