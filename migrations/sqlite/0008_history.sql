-- What the register said on any day (ADR 15). The days below count from 1970-01-01, in UTC.
-- The day of the last event applied; it never goes back, whatever a clock did.
ALTER TABLE apply_state ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
-- The first day of which the register knows what it said.
ALTER TABLE apply_state ADD COLUMN first_day INTEGER NOT NULL DEFAULT 0;
UPDATE apply_state SET day = (SELECT COALESCE(MAX(received_at), 0) / 86400000000 FROM journal);
UPDATE apply_state SET first_day = day;

-- Since which day the row says what it says.
ALTER TABLE entity ADD COLUMN day INTEGER NOT NULL DEFAULT 0;
UPDATE entity SET day = COALESCE((SELECT j.received_at / 86400000000 FROM journal j WHERE j.seq = entity.updated_seq), 0);
-- The event that deleted it; 0 = it was not deleted, or restored.
ALTER TABLE entity ADD COLUMN deleted_seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entity_deleted ON entity (deleted_seq) WHERE deleted_seq > 0;

-- What rows of `entity` said before: from `since_day` on, up to the day before `until_day`. What is sealed is
-- sealed under the key in `entity`, and gone with it.
CREATE TABLE entity_past (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    until_day INTEGER NOT NULL,
    since_day INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    version INTEGER NOT NULL,
    label TEXT NOT NULL,
    props TEXT NOT NULL,
    lon REAL,
    lat REAL,
    flags TEXT NOT NULL,
    site_id BLOB,
    region_2012 TEXT NOT NULL,
    cercle_2012 TEXT NOT NULL,
    commune_2012 TEXT NOT NULL,
    region_2023 TEXT NOT NULL,
    cercle_2023 TEXT NOT NULL,
    commune_2023 TEXT NOT NULL,
    basis_2012 TEXT NOT NULL,
    basis_2023 TEXT NOT NULL,
    district TEXT NOT NULL,
    status TEXT NOT NULL,
    created_seq INTEGER NOT NULL,
    updated_seq INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    merged_into BLOB,
    review TEXT NOT NULL,
    PRIMARY KEY (zone_id, entity_id, until_day)
) STRICT;
CREATE INDEX entity_past_list ON entity_past (dataset, zone_id, created_seq, entity_id);

-- Submissions that once spoke of an entity and may speak of it no longer: they were rejected, or it was deleted.
CREATE TABLE entity_source (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    record_zone_id INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    PRIMARY KEY (zone_id, entity_id, submission_id)
) STRICT, WITHOUT ROWID;
