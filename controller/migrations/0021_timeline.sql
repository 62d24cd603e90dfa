-- A terminal's timeline asks for the steps of its commands, and for what the audit log has about it,
-- by time. `heard_ms` is when the controller learned of a step: `at_ms` is the terminal's own clock,
-- which may be wrong, and what it tells after an absence would stand where nobody looks again.
ALTER TABLE command_history ADD COLUMN terminal TEXT NOT NULL DEFAULT '';
ALTER TABLE command_history ADD COLUMN heard_ms BIGINT NOT NULL DEFAULT 0;
UPDATE command_history SET heard_ms = at_ms,
    terminal = COALESCE((SELECT terminal FROM commands WHERE commands.id = command_history.command), '');
CREATE INDEX command_history_by_terminal ON command_history (terminal, heard_ms);

CREATE INDEX audit_by_object_at ON audit (object, at_ms);
CREATE INDEX audit_refused_by_actor ON audit (actor, at_ms) WHERE result = 'refused';
