-- Erasing people (ADR 16).

-- Files of a submission that came after it: what must go with it is found without reading the journal.
CREATE INDEX journal_files ON journal (zone_id, submission_id) WHERE kind = 'files';

-- Records that are marked or kept out of the register: among them are those that speak of a person whose
-- registration they could not reach.
CREATE INDEX record_marked ON record (zone_id, submission_id) WHERE state <> 'received';

-- What became of each erasure; derived from the journal, which alone holds the reasons.
CREATE TABLE erasure (
    zone_id integer NOT NULL,
    erasure_id uuid NOT NULL,
    seq bigint NOT NULL,
    dataset text NOT NULL,
    entity_id uuid NOT NULL,
    state text NOT NULL,
    refusal text NOT NULL,
    account_id uuid,
    erased_at bigint NOT NULL,
    registrations bigint NOT NULL,
    submissions bigint NOT NULL,
    files bigint NOT NULL,
    PRIMARY KEY (zone_id, erasure_id)
);

-- Files whose removal from the folder is under way: a server that was stopped meanwhile goes on with it.
CREATE TABLE lost_file (
    sha256 bytea PRIMARY KEY
);
