-- Fewer random pages per submission (ADR 7): a key lies in the row that it protects, what is sealed of
-- an entity lies in its row, and what nobody looks up by a random id is ordered by the journal.

ALTER TABLE journal ADD COLUMN realm text NOT NULL DEFAULT '';
-- The event's random key, wrapped by the master key of its realm; empty = destroyed.
ALTER TABLE journal ADD COLUMN wrapped bytea NOT NULL DEFAULT '';
UPDATE journal SET realm = k.realm, wrapped = k.wrapped
    FROM subject_key AS k
    WHERE k.zone_id = journal.zone_id AND k.subject = 'event' AND k.subject_id = journal.event_id;

ALTER TABLE entity ADD COLUMN realm text NOT NULL DEFAULT '';
-- The entity's random key, wrapped; empty = destroyed.
ALTER TABLE entity ADD COLUMN wrapped bytea NOT NULL DEFAULT '';
-- The vault: everything about the entity that is not of class "none", under its key.
ALTER TABLE entity ADD COLUMN sealed bytea NOT NULL DEFAULT '';
-- The constraint of the versions is deferred: its pending checks would stand in the way below.
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE entity SET realm = k.realm, wrapped = k.wrapped
    FROM subject_key AS k
    WHERE k.zone_id = entity.zone_id AND k.subject = 'entity' AND k.subject_id = entity.entity_id;
UPDATE entity SET sealed = v.sealed
    FROM vault AS v
    WHERE v.zone_id = entity.zone_id AND v.entity_id = entity.entity_id;

-- Keys of entities while a rebuild makes them again: empty but for then.
CREATE TABLE kept_key (
    zone_id integer NOT NULL,
    entity_id uuid NOT NULL,
    realm text NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (zone_id, entity_id)
);
-- A rebuild that was cut off left keys whose entities are still to be made.
INSERT INTO kept_key (zone_id, entity_id, realm, wrapped)
    SELECT zone_id, subject_id, realm, wrapped FROM subject_key AS k
    WHERE k.subject = 'entity' AND NOT EXISTS (
        SELECT 1 FROM entity AS e WHERE e.zone_id = k.zone_id AND e.entity_id = k.subject_id);

DROP TABLE vault;
DROP TABLE subject_key;

-- In the order of the journal. The first version of an entity is found by its `created_seq`, the
-- later ones by the index.
ALTER TABLE entity_version DROP CONSTRAINT entity_version_pkey;
ALTER TABLE entity_version ADD PRIMARY KEY (zone_id, seq, entity_id, version);
CREATE INDEX entity_version_later ON entity_version (zone_id, entity_id, version) WHERE version > 1;
CREATE INDEX entity_version_branch ON entity_version (zone_id, entity_id) WHERE branch_id <> '';

-- Lists are read in the order of registration, which is the order they are written in.
DROP INDEX entity_dataset;
CREATE INDEX entity_dataset ON entity (dataset, zone_id, created_seq, entity_id);

-- 128 bits of each hash: more than chance can meet, in half the pages.
UPDATE intake_key SET intake_key = substring(intake_key FROM 1 FOR 16),
    content_hash = substring(content_hash FROM 1 FOR 16);
