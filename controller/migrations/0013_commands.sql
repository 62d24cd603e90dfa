-- Commands, the states they went through, and what they brought back.
CREATE TABLE commands (
    id               TEXT   NOT NULL PRIMARY KEY,
    batch            TEXT   NOT NULL,
    terminal         TEXT   NOT NULL,
    verb             TEXT   NOT NULL,
    state            TEXT   NOT NULL,
    issued_by        TEXT   NOT NULL,
    issued_ms        BIGINT NOT NULL,
    start_by_ms      BIGINT NOT NULL,
    finish_by_ms     BIGINT NOT NULL,
    force_reason     TEXT,
    reason           TEXT,
    rejection        TEXT,
    detail           TEXT,
    waits_until_ms   BIGINT,
    cancel_requested BIGINT NOT NULL,
    sent_mark        TEXT   NOT NULL,
    cancel_mark      TEXT   NOT NULL,
    has_logs         BIGINT NOT NULL,
    revision         BIGINT NOT NULL
);
CREATE INDEX commands_by_terminal ON commands (terminal, id);
CREATE INDEX commands_by_batch ON commands (batch, id);
CREATE INDEX commands_by_state ON commands (state, id);

CREATE TABLE command_history (
    command TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    state   TEXT   NOT NULL,
    at_ms   BIGINT NOT NULL,
    teller  TEXT   NOT NULL,
    detail  TEXT,
    PRIMARY KEY (command, n)
);

CREATE TABLE command_logs (
    command TEXT   NOT NULL PRIMARY KEY,
    at_ms   BIGINT NOT NULL,
    body    TEXT   NOT NULL
);

-- The last sequence that was signed for a terminal's commands.
CREATE TABLE command_sequences (
    terminal TEXT   NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
);

-- Answers already given to an Idempotency-Key.
CREATE TABLE idempotency (
    actor        TEXT   NOT NULL,
    key          TEXT   NOT NULL,
    request_hash TEXT   NOT NULL,
    batch        TEXT   NOT NULL,
    at_ms        BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
