-- Tables of one form's submissions, newest first: ids are ordered by time. Conflicts share an instance id with
-- the submission they collide with, and are not in them.
CREATE INDEX record_by_form ON record (form_id, submission_id, zone_id) WHERE reason <> 'conflict';
-- Few submissions are ever edited: how often, and when, without reading the journal.
CREATE INDEX journal_edit ON journal (zone_id, submission_id) WHERE kind IN ('edit', 'late_original');
