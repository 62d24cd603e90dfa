-- Releases of content as the signed list names them; one that it no longer names is withdrawn, and
-- kept here so that what a display says it has can be named.
CREATE TABLE releases (
    name         TEXT   NOT NULL PRIMARY KEY,
    manifest     TEXT   NOT NULL,
    title        TEXT   NOT NULL,
    bytes        BIGINT NOT NULL,
    files        BIGINT NOT NULL,
    published_ms BIGINT NOT NULL,
    published_by TEXT   NOT NULL,
    withdrawn_ms BIGINT
);
-- The editions of forms that a release has.
CREATE TABLE editions (
    release     TEXT NOT NULL,
    form        TEXT NOT NULL,
    edition     TEXT NOT NULL,
    title       TEXT NOT NULL,
    office      TEXT NOT NULL,
    valid_from  TEXT NOT NULL,
    valid_until TEXT NOT NULL,
    PRIMARY KEY (release, form)
);
-- Editions that no display may hand out any more, whatever release it has.
CREATE TABLE recalls (
    form        TEXT   NOT NULL,
    edition     TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    recalled_by TEXT   NOT NULL,
    recalled_ms BIGINT NOT NULL,
    PRIMARY KEY (form, edition)
);
-- The release that a terminal should have, as JSON; absent until a rollout or a person says so.
ALTER TABLE desired ADD COLUMN release TEXT;
