-- What each terminal should be: the settings that were changed, and the body last made of them.
CREATE TABLE desired (
    terminal       TEXT   NOT NULL PRIMARY KEY,
    generation     BIGINT NOT NULL,
    body           TEXT   NOT NULL,
    changed_ms     BIGINT NOT NULL,
    session_idle_s BIGINT,
    languages      TEXT
);
