-- Who is who. A registration is an entity; a person is a group of them, joined by links.

-- Set on every member of a group but its canonical: such a row is neither counted nor listed.
ALTER TABLE entity ADD COLUMN merged_into BLOB;

-- Both directions, so that a link is found from either end within one zone.
CREATE TABLE link (
    zone_id INTEGER NOT NULL,
    entity_id BLOB NOT NULL,
    other_zone_id INTEGER NOT NULL,
    other_id BLOB NOT NULL,
    cause TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (zone_id, entity_id, other_id)
) STRICT, WITHOUT ROWID;

-- What people answered about pairs; derived from the journal, which alone holds the reasons. `a_id`
-- is the smaller id.
CREATE TABLE decision (
    zone_id INTEGER NOT NULL,
    decision_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    a_id BLOB NOT NULL,
    b_zone_id INTEGER NOT NULL,
    b_id BLOB NOT NULL,
    dataset TEXT NOT NULL,
    answer TEXT NOT NULL,
    state TEXT NOT NULL,
    refusal TEXT NOT NULL,
    in_the_way BLOB,
    account_id BLOB,
    decided_at INTEGER NOT NULL,
    choices TEXT NOT NULL,
    PRIMARY KEY (zone_id, decision_id)
) STRICT;
CREATE INDEX decision_a ON decision (zone_id, a_id);
CREATE INDEX decision_b ON decision (b_zone_id, b_id);

-- Pairs that may be one person: numbers and stable words only, never a value. Weight in
-- thousandths of a log2, probabilities in millionths.
CREATE TABLE match_pair (
    zone_id INTEGER NOT NULL,
    a_id BLOB NOT NULL,
    b_zone_id INTEGER NOT NULL,
    b_id BLOB NOT NULL,
    dataset TEXT NOT NULL,
    class TEXT NOT NULL,
    stops TEXT NOT NULL,
    match_key TEXT NOT NULL,
    weight INTEGER NOT NULL,
    probability INTEGER NOT NULL,
    relative INTEGER NOT NULL,
    effect INTEGER NOT NULL,
    model TEXT NOT NULL,
    evidence TEXT NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (zone_id, a_id, b_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX match_pair_b ON match_pair (b_zone_id, b_id);
CREATE INDEX match_pair_effect ON match_pair (dataset, effect, a_id, b_id);

-- The members of a group, by its canonical: few, because most people registered once.
CREATE INDEX entity_home_group ON entity_home (canonical_id) WHERE canonical_id <> entity_id;

-- What the office has decided about the register itself, by name.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
