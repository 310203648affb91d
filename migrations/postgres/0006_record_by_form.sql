-- Tables of one form's submissions, newest first: ids are ordered by time. Conflicts share an instance id with
-- the submission they collide with, and are not in them.
CREATE INDEX record_by_form ON record (form_id, submission_id, zone_id) WHERE reason <> 'conflict';
-- Few submissions are ever edited: how often, and when, without reading the journal.
CREATE INDEX journal_edit ON journal (zone_id, submission_id) WHERE kind IN ('edit', 'late_original');
-- The instance id that a submission was first sent under: what readers know it by, however often it is edited.
ALTER TABLE record ADD COLUMN first_instance_id text NOT NULL DEFAULT '';
-- Of what was edited before, only the last one is known here; `sanu rebuild` finds the first.
UPDATE record SET first_instance_id = instance_id;
