-- Calendars of sites that were changed on the console, as JSON; a site without a row has the
-- configuration's.
CREATE TABLE calendars (
    site       TEXT   NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL,
    changed_ms BIGINT NOT NULL,
    changed_by TEXT   NOT NULL
);
