-- Programs of the firm that are called when something happens.
CREATE TABLE webhooks (
    workspace UUID NOT NULL,
    id UUID NOT NULL,
    url TEXT NOT NULL,
    events TEXT NOT NULL,                   -- which they want to hear of, separated by spaces: 'message.sent', 'client.*' or '*'
    secret BYTEA NOT NULL,                  -- signs each call, so that the hash of it would not do
    person UUID NOT NULL,                   -- the admin who made it
    seq BIGINT NOT NULL,                    -- up to here the journal was followed for it: the calls are made, the rest is passed over
    created_at BIGINT NOT NULL,
    taken_at BIGINT,                        -- when it last took a call
    disabled_at BIGINT,                     -- since when it is switched off
    disabled_reason TEXT,
    deleted_at BIGINT,                      -- its calls are being swept; then it is gone too
    PRIMARY KEY (workspace, id)
);

-- What a program is told: one entry of the journal, under one of its names.
CREATE TABLE webhook_calls (
    workspace UUID NOT NULL,
    id UUID NOT NULL,                       -- `webhook-id`, the same at each try
    webhook UUID NOT NULL,
    seq BIGINT NOT NULL,                    -- the journal's entry
    kind TEXT NOT NULL,
    at BIGINT NOT NULL,                     -- when it happened
    payload TEXT NOT NULL,                  -- what it refers to; what that looks like is read at each try
    PRIMARY KEY (workspace, id),
    UNIQUE (workspace, webhook, seq, kind)
);
CREATE INDEX webhook_calls_at ON webhook_calls (at);

-- Each try of a call, and what came of it.
CREATE TABLE webhook_tries (
    workspace UUID NOT NULL,
    call UUID NOT NULL,
    delivery UUID NOT NULL,                 -- a call that is sent again by hand has several
    number BIGINT NOT NULL,                 -- from 1
    at BIGINT NOT NULL,
    took BIGINT NOT NULL,                   -- milliseconds
    status BIGINT,                          -- null: there was no answer
    said TEXT NOT NULL,                     -- the beginning of the answer, or why there was none
    PRIMARY KEY (workspace, call, delivery, number)
);

-- Calls are deliveries that wait apart from mails and texts, each program's by themselves: one that answers slowly or
-- never is in nobody else's way.
ALTER TABLE deliveries ADD COLUMN webhook UUID;
DROP INDEX deliveries_next;
CREATE INDEX deliveries_next ON deliveries (next_try_at) WHERE webhook IS NULL;
CREATE INDEX deliveries_webhook ON deliveries (workspace, webhook, next_try_at) WHERE webhook IS NOT NULL;

-- In-product notifications that are over, or that somebody did something with. An open one is not here: it follows from what a
-- member has not read.
CREATE TABLE notifications (
    workspace UUID NOT NULL,
    id UUID NOT NULL,                       -- made from the person and the message
    person UUID NOT NULL,
    channel UUID NOT NULL,
    message UUID NOT NULL,                  -- that it was made for: the first of those it is about
    position BIGINT NOT NULL,               -- of that message
    up_to_position BIGINT NOT NULL,         -- of the last it is about
    created_at BIGINT NOT NULL,             -- when that message was received
    read_at BIGINT,                         -- null: somebody marked it as unread
    deleted_at BIGINT,
    PRIMARY KEY (workspace, id)
);
CREATE INDEX notifications_newest ON notifications (workspace, created_at, message, person);
CREATE INDEX notifications_person ON notifications (workspace, person, created_at, message);
CREATE INDEX notifications_place ON notifications (workspace, channel, person, up_to_position);
CREATE INDEX notifications_unread ON notifications (workspace, person, channel) WHERE read_at IS NULL;
