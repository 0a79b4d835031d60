-- When the clock was last looked at: whether it has been put back while the program was down. One row.
CREATE TABLE clock_seen (
    one BIGINT PRIMARY KEY CHECK (one = 1),
    at BIGINT NOT NULL
);
