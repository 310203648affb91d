-- One server, its identity and the epoch of its feed (a restore or rebuild starts a new epoch).
CREATE TABLE server_info (
    id integer PRIMARY KEY CHECK (id = 1),
    server_id uuid NOT NULL,
    epoch uuid NOT NULL,
    created_at bigint NOT NULL,
    public_url text NOT NULL,
    key_check bytea NOT NULL
);

-- Journal order is commit order: the row is locked by whoever appends.
CREATE TABLE journal_head (
    id integer PRIMARY KEY CHECK (id = 1),
    seq bigint NOT NULL
);
INSERT INTO journal_head (id, seq) VALUES (1, 0);

-- How far the derived tables have followed the journal.
CREATE TABLE apply_state (
    id integer PRIMARY KEY CHECK (id = 1),
    seq bigint NOT NULL
);
INSERT INTO apply_state (id, seq) VALUES (1, 0);

CREATE TABLE zone (
    zone_id integer PRIMARY KEY,
    code text NOT NULL UNIQUE,
    name text NOT NULL,
    created_at bigint NOT NULL
);

CREATE TABLE account (
    account_id uuid PRIMARY KEY,
    login text NOT NULL UNIQUE,
    role text NOT NULL,
    zone_id integer REFERENCES zone (zone_id),
    password_hash text NOT NULL,
    ha1_sealed bytea,
    created_at bigint NOT NULL,
    disabled_at bigint
);

CREATE TABLE session (
    token_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account (account_id),
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);

CREATE TABLE device (
    device_id uuid PRIMARY KEY,
    name text NOT NULL,
    zone_id integer REFERENCES zone (zone_id),
    token_hash bytea NOT NULL UNIQUE,
    created_at bigint NOT NULL,
    revoked_at bigint
);

CREATE TABLE audit (
    audit_id uuid PRIMARY KEY,
    at bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL
);
CREATE INDEX audit_at ON audit (at);

CREATE TABLE form (
    form_id text NOT NULL,
    version text NOT NULL,
    title text NOT NULL,
    xml bytea NOT NULL,
    md5 text NOT NULL,
    published_at bigint NOT NULL,
    is_open boolean NOT NULL,
    PRIMARY KEY (form_id, version)
);

CREATE TABLE form_media (
    form_id text NOT NULL,
    version text NOT NULL,
    filename text NOT NULL,
    md5 text NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (form_id, version, filename),
    FOREIGN KEY (form_id, version) REFERENCES form (form_id, version)
);

CREATE TABLE boundary (
    division text NOT NULL,
    level text NOT NULL,
    code text NOT NULL,
    geometry text NOT NULL,
    source text NOT NULL,
    imported_at bigint NOT NULL,
    PRIMARY KEY (division, level, code)
);

-- ---------------------------------------------------------------- the truth

CREATE TABLE journal (
    zone_id integer NOT NULL,
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    kind text NOT NULL,
    submission_id uuid NOT NULL,
    form_id text NOT NULL,
    form_version text NOT NULL,
    instance_id text NOT NULL,
    content_hash bytea NOT NULL,
    account_id uuid,
    device_id uuid,
    received_at bigint NOT NULL,
    payload bytea NOT NULL,
    PRIMARY KEY (zone_id, seq)
);
CREATE INDEX journal_seq ON journal (seq);

-- Idempotency: what has been seen, by form + instance id, by content, by attachment.
CREATE TABLE intake_key (
    intake_key bytea PRIMARY KEY,
    zone_id integer NOT NULL,
    submission_id uuid NOT NULL,
    content_hash bytea
);

-- The random key of an event or an entity (`subject`), wrapped by a master key; empty = destroyed.
-- Phones choose entity ids: they must not meet those of events.
CREATE TABLE subject_key (
    zone_id integer NOT NULL,
    subject text NOT NULL,
    subject_id uuid NOT NULL,
    realm text NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (zone_id, subject, subject_id)
);

-- Files by content; the bytes lie in the data folder, sealed, each with its wrapped key in front.
CREATE TABLE blob (
    sha256 bytea PRIMARY KEY,
    size bigint NOT NULL,
    realm text NOT NULL
);

-- ---------------------------------------------------------------- derived

CREATE TABLE record (
    zone_id integer NOT NULL,
    submission_id uuid NOT NULL,
    seq bigint NOT NULL,
    form_id text NOT NULL,
    form_version text NOT NULL,
    instance_id text NOT NULL,
    dataset text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    entity_id uuid,
    account_id uuid,
    device_id uuid,
    received_at bigint NOT NULL,
    violations text NOT NULL,
    expected_files text NOT NULL,
    answers text NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (zone_id, submission_id)
);

CREATE TABLE attachment (
    zone_id integer NOT NULL,
    submission_id uuid NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    content_type text NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (zone_id, submission_id, name, sha256)
);

CREATE TABLE entity (
    zone_id integer NOT NULL,
    entity_id uuid NOT NULL,
    dataset text NOT NULL,
    version bigint NOT NULL,
    label text NOT NULL,
    props text NOT NULL,
    lon double precision,
    lat double precision,
    flags text NOT NULL,
    site_id uuid,
    region_2012 text NOT NULL,
    cercle_2012 text NOT NULL,
    commune_2012 text NOT NULL,
    basis_2012 text NOT NULL,
    region_2023 text NOT NULL,
    cercle_2023 text NOT NULL,
    commune_2023 text NOT NULL,
    basis_2023 text NOT NULL,
    district text NOT NULL,
    sex text NOT NULL,
    age_group text NOT NULL,
    status text NOT NULL,
    created_seq bigint NOT NULL,
    updated_seq bigint NOT NULL,
    PRIMARY KEY (zone_id, entity_id)
);
CREATE INDEX entity_dataset ON entity (dataset, zone_id, entity_id);
CREATE INDEX entity_site ON entity (site_id) WHERE site_id IS NOT NULL;

-- Every value with its source: what each submission set, in order.
CREATE TABLE entity_version (
    zone_id integer NOT NULL,
    entity_id uuid NOT NULL,
    version bigint NOT NULL,
    submission_id uuid NOT NULL,
    seq bigint NOT NULL,
    created_at bigint NOT NULL,
    base_version bigint NOT NULL,
    branch_id text NOT NULL,
    props text NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (zone_id, entity_id, version),
    CONSTRAINT fk_entity_version_entity
        FOREIGN KEY (zone_id, entity_id) REFERENCES entity (zone_id, entity_id)
        DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE vault (
    zone_id integer NOT NULL,
    entity_id uuid NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (zone_id, entity_id)
);

-- Finds an entity by its id alone; `canonical_id` is another entity when both are one person.
CREATE TABLE entity_home (
    entity_id uuid PRIMARY KEY,
    zone_id integer NOT NULL,
    canonical_id uuid NOT NULL
);

-- Keyed hashes of normalised identifiers.
CREATE TABLE block_key (
    block_key bytea NOT NULL,
    zone_id integer NOT NULL,
    entity_id uuid NOT NULL,
    PRIMARY KEY (block_key, zone_id, entity_id)
);

-- Entity changes that arrived before what they change.
CREATE TABLE held (
    zone_id integer NOT NULL,
    entity_id uuid NOT NULL,
    seq bigint NOT NULL,
    submission_id uuid NOT NULL,
    base_version bigint NOT NULL,
    PRIMARY KEY (entity_id, zone_id, seq)
);

CREATE TABLE count_cell (
    zone_id integer NOT NULL,
    dataset text NOT NULL,
    region_2012 text NOT NULL,
    cercle_2012 text NOT NULL,
    commune_2012 text NOT NULL,
    region_2023 text NOT NULL,
    cercle_2023 text NOT NULL,
    commune_2023 text NOT NULL,
    district text NOT NULL,
    sex text NOT NULL,
    age_group text NOT NULL,
    status text NOT NULL,
    n bigint NOT NULL,
    PRIMARY KEY (zone_id, dataset, region_2012, cercle_2012, commune_2012, region_2023,
        cercle_2023, commune_2023, district, sex, age_group, status)
);

-- A counter per zone, taken last in the transaction: feed order is commit order.
CREATE TABLE feed_head (
    zone_id integer PRIMARY KEY,
    seq bigint NOT NULL
);

CREATE TABLE feed (
    zone_id integer NOT NULL,
    seq bigint NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL,
    dataset text NOT NULL,
    subject_id uuid NOT NULL,
    device_id uuid,
    detail text NOT NULL,
    PRIMARY KEY (zone_id, seq)
);

-- A change token per dataset and zone, for entity lists and downloads.
CREATE TABLE dataset_head (
    zone_id integer NOT NULL,
    dataset text NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (zone_id, dataset)
);
