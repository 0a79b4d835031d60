-- What became of the messages of an old page: when each of its readers moved past it is found at once, not among all that
-- was read since.
CREATE INDEX read_moves_reader ON read_moves (workspace, channel, person, position);
