-- One-time tokens to enroll a terminal; the secret stands here only as a hash.
CREATE TABLE enroll_tokens (
    secret_hash TEXT   NOT NULL PRIMARY KEY,
    terminal    TEXT   NOT NULL,
    created_by  TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL,
    expires_ms  BIGINT NOT NULL,
    used_ms     BIGINT
);
