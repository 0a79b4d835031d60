-- Addresses that take no mail: `people.bounced_at` says since when, this why (N12).
ALTER TABLE people ADD COLUMN bounce_reason TEXT;
-- A mail that its server took may come back: `sent_at` and `failed_at` are both there then.
