-- Texts that wait for the end of the same quiet hours go as one (N9): which digest's text says this one too. What became of
-- that one is written here as well.

ALTER TABLE deliveries ADD COLUMN carried_by UUID;
CREATE INDEX deliveries_carried ON deliveries (workspace, carried_by, reference) WHERE carried_by IS NOT NULL;
CREATE INDEX deliveries_texts ON deliveries (workspace, person) WHERE kind = 'digestText' AND next_try_at IS NOT NULL;
