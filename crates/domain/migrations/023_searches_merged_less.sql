-- The search's index puts its parts together once there are eight of a size, not four: writing, which a message's words wait
-- for, costs less, and a search looks into a few parts more.

/*sqlite
INSERT INTO message_words (message_words, rank) VALUES ('automerge', 8);
*/
