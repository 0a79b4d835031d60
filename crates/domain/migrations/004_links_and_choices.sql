-- Somebody whose reply link had run out asked for a fresh one; it is made when its mail is put together.
CREATE TABLE fresh_links (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    person UUID NOT NULL,
    digest UUID NOT NULL,
    channel UUID NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX fresh_links_created ON fresh_links (created_at);
CREATE INDEX reply_links_expires ON reply_links (expires_at);

-- The links in mails with which somebody ends them (RFC 8058). Only the hash of the secret is kept.
CREATE TABLE unsubscribe_links (
    workspace UUID NOT NULL,
    token_hash BYTEA NOT NULL,
    person UUID NOT NULL,
    way TEXT NOT NULL,                      -- 'email' or 'text'
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (workspace, token_hash)
);
CREATE INDEX unsubscribe_links_expires ON unsubscribe_links (expires_at);

-- Where somebody wanted to go when they had to sign in first: the link in the mail leads there, on any device.
ALTER TABLE sign_ins ADD COLUMN back TEXT;
