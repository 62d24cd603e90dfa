-- The certificates of the terminals, each with where it stands: `in_use` (seen on a connection),
-- `issued` (given out by a renewal, not seen yet) or `void`. A terminal has at most one of each of
-- the first two, and both are admitted. Void ones stay until they end: revocation lists name them.
-- The columns of `terminals` are left as they were and read no more.
CREATE TABLE certificates (
    serial     TEXT   NOT NULL PRIMARY KEY,
    terminal   TEXT   NOT NULL,
    until_ms   BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    changed_ms BIGINT NOT NULL
);
CREATE INDEX certificates_by_terminal ON certificates (terminal, state);
CREATE INDEX certificates_by_state ON certificates (state, until_ms);

INSERT INTO certificates (serial, terminal, until_ms, state, changed_ms)
SELECT certificate_serial, id, certificate_until, 'in_use', 0 FROM terminals
WHERE certificate_serial IS NOT NULL AND certificate_until IS NOT NULL;
