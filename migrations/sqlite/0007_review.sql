-- Review of submissions (ADR 14): beside what the checks say of a record (`state`), how it stands with
-- people: waiting, accepted, rejected, returned, edited.
ALTER TABLE record ADD COLUMN review TEXT NOT NULL DEFAULT 'waiting';
-- The decision of a person that stands; 0 = only the rules have spoken.
ALTER TABLE record ADD COLUMN reviewed_seq INTEGER NOT NULL DEFAULT 0;
-- JSON: earlier events of the submission, those that a person let in, corrections taken back; '' = none.
ALTER TABLE record ADD COLUMN trail TEXT NOT NULL DEFAULT '';
UPDATE record SET review = 'accepted' WHERE state = 'received'
    OR (state = 'held' AND violations NOT LIKE '%"severity":"warning"%');
UPDATE record SET trail = t.trail
    FROM (SELECT j.zone_id, j.submission_id,
            '{"earlier":[' || group_concat(j.seq ORDER BY j.seq) || ']}' AS trail
        FROM journal AS j JOIN record AS r ON r.zone_id = j.zone_id AND r.submission_id = j.submission_id
        WHERE j.kind IN ('submission', 'edit') AND j.seq < r.seq
        GROUP BY j.zone_id, j.submission_id) AS t
    WHERE t.zone_id = record.zone_id AND t.submission_id = record.submission_id;
-- The queues; most records are accepted by the rules.
CREATE INDEX record_review ON record (zone_id, submission_id) WHERE review <> 'accepted';
-- Their number stands beside every count.
DROP INDEX record_under_review;
CREATE INDEX record_in_review ON record (dataset, review, state, zone_id) WHERE review <> 'accepted';

-- `pending` while any record that speaks for it waits for review, else `accepted`.
ALTER TABLE entity ADD COLUMN review TEXT NOT NULL DEFAULT 'accepted';
-- Added to `version` where phones see it: reviews take versions out, and phones must not see fewer.
ALTER TABLE entity ADD COLUMN shifts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entity_version ADD COLUMN review TEXT NOT NULL DEFAULT 'accepted';
UPDATE entity_version SET review = 'pending'
    WHERE submission_id IN (SELECT submission_id FROM record WHERE review <> 'accepted');
UPDATE entity SET review = 'pending' WHERE entity_id IN (
    SELECT h.canonical_id FROM entity_version AS v JOIN entity_home AS h ON h.entity_id = v.entity_id
        WHERE v.review = 'pending'
    UNION SELECT entity_id FROM entity_version WHERE review = 'pending');

-- What people said of submissions; derived from the journal, which alone holds their words.
CREATE TABLE review (
    zone_id INTEGER NOT NULL,
    review_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    action TEXT NOT NULL,
    state TEXT NOT NULL,
    refusal TEXT NOT NULL,
    account_id BLOB,
    reviewed_at INTEGER NOT NULL,
    PRIMARY KEY (zone_id, review_id)
) STRICT;
CREATE INDEX review_submission ON review (zone_id, submission_id, seq);

-- Official figures count accepted records: whether a cell's things are is part of its key.
DROP TABLE count_cell;
CREATE TABLE count_cell (
    zone_id INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    region_2012 TEXT NOT NULL,
    cercle_2012 TEXT NOT NULL,
    commune_2012 TEXT NOT NULL,
    region_2023 TEXT NOT NULL,
    cercle_2023 TEXT NOT NULL,
    commune_2023 TEXT NOT NULL,
    district TEXT NOT NULL,
    sex TEXT NOT NULL,
    age_group TEXT NOT NULL,
    status TEXT NOT NULL,
    review TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status, review)
) STRICT, WITHOUT ROWID;
INSERT INTO count_cell (zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status, review, n)
    SELECT zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023,
        commune_2023, district, sex, age_group, status, review, COUNT(*)
    FROM entity WHERE merged_into IS NULL
    GROUP BY zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023, cercle_2023,
        commune_2023, district, sex, age_group, status, review;
