-- Email and text of a digest may leave at different times, so what is left out of one may be in the other (N12, N13).

ALTER TABLE digest_parts ADD COLUMN text_left_out TEXT;     -- as left_out, which is about the email alone from now on
UPDATE digest_parts SET text_left_out = left_out WHERE left_out IS NOT NULL;
