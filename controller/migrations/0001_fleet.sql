-- The terminals: what the console says of each, its certificate, and the last known state.
CREATE TABLE terminals (
    id                 TEXT   NOT NULL PRIMARY KEY,
    site               TEXT   NOT NULL,
    label              TEXT   NOT NULL,
    certificate_serial TEXT,
    certificate_until  BIGINT,
    state              TEXT   NOT NULL,
    revision           BIGINT NOT NULL
);

-- What visitors used, per hour: the highest count that was told.
CREATE TABLE usage_hours (
    terminal TEXT   NOT NULL,
    hour     BIGINT NOT NULL,
    counter  TEXT   NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (terminal, hour, counter)
);
CREATE INDEX usage_hours_by_hour ON usage_hours (hour);

-- What happened to a terminal, for people.
CREATE TABLE timeline (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    terminal TEXT   NOT NULL,
    at_ms    BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    code     TEXT   NOT NULL,
    detail   TEXT
);
CREATE INDEX timeline_by_terminal ON timeline (terminal, id);
