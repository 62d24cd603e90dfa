-- One row that is written anew every few seconds: whether the database takes what it is given is
-- known before anybody needs it.
CREATE TABLE alive (
    one   BIGINT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL
);
INSERT INTO alive (one, at_ms) VALUES (1, 0);

-- Where the audit log begins: the last row that was forgotten, and its hash.
CREATE TABLE audit_anchor (
    one  BIGINT NOT NULL PRIMARY KEY,
    rows BIGINT NOT NULL,
    hash TEXT   NOT NULL
);
INSERT INTO audit_anchor (one, rows, hash) VALUES (1, 0, '');
CREATE INDEX audit_by_time ON audit (at_ms, id);
