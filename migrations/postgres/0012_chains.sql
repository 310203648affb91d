-- Versions of a submission that came before what they replace (ADR 20). Derived.

-- An event that is told as one of `submission_id`, although it came as one of `was`: the version between them
-- came after it.
CREATE TABLE retold (
    zone_id integer NOT NULL,
    seq bigint NOT NULL,
    submission_id uuid NOT NULL,
    was uuid NOT NULL,
    PRIMARY KEY (zone_id, seq)
);
CREATE INDEX retold_was ON retold (zone_id, was);
CREATE INDEX retold_as ON retold (zone_id, submission_id);
