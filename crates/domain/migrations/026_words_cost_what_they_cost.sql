-- PostgreSQL takes computing a message's words for cheap, as it looks into the function: to find a word in a million messages it
-- would rather compute all of them than ask the index, on several processors. The same function, closed and with its cost.

/*postgres
CREATE OR REPLACE FUNCTION message_words(workspace UUID, channel UUID, text TEXT) RETURNS TSVECTOR
    LANGUAGE plpgsql IMMUTABLE PARALLEL RESTRICTED COST 1000 AS $$ BEGIN
    RETURN array_to_tsvector(ARRAY['w' || replace(workspace::TEXT, '-', ''), 'c' || replace(channel::TEXT, '-', '')])
        || to_tsvector('pg_catalog.simple', regexp_replace(
            regexp_replace(normalize(lower(text), NFD), '[\u0300-\u036f]', '', 'g'),
            '[\u0001-/:-@\[-`{-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g'));
END $$;
-- Without figures the planner believes in a few messages and sorts them all to find the newest.
ANALYZE messages;
*/
