-- Scheduled orders, and each run that was due: decided once, whatever happens afterwards.
CREATE TABLE schedules (
    id          TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    paused      BIGINT NOT NULL,
    since_ms    BIGINT NOT NULL,
    last_due_ms BIGINT,
    changed_ms  BIGINT NOT NULL,
    changed_by  TEXT   NOT NULL,
    revision    BIGINT NOT NULL
);
CREATE TABLE schedule_runs (
    schedule   TEXT   NOT NULL,
    due_ms     BIGINT NOT NULL,
    decided_ms BIGINT NOT NULL,
    state      TEXT   NOT NULL,
    reason     TEXT,
    missed     BIGINT NOT NULL,
    batch      TEXT,
    ordered    BIGINT NOT NULL,
    left_out   BIGINT NOT NULL,
    PRIMARY KEY (schedule, due_ms)
);
CREATE INDEX schedule_runs_by_state ON schedule_runs (state, due_ms);
