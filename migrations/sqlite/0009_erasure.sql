-- Erasing people (ADR 16).

-- Files of a submission that came after it: what must go with it is found without reading the journal.
CREATE INDEX journal_files ON journal (zone_id, submission_id) WHERE kind = 'files';

-- Records that are marked or kept out of the register: among them are those that speak of a person whose
-- registration they could not reach.
CREATE INDEX record_marked ON record (zone_id, submission_id) WHERE state <> 'received';

-- What became of each erasure; derived from the journal, which alone holds the reasons.
CREATE TABLE erasure (
    zone_id INTEGER NOT NULL,
    erasure_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    entity_id BLOB NOT NULL,
    state TEXT NOT NULL,
    refusal TEXT NOT NULL,
    account_id BLOB,
    erased_at INTEGER NOT NULL,
    registrations INTEGER NOT NULL,
    submissions INTEGER NOT NULL,
    files INTEGER NOT NULL,
    PRIMARY KEY (zone_id, erasure_id)
) STRICT;

-- Files whose removal from the folder is under way: a server that was stopped meanwhile goes on with it.
CREATE TABLE lost_file (
    sha256 BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
