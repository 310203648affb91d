-- Fewer random pages per submission (ADR 7): a key lies in the row that it protects, what is sealed of
-- an entity lies in its row, and what nobody looks up by a random id is ordered by the journal.

ALTER TABLE journal ADD COLUMN realm TEXT NOT NULL DEFAULT '';
-- The event's random key, wrapped by the master key of its realm; empty = destroyed.
ALTER TABLE journal ADD COLUMN wrapped BLOB NOT NULL DEFAULT X'';
UPDATE journal SET realm = k.realm, wrapped = k.wrapped
    FROM subject_key AS k
    WHERE k.zone_id = journal.zone_id AND k.subject = 'event' AND k.subject_id = journal.event_id;

ALTER TABLE entity ADD COLUMN realm TEXT NOT NULL DEFAULT '';
-- The entity's random key, wrapped; empty = destroyed.
ALTER TABLE entity ADD COLUMN wrapped BLOB NOT NULL DEFAULT X'';
-- The vault: everything about the entity that is not of class "none", under its key.
ALTER TABLE entity ADD COLUMN sealed BLOB NOT NULL DEFAULT X'';
UPDATE entity SET realm = k.realm, wrapped = k.wrapped
    FROM subject_key AS k
    WHERE k.zone_id = entity.zone_id AND k.subject = 'entity' AND k.subject_id = entity.entity_id;
UPDATE entity SET sealed = v.sealed
    FROM vault AS v
    WHERE v.zone_id = entity.zone_id AND v.entity_id = entity.entity_id;

-- Keys of entities while a rebuild makes them again: empty but for then.
CREATE TABLE kept_key (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    realm TEXT NOT NULL,
    wrapped BLOB NOT NULL,
    PRIMARY KEY (zone_id, entity_id)
) STRICT, WITHOUT ROWID;
-- A rebuild that was cut off left keys whose entities are still to be made.
INSERT INTO kept_key (zone_id, entity_id, realm, wrapped)
    SELECT zone_id, subject_id, realm, wrapped FROM subject_key AS k
    WHERE k.subject = 'entity' AND NOT EXISTS (
        SELECT 1 FROM entity AS e WHERE e.zone_id = k.zone_id AND e.entity_id = k.subject_id);

DROP TABLE vault;
DROP TABLE subject_key;

-- In the order of the journal. The first version of an entity is found by its `created_seq`, the
-- later ones by the index.
CREATE TABLE entity_version_new (
    zone_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    base_version INTEGER NOT NULL,
    branch_id TEXT NOT NULL,
    props TEXT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (zone_id, seq, entity_id, version),
    CONSTRAINT fk_entity_version_entity
        FOREIGN KEY (zone_id, entity_id) REFERENCES entity (zone_id, entity_id)
        DEFERRABLE INITIALLY DEFERRED
) STRICT;
INSERT INTO entity_version_new (zone_id, seq, entity_id, version, submission_id, created_at,
        base_version, branch_id, props, sealed)
    SELECT zone_id, seq, entity_id, version, submission_id, created_at, base_version, branch_id,
        props, sealed
    FROM entity_version ORDER BY zone_id, seq, entity_id, version;
DROP TABLE entity_version;
ALTER TABLE entity_version_new RENAME TO entity_version;
CREATE INDEX entity_version_later ON entity_version (zone_id, entity_id, version) WHERE version > 1;
CREATE INDEX entity_version_branch ON entity_version (zone_id, entity_id) WHERE branch_id <> '';

-- Lists are read in the order of registration, which is the order they are written in.
DROP INDEX entity_dataset;
CREATE INDEX entity_dataset ON entity (dataset, zone_id, created_seq, entity_id);

-- 128 bits of each hash: more than chance can meet, in half the pages.
CREATE TABLE intake_key_new (
    intake_key BLOB PRIMARY KEY,
    zone_id INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    content_hash BLOB
) STRICT, WITHOUT ROWID;
INSERT INTO intake_key_new (intake_key, zone_id, submission_id, content_hash)
    SELECT substr(intake_key, 1, 16), zone_id, submission_id, substr(content_hash, 1, 16)
    FROM intake_key ORDER BY intake_key;
DROP TABLE intake_key;
ALTER TABLE intake_key_new RENAME TO intake_key;
