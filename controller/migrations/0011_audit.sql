-- The audit log: every row holds the hash of the one before it, the head holds the last one.
CREATE TABLE audit (
    id       BIGINT NOT NULL PRIMARY KEY,
    at_ms    BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    action   TEXT   NOT NULL,
    object   TEXT   NOT NULL,
    detail   TEXT,
    result   TEXT   NOT NULL,
    previous TEXT   NOT NULL,
    hash     TEXT   NOT NULL
);
CREATE INDEX audit_by_object ON audit (object, id);

CREATE TABLE audit_head (
    one  BIGINT NOT NULL PRIMARY KEY,
    rows BIGINT NOT NULL,
    hash TEXT   NOT NULL
);
INSERT INTO audit_head (one, rows, hash) VALUES (1, 0, '');
