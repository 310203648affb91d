-- Who is who. A registration is an entity; a person is a group of them, joined by links.

-- Set on every member of a group but its canonical: such a row is neither counted nor listed.
ALTER TABLE entity ADD COLUMN merged_into uuid;

-- Both directions, so that a link is found from either end within one zone.
CREATE TABLE link (
    zone_id integer NOT NULL,
    entity_id uuid NOT NULL,
    other_zone_id integer NOT NULL,
    other_id uuid NOT NULL,
    cause text NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (zone_id, entity_id, other_id)
);

-- What people answered about pairs; derived from the journal, which alone holds the reasons. `a_id`
-- is the smaller id.
CREATE TABLE decision (
    zone_id integer NOT NULL,
    decision_id uuid NOT NULL,
    seq bigint NOT NULL,
    a_id uuid NOT NULL,
    b_zone_id integer NOT NULL,
    b_id uuid NOT NULL,
    dataset text NOT NULL,
    answer text NOT NULL,
    state text NOT NULL,
    refusal text NOT NULL,
    in_the_way uuid,
    account_id uuid,
    decided_at bigint NOT NULL,
    choices text NOT NULL,
    PRIMARY KEY (zone_id, decision_id)
);
CREATE INDEX decision_a ON decision (zone_id, a_id);
CREATE INDEX decision_b ON decision (b_zone_id, b_id);

-- Pairs that may be one person: numbers and stable words only, never a value. Weight in
-- thousandths of a log2, probabilities in millionths.
CREATE TABLE match_pair (
    zone_id integer NOT NULL,
    a_id uuid NOT NULL,
    b_zone_id integer NOT NULL,
    b_id uuid NOT NULL,
    dataset text NOT NULL,
    class text NOT NULL,
    stops text NOT NULL,
    match_key text NOT NULL,
    weight bigint NOT NULL,
    probability bigint NOT NULL,
    relative bigint NOT NULL,
    effect bigint NOT NULL,
    model text NOT NULL,
    evidence text NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (zone_id, a_id, b_id)
);
CREATE INDEX match_pair_b ON match_pair (b_zone_id, b_id);
CREATE INDEX match_pair_effect ON match_pair (dataset, effect, a_id, b_id);

-- The members of a group, by its canonical: few, because most people registered once.
CREATE INDEX entity_home_group ON entity_home (canonical_id) WHERE canonical_id <> entity_id;

-- What the office has decided about the register itself, by name.
CREATE TABLE setting (
    name text PRIMARY KEY,
    value text NOT NULL
);
