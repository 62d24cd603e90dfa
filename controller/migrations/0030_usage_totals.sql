-- What visitors used since the beginning: hours are folded into days and then forgotten, these stay.
CREATE TABLE usage_totals (
    terminal TEXT   NOT NULL,
    counter  TEXT   NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (terminal, counter)
);
INSERT INTO usage_totals (terminal, counter, n)
    SELECT terminal, counter, SUM(n) FROM usage_hours GROUP BY terminal, counter;

-- Days (UTC, since the epoch) whose hours were forgotten.
CREATE TABLE usage_days (
    terminal TEXT   NOT NULL,
    day      BIGINT NOT NULL,
    counter  TEXT   NOT NULL,
    n        BIGINT NOT NULL,
    PRIMARY KEY (terminal, day, counter)
);
CREATE INDEX usage_days_by_day ON usage_days (day);
