-- What waits and is forced, what contradicts, and what is compared again (ADR 21). Derived.

-- Versions that were applied although what they build on had not come: somebody, or time, said so.
CREATE TABLE forced (
    zone_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (zone_id, seq)
) STRICT, WITHOUT ROWID;

-- Updates that did not know of others which came before them (ADR 21): `hard` where both say something else of one
-- property, else `soft`. The values stand in the journal.
CREATE TABLE conflict (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    dataset TEXT NOT NULL,
    level TEXT NOT NULL,
    state TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (zone_id, entity_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX conflict_open ON conflict (dataset, level, zone_id, entity_id, seq) WHERE state = 'open';

-- Which submissions were compared with what: a fact about an entity, or the first half of the keyed hash of a card. When
-- that changes they are compared again. In the order of the journal under each name: what a site's records add lies together.
CREATE TABLE looked_up (
    looked BLOB NOT NULL,
    seq INTEGER NOT NULL,
    zone_id INTEGER NOT NULL,
    submission_id BLOB NOT NULL,
    PRIMARY KEY (looked, seq, zone_id, submission_id)
) STRICT, WITHOUT ROWID;
