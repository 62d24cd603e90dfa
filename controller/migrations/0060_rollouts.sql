-- Rollouts and their displays, as JSON; what is asked for stands in columns of its own.
CREATE TABLE rollouts (
    id       TEXT   NOT NULL PRIMARY KEY,
    state    TEXT   NOT NULL,
    body     TEXT   NOT NULL,
    revision BIGINT NOT NULL
);
CREATE INDEX rollouts_by_state ON rollouts (state);

CREATE TABLE rollout_displays (
    rollout  TEXT NOT NULL,
    terminal TEXT NOT NULL,
    step     TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (rollout, terminal)
);
CREATE INDEX rollout_displays_by_step ON rollout_displays (step);

-- A display belongs to one rollout at a time.
CREATE TABLE rollout_claims (
    terminal TEXT NOT NULL PRIMARY KEY,
    rollout  TEXT NOT NULL
);
CREATE INDEX rollout_claims_by_rollout ON rollout_claims (rollout);

-- When a display was first heard to hold a recall.
CREATE TABLE recall_proofs (
    form     TEXT   NOT NULL,
    edition  TEXT   NOT NULL,
    terminal TEXT   NOT NULL,
    at_ms    BIGINT NOT NULL,
    PRIMARY KEY (form, edition, terminal)
);
